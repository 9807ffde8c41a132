"""The tab Print without a browser: requests, words, trajectories, diagnosis, endpoints."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from app.models.loaded import LoadedModel, load
from app.tabs.print import run as printing
from app.tabs.print.diagnosis import diagnose
from app.tabs.print.saving import as_trajectory, name_of
from app.tabs.print.typesetting import NIB, set_line
from ebm.data.synthetic.founts import Fount
from ebm.data.synthetic.pen import coverage
from ebm.data.synthetic.sorts import SORTS


@pytest.fixture(scope="module")
def loaded(checkpoint: Path) -> LoadedModel:
    return load(checkpoint)


@pytest.fixture(scope="module")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("printed")))


def asked_for(loaded: LoadedModel, steps: int = 16, count: int = 2, **what) -> printing.PrintRequest:
    return printing.check(loaded, "a", count, steps, 10.0, 0.01, 3, **what)


def test_every_step_of_a_short_run_is_recorded_and_long_ones_are_thinned(loaded: LoadedModel):
    assert [frame.step for frame in printing.run(loaded, asked_for(loaded, 48))] == list(range(49))
    steps = [frame.step for frame in printing.run(loaded, asked_for(loaded, 272, 1))]
    assert len(steps) <= printing.FRAMES + 2 and steps[0] == 0 and steps[-1] == 272


def test_a_word_has_a_chain_for_each_letter(loaded: LoadedModel):
    word = asked_for(loaded, way="word", text="no \u017fa")
    assert [loaded.card.sorts[k] for k in word.labels.tolist()] == ["n", "o", "long-s", "a"] and word.count == 4
    for text, said in (("", "1 to 16"), ("x" * 17, "1 to 16"), ("ab?", "'\\?' in the case")):
        with pytest.raises(ValueError, match=said):
            asked_for(loaded, way="word", text=text)


def test_a_combination_goes_down_the_composed_energy(loaded: LoadedModel):
    first, *_, last = printing.run(loaded, asked_for(loaded, way="combination", text="a and o"))
    assert np.mean(last.aimed) < np.mean(first.aimed)
    logits = loaded.model.get_logits(last.x)
    both = -(logits[:, loaded.find_sort("a")] + logits[:, loaded.find_sort("o")]) / 2
    assert torch.allclose(both, torch.tensor(last.aimed), rtol=1e-4)
    with pytest.raises(ValueError, match="martian"):
        asked_for(loaded, way="combination", text="a and martian")


def test_guidance_of_one_changes_nothing_and_more_of_it_does(loaded: LoadedModel):
    plain, same, more = (list(printing.run(loaded, asked_for(loaded, guidance=g)))[-1] for g in (1.0, 1.0, 4.0))
    assert torch.equal(plain.x, same.x) and not torch.allclose(plain.x, more.x, atol=1e-3)
    with pytest.raises(ValueError, match="guidance"):
        asked_for(loaded, guidance=99)


def test_a_run_goes_on_where_it_stopped(loaded: LoadedModel):
    asked = asked_for(loaded)
    *_, last = printing.run(loaded, asked)
    first, *_, end = printing.run(loaded, printing.continued(asked, last.x, 16))
    assert torch.equal(first.x, last.x) and (first.step, end.step, end.of) == (16, 32, 32)


def test_a_line_sets_each_glyph_at_its_own_size_on_the_baseline():
    names = ["l", "o", "p"]
    ductus = {sort.name: sort.ductus for sort in SORTS}
    masks = [coverage(ductus[name], Fount(jitter=0.0)).reshape(56, 3, 56, 3).mean((1, 3)) for name in names]
    ink = torch.tensor(np.stack(masks) * 255).to(torch.uint8)
    line = np.asarray(set_line(ink, ["l", None, "o", None, "p"])) < 128
    columns = np.flatnonzero(np.diff(np.concatenate([[0], line.any(0), [0]])))
    starts, ends = columns[::2], columns[1::2]
    assert len(starts) == 3  # three letters, two spaces
    rows = [np.flatnonzero(line[:, a:b].any(1)) for a, b in zip(starts, ends, strict=True)]
    (l_top, l_foot), (o_top, o_foot), (p_top, p_foot) = ((r[0], r[-1]) for r in rows)
    assert abs(l_foot - o_foot) < NIB and p_foot > o_foot + NIB  # l and o stand on the line, p goes below it
    assert l_top < o_top - NIB and abs(o_top - p_top) < NIB  # l is an ascender
    with pytest.raises(ValueError, match="not known"):
        set_line(ink[:1], ["omega"])


@pytest.mark.parametrize(
    "what", [{}, {"guidance": 2.0}, {"way": "combination", "text": "a and o"}, {"way": "straight"}]
)
def test_the_energy_is_that_of_reading_whatever_the_chains_go_down(loaded: LoadedModel, what: dict):
    request = asked_for(loaded, **what)
    for frame in printing.run(loaded, request):
        assert frame.energy == pytest.approx(loaded.model.energy(frame.x).tolist(), rel=1e-4)
    assert (printing.aim_of(request) == "") == (what == {"way": "straight"})


def test_a_file_is_named_for_what_was_printed(loaded: LoadedModel):
    assert name_of(asked_for(loaded, text="u and v"), "png") == "glyphs-a-seed3.png"
    assert name_of(asked_for(loaded, way="word", text="no"), "npz") == "glyphs-no-seed3.npz"


def test_a_trajectory_holds_the_chains_and_no_pickle(loaded: LoadedModel):
    asked = asked_for(loaded)
    frames = list(printing.run(loaded, asked))
    with np.load(io.BytesIO(as_trajectory(asked, frames)), allow_pickle=False) as saved:
        assert saved["x"].shape == (17, 2, 56, 56) and saved["step"].tolist() == list(range(17))
        assert np.allclose(saved["energy"][-1], frames[-1].energy)
        assert np.allclose(saved["aimed"][-1], frames[-1].aimed)
        assert np.array_equal(saved["x"][-1], frames[-1].ink.numpy())
        assert json.loads(str(saved["settings"]))["seed"] == 3


def test_chains_are_diagnosed_in_words(loaded: LoadedModel):
    asked = asked_for(loaded, 32, 4)
    frames = list(printing.run(loaded, asked))
    energies = torch.tensor([frame.aimed for frame in frames])
    shown = diagnose(loaded, asked, frames[-1].x, energies, 32)
    assert "Metropolis" in shown and "R-hat" in shown and "Effective sample size" in shown
    with pytest.raises(ValueError, match="a few more"):
        diagnose(loaded, asked, frames[-1].x, energies[:9], 8)


def test_judge_answers_figures(client: Client):
    answer = client.predict("a", 4, 32, 0, api_name="/judge")
    assert 0 <= answer["acceptance"] <= 1 and answer["temperature"] > 0 and answer["states"] == 17 * 4
    with pytest.raises(AppError, match="at least two glyphs"):
        client.predict("a", 1, 32, 0, api_name="/judge")


def test_a_program_and_the_page_diagnose_alike(loaded: LoadedModel, client: Client):
    """The page once showed another temperature and acceptance than a program was given."""
    answer = client.predict("a", 4, 32, 5, api_name="/judge")
    recipe = loaded.card.sampler
    asked = printing.check(loaded, "a", 4, 32, recipe.step_size, recipe.print_noise, 5)
    frames = list(printing.run(loaded, asked))
    shown = diagnose(loaded, asked, frames[-1].x, torch.tensor([frame.aimed for frame in frames]), 32)
    for said in (f"{answer['temperature']:.2g}", f"{answer['acceptance']:.0%}", f"{answer['r_hat']:.2f}"):
        assert f"<td>{said}</td>" in shown
    assert f"<td>{answer['effective_sample_size']:.0f} of {answer['states']}</td>" in shown


def test_compose_and_word_answer_pictures(client: Client):
    report, grid = client.predict("a and o", 2, 16, 0, api_name="/compose")
    assert len(report["energy"]) == 2 and Image.open(grid).size[0] > 100
    line = Image.open(client.predict("in no", 16, 0, api_name="/word"))
    assert line.width > line.height > 5 * NIB
    for name, arguments, said in (
        ("/compose", ("a and", 2, 16, 0), "no sort after"),
        ("/word", ("a=b", 16, 0), "in the case"),
        ("/word", ("ab", 10**6, 0), "number of steps"),
    ):
        with pytest.raises(AppError, match=said):
            client.predict(*arguments, api_name=name)
