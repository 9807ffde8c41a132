"""What the page computes of the energy surface: as Python does it, and under the visitor's hand."""

import math

import pytest
import torch
from helpers.app_pages import draw, open_tab, serious_findings, values_of

from ebm.checkpoint.examples import TYPICAL, load_examples
from ebm.data.corpus import to_model_space
from ebm.surface.influence import dot_effect
from ebm.surface.paths import lowest_energy, plane

WORDS = ".surface-words"
FORGET = f"document.querySelector('{WORDS}').textContent = ''"  # what was said of other ways
# Glyphs of the page's model by their places among its typical ones, as the engine takes them; and a worker.
GLYPHS = """const { model } = await glyphImport('engine/page.js'), { toModel } = await glyphImport('parts/glyph.js');
    const client = await (await model()).client('surface', 64);
    const glyph = (ink) => toModel(Uint8Array.from(ink));"""


@pytest.fixture(scope="module")
def glyphs(model) -> list:
    """Three of the model's typical glyphs, uint8 (56, 56)."""
    return list(load_examples(model[0])[TYPICAL][:3])


def ink(glyph) -> list[int]:
    return glyph.flatten().tolist()


def test_the_lowest_path_is_that_of_python(page, model, glyphs) -> None:
    a, b = (to_model_space(glyph[None])[0] for glyph in glyphs[:2])
    expected = list(lowest_energy(model[1], a, b, 8, steps=12))
    found = page.evaluate(
        f"""async ([a, b]) => {{
            {GLYPHS}
            const {{ lowestEnergy, barrier }} = await glyphImport('tabs/surface/paths.js'), states = [];
            for await (const state of lowestEnergy(client, glyph(a), glyph(b), {{ n: 8, steps: 12 }})) {{
                states.push({{ energy: [...state.energy], barrier: barrier(state.energy) }});
                window.lastPath = state.path.slice();
            }}
            return states;
        }}""",
        [ink(glyphs[0]), ink(glyphs[1])],
    )
    path = torch.from_numpy(values_of(page, "async () => window.lastPath"))
    assert len(found) == len(expected) == 13
    for state, step in zip(found, expected, strict=True):
        assert torch.tensor(state["energy"]) == pytest.approx(step.energy, abs=1e-3)
    assert path.view_as(expected[-1].x) == pytest.approx(expected[-1].x, abs=1e-3)
    rise = expected[-1].energy
    assert found[-1]["barrier"] == pytest.approx(float(rise.max() - max(rise[0], rise[-1])), abs=1e-3)


def test_a_place_of_the_plane_is_that_of_python_and_is_found_again(page, glyphs) -> None:
    corners = [to_model_space(glyph[None])[0] for glyph in glyphs]
    x, axis = plane(*corners, 5)
    glyph, place = page.evaluate(
        """async ([inks, u, v]) => {
            const { onPlane, ontoPlane } = await glyphImport('tabs/surface/paths.js');
            const { toModel } = await glyphImport('parts/glyph.js');
            const corners = inks.map((ink) => toModel(Uint8Array.from(ink))), glyph = onPlane(corners, u, v);
            return [[...glyph], ontoPlane(corners)(glyph)];
        }""",
        [[ink(glyph) for glyph in glyphs], float(axis[4]), float(axis[1])],
    )
    assert torch.tensor(glyph).view(1, 56, 56) == pytest.approx(x[1, 4], abs=1e-5)
    assert place == pytest.approx([float(axis[4]), float(axis[1])], abs=1e-4)


def test_the_effect_of_a_dot_is_that_of_python(page, model, glyphs) -> None:
    expected = dot_effect(model[1], to_model_space(glyphs[0][None])[0], 3)
    found = values_of(
        page, f"""async (ink) => {{
            {GLYPHS}
            const {{ dotEffects }} = await glyphImport('tabs/read/dots.js');
            let last;
            for await (const effects of dotEffects(client, glyph(ink))) last = effects;
            return last;
        }}""", ink(glyphs[0]),
    )  # fmt: skip
    assert torch.from_numpy(found).view(2, 56, 56) == pytest.approx(expected, abs=1e-3)


def test_a_contour_lies_where_the_grid_has_its_value(page) -> None:
    """Of the distance from the middle the contours are circles."""
    pieces = page.evaluate(
        """async () => {
            const { contour } = await glyphImport('tabs/surface/contour.js'), n = 41;
            const grid = Float32Array.from({ length: n * n }, (_, k) => Math.hypot(k % n - 20, Math.floor(k / n) - 20));
            return contour(grid, n, 12);
        }"""
    )
    ends = [end for x0, y0, x1, y1 in pieces for end in ((x0, y0), (x1, y1))]
    assert all(math.hypot(x - 20, y - 20) == pytest.approx(12, abs=0.05) for x, y in ends)
    length = sum(math.dist((x0, y0), (x1, y1)) for x0, y0, x1, y1 in pieces)
    assert length == pytest.approx(2 * math.pi * 12, rel=0.01)


def test_the_ends_are_moved_by_keys_and_both_ways_follow(page) -> None:
    open_tab(page, "Surface")
    page.wait_for_selector(f"{WORDS}:has-text('straight line climbs')")
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "/modules/" not in sent.url else None)
    curves = "document.querySelector('.way-chart').toDataURL()"
    before = page.evaluate(curves)
    page.evaluate(FORGET)
    page.focus("[data-end='0']")
    page.keyboard.press("ArrowUp")
    page.wait_for_function(f"{curves} !== '{before}'")
    page.wait_for_selector(f"{WORDS}:has-text('straight line climbs')")
    page.wait_for_selector("[data-end='0'][aria-label*='u 0.00, v 0.05']")
    place = page.inner_text(".probe-words")
    page.focus(".probe [data-axis=u]")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("b => document.querySelector('.probe-words').innerText !== b", arg=place)
    assert asked == []
    assert serious_findings(page) == []
    page.click("#plane-view label:has-text('a relief')")
    page.wait_for_selector("[data-end='0']", state="hidden")
    page.click("#plane-view label:has-text('a map')")
    page.wait_for_selector("[data-end='0']")


def test_a_drawing_becomes_a_corner_and_two_alike_are_refused(page) -> None:
    open_tab(page, "Read")
    draw(page, [(0.4, 0.2), (0.4, 0.8)])
    page.wait_for_function("document.querySelector('.live-spoken').innerText.includes('Energy')")
    open_tab(page, "Surface")
    page.evaluate(FORGET)
    page.click("[data-corner] >> nth=1 >> button")
    page.wait_for_selector("[data-corner] >> nth=1 >> .name:has-text('the glyph of Read')")
    page.wait_for_selector(f"{WORDS}:has-text('straight line climbs')")
    page.click("[data-corner] >> nth=2 >> button")
    page.wait_for_selector(f"{WORDS}.problem:has-text('three different glyphs')")
    assert page.inner_text("[data-corner] >> nth=2 >> .name") != "Third: the glyph of Read"


def test_the_overlay_is_kept_up_while_one_draws(page) -> None:
    open_tab(page, "Read")
    page.click("#overlay label:has-text('effect of one dot')")
    draw(page, [(0.3, 0.3), (0.6, 0.6)])
    page.wait_for_selector(".lens-words:has-text('Blue: ink here would lower the energy')")
    page.click("#overlay label:has-text('nothing')")
    page.wait_for_function("!document.querySelector('.lens-words').innerText.includes('Blue')")
