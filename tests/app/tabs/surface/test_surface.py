"""The tab Surface without a browser: ways between glyphs, planes, their endpoints."""

from pathlib import Path

import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from app.models.loaded import LoadedModel, load
from app.tabs.surface.landscape import choices, cut, glyph, way
from app.tabs.surface.walker import walking
from ebm.figures import surface as surface_figures
from ebm.surface.paths import barrier


@pytest.fixture(scope="module")
def loaded(checkpoint: Path) -> LoadedModel:
    return load(checkpoint)


def test_glyphs_are_the_typical_ones_and_examples(loaded: LoadedModel):
    keys = [key for _, key in choices(loaded)]
    assert keys[:2] == ["a", "b"] and "example: noise" in keys
    assert glyph(loaded, "long-s").shape == glyph(loaded, "example: noise").shape == (1, 56, 56)
    for wrong in ("martian", "example: martian", None, 3):
        with pytest.raises(ValueError, match="There is no glyph"):
            glyph(loaded, wrong)


def test_the_path_is_never_above_the_straight_line_at_its_highest(loaded: LoadedModel):
    found = way(loaded, "a", "example: test", 9, 30)
    assert torch.equal(found.line[0], found.path[0]) and torch.equal(found.line[-1], found.path[-1])
    assert barrier(found.path_energy) <= barrier(found.line_energy) + 1e-4
    assert torch.allclose(found.line_energy, loaded.model.energy(found.line), rtol=1e-4)
    assert f"climbs {barrier(found.line_energy):.2f}" in found.words()
    for wrong in (("a", "a", 9, 30), ("a", "b", 2, 30), ("a", "b", 9, 10_000), ("a", "b", 9.5, 30)):
        with pytest.raises(ValueError, match="different|whole number"):
            way(loaded, *wrong)


def test_the_plane_has_the_three_glyphs_where_it_says(loaded: LoadedModel):
    found = cut(loaded, ("a", "b", "example: test"), 13)
    zero, one = (int((found.axis - at).abs().argmin()) for at in (0.0, 1.0))
    energies = loaded.model.energy(torch.stack([glyph(loaded, k) for k in ("a", "b", "example: test")]))
    at_corners = torch.stack([found.energy[zero, zero], found.energy[zero, one], found.energy[one, zero]])
    assert torch.allclose(at_corners, energies, rtol=1e-3, atol=1e-3)
    assert found.read is not None and found.read.shape == (13, 13)
    value = walking(loaded, found, ("a", "b", "c"))
    assert len(value["energy"]) == 13 and value["names"] == ("a", "b", "c")
    with pytest.raises(ValueError, match="three different"):
        cut(loaded, ("a", "b", "a"), 13)


def test_figures_show_the_energies(loaded: LoadedModel):
    line, path = torch.tensor([0.0, 2.0, 0.5]), torch.tensor([0.0, 0.1, 0.5])
    figure = surface_figures.path_figure(line, path, 1.0, ("a", "o"))
    assert list(figure.data[0].y) == [0.0, 2.0, 0.5] and "from a to o" in figure.layout.title.text
    axis, energy = torch.linspace(-0.25, 1.25, 7), torch.arange(49.0).reshape(7, 7)
    for relief in (False, True):
        plane = surface_figures.plane_figure(axis, energy, 10.0, ("a", "o", "e"), relief)
        assert [list(row) for row in plane.data[0].z] == energy.tolist()
        assert list(plane.data[-1].text) == ["a", "o", "e"]


@pytest.mark.parametrize("card", ["#fffdf8", "#24201b"])  # of the page, light and dark (page.css)
def test_axes_and_letters_of_the_relief_are_seen_in_both_themes(card: str):
    """Style sheets do not reach a figure of WebGL, so its colours must do for both themes."""
    plane = surface_figures.plane_figure(
        torch.linspace(-0.25, 1.25, 7), torch.zeros(7, 7), 10.0, ("a", "o", "e"), relief=True
    )
    scene, letters = plane.layout.scene, plane.data[-1].textfont.color
    for colour in (scene.xaxis.color, scene.yaxis.color, scene.zaxis.color, letters):
        assert contrast(colour, card) >= 3  # WCAG 2.2, 1.4.11: graphical objects


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours "#rrggbb" by WCAG 2.2."""

    def luminance(colour: str) -> float:
        shares = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_path_and_plane_answer_programs(url: str, tmp_path: Path):
    client = Client(url, verbose=False, download_files=str(tmp_path))
    report, strip = client.predict("a", "b", 5, 10, api_name="/path")
    assert len(report["straight"]) == len(report["lowest"]) == 5 and Image.open(strip).size[0] > 5 * 56
    assert report["straight_barrier"] == pytest.approx(barrier(torch.tensor(report["straight"])), abs=1e-4)
    answer = client.predict("a", "b", "d", 5, api_name="/plane")
    assert len(answer["axis"]) == 5 and len(answer["energy"]) == 5
    for name, wishes, said in (
        ("/path", ("a", "zz", 5, 10), "no glyph 'zz'"),
        ("/plane", ("a", "b", "d", 500), "from 5 to 61"),
    ):
        with pytest.raises(AppError, match=said):
            client.predict(*wishes, api_name=name)
