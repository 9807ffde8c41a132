"""The tables of the results page are what the cards say, and the shipped page is up to date."""

from pathlib import Path

import pytest
from cards import make_card

from ebm import results
from ebm.checkpoint import save
from ebm.energy import EnergyNet

SHIPPED = Path(__file__).parent.parent / "checkpoints"
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
    assert "| accuracy | 0.875 | 0.75 |" in text and "| calibration error before it | 0.05 | 0.05 |" in text
    assert "| dots | 0.912 (0.900 to 0.920) | 0.912 | 0.912 | 0.912 | 0.250 | 0.912 (energy) |" in text
    assert text.index("Near sets; the worst by energy is *dots*") < text.index(
        "Far sets; the worst by energy is *night*"
    )
    assert "### Samples" not in text  # none were measured


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
