"""Reading in the page's own engine: drawing, handles, dragging, finishing, uploads."""

import numpy as np
import pytest
import torch
from helpers.app_pages import draw, open_tab, serious_findings, values_of, wait_until
from helpers.print_pages import FINISHED_STEP, set_number, watch_steps
from PIL import Image

import ebm

ENERGY = "async () => (await (await glyphImport('parts/places.js')).partOf('reading')).shown()?.energy"


def test_the_energy_moves_while_one_draws_and_the_server_is_not_asked(page, asked: list[str], model) -> None:
    open_tab(page, "Read")
    page.wait_for_selector("#sketch canvas[data-ready]")
    asked.clear()
    box = page.locator("#sketch canvas").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    before = page.evaluate(ENERGY)
    for k in range(6):  # the pen is not lifted
        x, y = (0.3 + 0.4 * (k % 2)) * box["width"], (0.25 + 0.1 * k) * box["height"]
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
        wait_until(page, f"async () => (await ({ENERGY})()) !== {before}")
        before = page.evaluate(ENERGY)
    page.mouse.up()
    lens = "async () => (await (await glyphImport('parts/places.js')).partOf('lens')).ink()"
    glyph = (torch.from_numpy(values_of(page, lens, dtype=np.uint8)).float() / 127.5 - 1).view(1, 56, 56)
    verdict = ebm.verdict(model[1], model[2], glyph)
    wait_until(page, f"async (energy) => Math.abs((await ({ENERGY})()) - energy) < 1e-3", float(verdict.energy))
    assert asked == []
    shown = page.evaluate(ENERGY.removesuffix("?.energy"))
    assert shown["pValue"] == pytest.approx(verdict.p_value, abs=1e-3)
    assert [model[2].sorts[t["index"]] for t in shown["top"]] == [sort for sort, _ in verdict.top]
    assert [t["share"] for t in shown["top"]] == pytest.approx([p for _, p in verdict.top], abs=1e-3)


def test_a_glyph_is_moved_by_handles_and_put_back(page) -> None:
    open_tab(page, "Read")
    draw(page, [(0.4, 0.2), (0.4, 0.8)])
    page.wait_for_function("document.querySelector('.live-spoken').innerText.includes('Energy')")
    lens = "document.querySelector('.lens canvas').toDataURL()"
    before = page.evaluate(lens)
    page.click(".moves summary")
    page.focus("input[data-move=turn]")
    page.keyboard.press("PageUp")
    page.wait_for_function("!document.querySelector('output[data-move=turn]').innerText.startsWith('turned by 0')")
    page.wait_for_function(f"{lens} !== '{before}'")
    page.click(".moves [data-do=back]")
    page.wait_for_function(f"{lens} === '{before}'")
    assert serious_findings(page) == []


def test_a_glyph_is_dragged_in_the_lens(page) -> None:
    open_tab(page, "Read")
    draw(page, [(0.4, 0.2), (0.4, 0.8)])
    page.wait_for_function("document.querySelector('.live-spoken').innerText.includes('Energy')")
    page.check("input[name=lens-hand][value=move]")
    box = page.locator(".lens canvas").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.625 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_selector("output[data-move=right]:has-text('7.0 px to the right')", state="attached")
    page.focus(".lens canvas")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector("output[data-move=down]:has-text('-1.0 px down')", state="attached")
    page.mouse.wheel(0, -100)
    page.wait_for_selector("output[data-move=size]:has-text('102 %')", state="attached")
    page.check("input[name=lens-hand][value=look]")


def test_a_glyph_is_finished_here_and_its_mask_alone_moves(page, asked: list[str]) -> None:
    open_tab(page, "Read")
    draw(page, [(0.4, 0.2), (0.4, 0.8)])
    page.wait_for_function("document.querySelector('.live-spoken').innerText.includes('Energy')")
    page.click(".lens [data-do=below]")
    asked.clear()
    page.click("#finish-go")
    page.wait_for_selector("#finish-by-engine .said:has-text('only masked pixels changed')")
    assert asked == []
    last, lens = (f"(await (await glyphImport('parts/places.js')).partOf('{name}'))" for name in ("finished", "lens"))
    same = page.evaluate(
        f"async () => {{ const made = {last}.shown().inks, had = {lens}.ink();"
        "const still = had.every((value, k) => k >= 28 * 56 || Math.abs(value - made[k]) <= 1);"
        "return still && had.some((value, k) => value !== made[k]); }"
    )
    assert same
    before = page.evaluate(ENERGY)
    page.click("#finish-by-engine [data-do=use]")
    wait_until(page, f"async () => (await ({ENERGY})()) !== {before}")
    page.click(".lens [data-do=bare]")


