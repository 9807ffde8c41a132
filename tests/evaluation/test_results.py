"""The tables of the results page are what the cards say, and the shipped page is up to date."""

import pytest
from helpers.cards import make_card

from ebm.checkpoint.files import save
from ebm.evaluation import results
from ebm.model.energy import EnergyNet
from ebm.system.places import CHECKPOINTS as SHIPPED

OOD = {"auroc": 0.91234, "aupr": 0.9, "fpr95": 0.25, "interval": {"auroc": [0.9, 0.92]}}


def metrics(**changes):
    scores = {name: OOD for name in ("energy", "conditional_energy", "msp", "mass")}
    return {
        "accuracy": 0.875, "macro_f1": 0.8, "nll": 0.5, "ece": 0.01,
        "calibration": {"temperature": 0.7, "before": {"ece": 0.05, "nll": 0.6}},
        "ood": {"dots": scores, "night": scores},
    } | changes  # fmt: skip


def card(name, **changes):
    net = EnergyNet(4, 42)
    data = {"strangers": {"dots": {"kind": "near"}, "night": {"kind": "far"}}}
    fields = {"name": name, "metrics": metrics(), "data": data, "made_with": {"seconds": 7, "rollbacks": []}}
    return make_card(net, **(fields | changes))


def test_figures_stand_where_they_belong():
    text = results.tables([card("one"), card("two", mode="classifier", metrics=metrics(accuracy=0.75))])
    assert "| accuracy | 0.875 | 0.75 |" in text and "| calibration error, raw | 0.05 | 0.05 |" in text
    assert "| calibration error after the temperature | 0.01 | 0.01 |" in text
    assert "| dots | 0.912 (0.900 to 0.920) | 0.912 | 0.912 | 0.912 | 0.250 | 0.912 (energy) |" in text
    assert text.index("Near sets; the worst by energy is *dots*") < text.index(
        "Far sets; the worst by energy is *night*"
    )
    assert "### Samples" not in text and "### Real print" not in text  # none were measured


DISTANCES = {"frechet": 1.5, "kernel": 0.1, "density": 0.9, "coverage": 0.75}
CHAINS = {"n": 5, "frechet": DISTANCES, "frechet_over_floor": 2.5, "spectral_ratio": 9.19, "paper_grain": 0.145}
STATES = {"n": 2, "states": [{"step": 64, "energy": 0.5}]}


def test_chains_on_log_q_stand_in_the_table_and_older_cards_show_a_dash():
    found = {"sorts_hit": 41, "entropy": 3.4, "data_entropy": 3.6, "entropy_over_data": 0.944}
    old = {"n": 5, "frechet": DISTANCES, "long_chains": STATES, "any_sort": {"n": 500}}
    new = CHAINS | {"marginal": CHAINS | found, "long_chains": STATES}
    text = results.tables([card("new", metrics=metrics(samples=new)), card("old", metrics=metrics(samples=old))])
    assert "| **chains on log q(x)** | 5 | - |" in text and "| sorts hit | 41 | - |" in text
    assert "| ratio | 0.944 | - |" in text and "| over the floor | 2.5 | - |" in text
    assert "| spectral ratio | 9.19 | - |" in text and "| paper grain | 0.145 | - |" in text


def test_real_print_is_shown_as_validation_with_a_dash_where_a_card_lacks_it():
    book = {"n": 1208, "n_strangers": 122, "accuracy": 0.468, "called_strangers": 0.896, "ood": {"energy": OOD}}
    ebm = {"n": 1208, "n_strangers": 0, "called_strangers": None}
    cards = [
        card("one", metrics=metrics(real={"a.book": book})),
        card("two", metrics=metrics(real={"a.book": ebm})),
        card("three"),
    ]
    text = results.tables(cards, cards)
    assert "validation, not test" in text
    assert "| *a.book*: 1,208 crops of known sorts, 122 of others |  |  |  |" in text
    assert "| accuracy | 0.468 | - | - |" in text and "| known sorts called strangers | 0.896 | - | - |" in text
    assert "strangers, energy | 0.912 (0.900 to 0.920) | - | - |" in text


def test_unseen_founts_are_a_row_of_the_tables():
    founts = {"n": 2000, "accuracy": 0.99, "called_strangers": 0.07, "ood": {"energy": OOD}}
    text = results.tables([card("new", metrics=metrics(unseen_founts=founts)), card("old")])
    assert "| unseen founts: accuracy | 0.99 | - |" in text and "called strangers | 0.07 | - |" in text
    assert "| 0.912 (0.900 to 0.920) | - |" in text


def test_the_spread_over_seeds_has_a_row_for_real_print():
    seeds = [card("s", seed=k, metrics=metrics(real={"book": {"n": 1, "n_strangers": 0, "accuracy": value}}))
             for k, value in enumerate((0.5, 0.7, 0.9))]  # fmt: skip
    assert "| book: accuracy | 0.7 | 0.2 | 0.5 | 0.9 |" in results.tables([card("one")], seeds)


def test_the_spread_over_seeds_by_hand():
    seeds = [card("s", seed=k, metrics=metrics(accuracy=value)) for k, value in enumerate((0.5, 0.7, 0.9))]
    text = results.tables([card("one")], seeds)
    assert "under seeds 0, 1, 2 (rollbacks: 0)" in text and "| accuracy | 0.7 | 0.2 | 0.5 | 0.9 |" in text


def test_the_page_is_rewritten_between_its_marks_only(tmp_path):
    save(tmp_path / "one.safetensors", EnergyNet(4, 42), card("one"))
    page = tmp_path / "README.md"
    page.write_text(f"above\n{results.BEGIN}\nold\n{results.END}\nbelow\n")
    results.write(tmp_path)
    text = page.read_text()
    assert text.startswith("above\n") and text.endswith("\nbelow\n") and "old" not in text and "0.875" in text
    page.write_text("nothing to hold on to")
    with pytest.raises(ValueError, match="lacks the lines"):
        results.write(tmp_path)


def test_the_shipped_page_says_what_the_shipped_cards_say():
    assert results.of_folder(SHIPPED) in (SHIPPED / "README.md").read_text(encoding="utf-8")
