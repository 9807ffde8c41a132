"""The tab Read without a browser: drawings, the lens, finishing a glyph, its endpoints."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from helpers.drawings import text_of
from PIL import Image

import ebm
from app.engine.drawing import glyph_of, sheet_of, strokes_of
from app.models.loaded import load
from app.tabs.read.finishing import AS_READ, PRESETS, finish
from app.tabs.read.lens import glyph_in, mask_in, showing
from app.tabs.read.pad import glyph_of_drawing


@pytest.fixture(scope="module")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("restored")))


def test_a_model_of_pen_data_reads_the_drawing_and_another_the_whole_pad(checkpoint: Path):
    loaded, text = load(checkpoint), text_of("b", [(0.1, 0.1), (0.1, 0.3), (0.2, 0.2)])
    glyph = glyph_of_drawing(loaded, text)
    assert glyph.shape == (1, 56, 56) and torch.equal(glyph[0], torch.from_numpy(glyph_of(strokes_of(text))[0]))
    other = replace(loaded, card=replace(loaded.card, preprocessing="glyphs"))
    whole = glyph_of_drawing(other, text)
    assert torch.equal(whole, ebm.to_glyph(sheet_of(strokes_of(text)), "glyphs"))
    assert whole[0, :28, :28].max() > 0.9 and whole[0, 28:].max() == -1
    for model in (loaded, other):
        for nothing in ("", None):
            with pytest.raises(ValueError, match=r": draw .+\.$"):
                glyph_of_drawing(model, nothing)


def test_the_lens_gives_back_what_it_was_shown():
    glyph = (torch.arange(56 * 56).remainder(256).reshape(1, 56, 56) / 127.5) - 1
    mask = torch.zeros(56, 56, dtype=torch.bool)
    mask[3:9, 5:7] = True
    value = showing(glyph, mask=mask)
    back = glyph_in(value)
    assert back is not None and torch.allclose(back, glyph, atol=1e-6) and torch.equal(mask_in(value), mask)
    assert mask_in(showing(glyph)) is None and glyph_in(None) is None
    for bad in ("@@", base64.b64encode(b"too short").decode(), "A" * 10_000, 5):
        with pytest.raises(ValueError, match="one piece"):
            glyph_in({"ink": bad})


def test_finishing_goes_downhill_and_keeps_what_is_not_masked(checkpoint: Path):
    loaded = load(checkpoint)
    glyph = torch.full((1, 56, 56), -1.0)
    glyph[:, 8:48, 20:30] = 1
    settings = {"sort": AS_READ, "preset": "finish", "steps": 32, "seed": 0}
    first, *_, last = finish(loaded, glyph, None, **settings)
    assert torch.equal(first.x[0], glyph) and last.index == 32 and float(last.energy) < float(first.energy)
    mask = torch.zeros(56, 56, dtype=torch.bool)
    mask[28:] = True
    first, *_, last = finish(loaded, glyph, mask, **settings)
    assert torch.equal(last.x[0, 0, :28], glyph[0, :28]) and torch.equal(first.x[0, 0, :28], glyph[0, :28])
    assert not torch.equal(last.x[0, 0, 28:], glyph[0, 28:])
    again = list(finish(loaded, glyph, mask, **settings))[-1]
    assert torch.equal(again.x, last.x)  # the seed decides
    for wrong in ({"preset": "burn"}, {"steps": 10**6}, {"sort": "martian"}):
        with pytest.raises(ValueError):
            finish(loaded, glyph, None, **(settings | wrong))


def test_restore_answers_a_picture_and_energies(client: Client, picture: Path, tmp_path: Path):
    report, file = client.predict(handle_file(picture), None, "any", "mend", 8, 0, api_name="/restore")
    assert Image.open(file).size == (56, 56) and report["after"] < report["before"]
    Image.new("L", (30, 30), 255).save(tmp_path / "all.png")
    masked, _ = client.predict(
        handle_file(picture), handle_file(tmp_path / "all.png"), "a", "mend", 8, 0, api_name="/restore"
    )
    assert masked["before"] == report["before"] and masked["after"] != report["after"]
    for settings, said in (
        (("a", "burn", 8, 0), ", ".join(PRESETS)),
        (("a", "mend", 9999, 0), "whole number from 4 to 256"),
        (("martian", "mend", 8, 0), "martian"),
    ):
        with pytest.raises(AppError, match=said):
            client.predict(handle_file(picture), None, *settings, api_name="/restore")


def test_influence_is_the_slope_of_the_energy(client: Client, checkpoint: Path, picture: Path):
    answer = client.predict(handle_file(picture), api_name="/influence")
    model, _ = ebm.load(checkpoint)
    glyph = ebm.to_glyph(picture).requires_grad_()
    (slope,) = torch.autograd.grad(model.energy(glyph[None]).sum(), glyph)
    assert torch.allclose(torch.tensor(answer["slope"]), slope[0], atol=1e-5)