def test_a_newer_finish_ends_the_one_before(page) -> None:
    open_tab(page, "Read")
    draw(page, [(0.4, 0.2), (0.4, 0.8)])
    set_number(page, "#finish-steps", 64)
    watch_steps(page, FINISHED_STEP)
    page.click("#finish-go")
    page.wait_for_function("window.steps.some((step) => /^step [1-9].* of 64/.test(step))")
    page.click("#finish-go")
    number = "window.steps.map((step) => Number(step.split(' ')[1]))"
    page.wait_for_function(f"{number}.some((step, k, all) => k && step < all[k - 1])")  # it began anew
    page.wait_for_selector("#finish-by-engine .said:has-text('Energy')")
    page.wait_for_function(f"document.querySelector('{FINISHED_STEP}').innerText === 'step 64 of 64'")
    assert page.evaluate("window.steps.every((step) => step.endsWith(' of 64'))")  # the end of the first is not shown
    assert page.is_enabled("#finish-by-engine [data-do=use]")


def test_a_drawing_that_is_a_stranger_is_inked_like_print(page) -> None:
    open_tab(page, "Read")
    page.check("input[name=pen][value=r]")
    page.click("#sketch [data-do=clear]")
    draw(page, [(0.05, 0.05), (0.95, 0.95)])
    draw(page, [(0.95, 0.05), (0.05, 0.95)])
    page.wait_for_selector("#live .badge.stranger")
    on_pad = "(await (await glyphImport('parts/places.js')).partOf('pad')).strokes()"
    drawn = page.evaluate(f"async () => {on_pad}")
    assert {stroke["pen"] for stroke in drawn} == {"r"} and len(drawn) == 2
    page.click(".then [data-do=ink]")
    wait_until(page, f"async () => {on_pad}.every((stroke) => stroke.pen === 'b')")
    strokes = page.evaluate(f"async () => {on_pad}")
    ends = np.array([point for stroke in strokes for point in stroke["points"]])
    assert ends.min(0) == pytest.approx([0.25, 0.25], abs=0.02) and ends.max(0) == pytest.approx([0.75, 0.75], abs=0.02)
    page.click("#sketch [data-do=undo]")
    wait_until(page, f"async () => {on_pad}.every((stroke) => stroke.pen === 'r')")
    again = page.evaluate(f"async () => {on_pad}")
    for one, other in zip(again, drawn, strict=True):  # a text holds strokes less finely
        assert np.array(one["points"]) == pytest.approx(np.array(other["points"]), abs=1e-3)
    page.check("input[name=pen][value=b]")


def test_an_empty_pad_leaves_no_glyph(page) -> None:
    open_tab(page, "Read")
    draw(page, [(0.4, 0.2), (0.4, 0.8)])
    page.click("#sketch [data-do=clear]")
    page.wait_for_selector("#live .hint")
    assert page.evaluate("async () => (await (await glyphImport('parts/places.js')).partOf('lens')).ink()") is None


def test_an_upload_is_decoded_by_the_server_and_read_here(page, picture, tmp_path) -> None:
    open_tab(page, "Read")
    page.set_input_files("#upload input[type=file]", str(picture))
    page.wait_for_selector("#live .energy")
    blank = tmp_path / "blank.png"
    Image.new("L", (90, 90), 255).save(blank)
    page.click("#upload button[aria-label='Remove Image'], #upload button[aria-label='Clear']")
    page.set_input_files("#upload input[type=file]", str(blank))
    page.wait_for_selector(".live-said:has-text('blank')")
    assert page.is_visible("#live .energy")  # nothing is lost
