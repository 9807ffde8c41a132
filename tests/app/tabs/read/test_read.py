"""The tab Read without a browser: strokes, the lens, finishing a glyph, its endpoints."""

import base64
from pathlib import Path

import numpy as np
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import ebm
from app.models.loaded import load
from app.tabs.read import pad
from app.tabs.read.finishing import AS_READ, PRESETS, finish
from app.tabs.read.lens import glyph_in, mask_in, showing
from app.visitors.uploads import to_glyph


@pytest.fixture(scope="module")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("restored")))


def stroke(pen: str, *points: tuple[float, float]) -> str:
    """A stroke as the pad sends it; points in shares of its side."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    numbers = [round(v * 4095) for point in points for v in point]
    return pen + "".join(digits[n >> 6] + digits[n & 63] for n in numbers)


def width_of(line: np.ndarray) -> int:
    return int((line < 128).sum())


def test_the_broad_nib_is_wide_across_and_thin_along_its_edge():
    turn = np.radians(42)
    across = (0.5 - 0.2 * np.sin(turn), 0.5 - 0.2 * np.cos(turn)), (0.5 + 0.2 * np.sin(turn), 0.5 + 0.2 * np.cos(turn))
    along = (0.5 - 0.2 * np.cos(turn), 0.5 + 0.2 * np.sin(turn)), (0.5 + 0.2 * np.cos(turn), 0.5 - 0.2 * np.sin(turn))
    nib = 30 / 320 * 448  # pixels
    for pen, points, wanted in (("b", across, nib), ("b", along, nib * 4 / 30), ("r", along, nib / 2)):
        sheet = pad.drawing(stroke(pen, *points))
        assert sheet is not None
        area, length = float((sheet < 128).sum()), 0.4 * 448
        spread = area / (length + (nib if points is along and pen == "b" else 0 if pen == "b" else nib / 2))
        assert spread == pytest.approx(wanted, rel=0.35 if wanted < 10 else 0.12), (pen, points)


def test_a_drawing_is_read_where_it_was_drawn(checkpoint: Path):
    sheet = pad.drawing(stroke("b", (0.25, 0.2), (0.25, 0.8)) + "." + stroke("r", (0.75, 0.2), (0.75, 0.8)))
    assert sheet is not None and sheet.shape == (448, 448)
    rows = sheet[224]
    assert rows[112] == 0 and rows[336] == 0 and rows[224] == 255
    assert width_of(rows[:224]) > 1.2 * width_of(rows[224:])
    assert to_glyph(load(checkpoint), sheet).shape == (1, 56, 56)


@pytest.mark.parametrize(
    "text", ["b", "x" + "A" * 4, "bAAA", "b" + "A" * 5, "bAAAA.", "b" + "A" * 8000, "b!!!!", {"composite": 1}, 7]
)
def test_what_is_no_drawing_is_refused(text: object):
    with pytest.raises(ValueError, match="draw it again"):
        pad.drawing(text)
    assert pad.drawing("") is None and pad.drawing(None) is None


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
