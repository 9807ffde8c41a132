"""The explorer on a model that the page's own engine can run: reading, printing, steering, saving, and its end."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.app_pages import draw, open_tab, serious_findings, values_of, wait_until
from PIL import Image

import ebm
from app.tabs.print.controls import SIDE_BY_SIDE, side_by_side
from ebm.data.corpus import to_bytes
from ebm.sampling.chains import chains, last_of
from ebm.sampling.native import library

SAID = "#print-desk .said"
DONE = f"document.querySelector('{SAID}')?.innerText.includes('Read back')"
STEP = "#printed .controls output"
ENERGY = "async () => (await (await glyphImport('parts/places.js')).partOf('reading')).shown()?.energy"


@pytest.fixture
def asked(page) -> list[str]:
    """The requests that the page sends during a test, but for its own files."""
    seen: list[str] = []
    page.on("request", lambda sent: seen.append(sent.url) if "/modules/" not in sent.url else None)
    return seen


def visit(page) -> None:
    open_tab(page, "Print")
    page.wait_for_function(DONE)


def print_and_wait(page, button: str = "#go", end: str = "Read back") -> None:
    """Presses a button and waits for the end of the run that it starts, not of the one before."""
    page.evaluate(f"document.querySelector('{SAID} > *')?.setAttribute('data-old', '')")
    page.click(button)
    page.wait_for_selector(f"{SAID} > :not([data-old]):has-text('{end}')")


def set_number(page, box: str, value: float) -> None:
    page.fill(f"{box} input[type=number]", str(value))
    page.press(f"{box} input[type=number]", "Enter")


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
    page.wait_for_function("document.querySelector('.live-spoken').innerText.includes('Energy')")
    assert asked == []
    lens = "async () => (await (await glyphImport('parts/places.js')).partOf('lens')).ink()"
    glyph = (torch.from_numpy(values_of(page, lens, dtype=np.uint8)).float() / 127.5 - 1).view(1, 56, 56)
    verdict = ebm.verdict(model[1], model[2], glyph)
    shown = page.evaluate(ENERGY.removesuffix("?.energy"))
    assert shown["energy"] == pytest.approx(verdict.energy, abs=1e-3)
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
    page.wait_for_selector("#finish-desk .said:has-text('only masked pixels changed')")
    assert asked == []
    last, lens = (f"(await (await glyphImport('parts/places.js')).partOf('{name}'))" for name in ("finished", "lens"))
    same = page.evaluate(
        f"async () => {{ const made = {last}.shown().inks, had = {lens}.ink();"
        "const still = had.every((value, k) => k >= 28 * 56 || Math.abs(value - made[k]) <= 1);"
        "return still && had.some((value, k) => value !== made[k]); }"
    )
    assert same
    before = page.evaluate(ENERGY)
    page.click("#finish-desk [data-do=use]")
    wait_until(page, f"async () => (await ({ENERGY})()) !== {before}")
    page.click(".lens [data-do=bare]")


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


def test_a_glyph_of_a_run_and_a_typical_one_are_opened_in_read(page) -> None:
    visit(page)
    print_and_wait(page)
    glyph = "(await (await glyphImport('parts/places.js')).partOf('printed')).shown().inks.slice(2 * 3136, 3 * 3136)"
    wanted = page.evaluate(f"async () => [...{glyph}]")
    page.click("#printed .letters button >> nth=2")
    page.wait_for_selector("#tabs button[aria-selected=true]:has-text('Read')")
    read = "async () => [...(await (await glyphImport('parts/places.js')).partOf('lens')).ink()]"
    wait_until(page, f"async (wanted) => (await ({read})()).join() === wanted.join()", wanted)
    before = page.evaluate(ENERGY)
    page.click("#live [data-typical] >> nth=1")
    wait_until(page, f"async () => (await ({ENERGY})()) !== {before}")


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


@pytest.mark.skipif(library().wait().code is None, reason="the library is not compiled here")
def test_the_page_prints_the_glyphs_of_the_seed(page, asked: list[str], model) -> None:
    visit(page)
    asked.clear()
    print_and_wait(page)
    assert asked == []
    shown = "async () => (await (await glyphImport('parts/places.js')).partOf('printed')).shown().inks"
    inks = values_of(page, shown, dtype=np.uint8).astype(int)
    printed = last_of(
        chains(model[1], 12, sampler=model[2].sampler, labels=torch.zeros(12, dtype=torch.int64), engine="native")
    )
    difference = inks.reshape(12, 56, 56) - to_bytes(printed).numpy().astype(int)
    assert np.abs(difference).max() <= 1


def test_recipes_are_compared_side_by_side_from_the_same_noise(page, model) -> None:
    visit(page)
    print_and_wait(page, "#compare", "Side by side")
    player = "async () => (await (await glyphImport('parts/places.js')).partOf('printed'))"
    begun = values_of(page, f"{player}.recorded()[0].inks", dtype=np.uint8).reshape(len(SIDE_BY_SIDE), 4, 56, 56)
    assert (begun == begun[:1]).all()
    inks = values_of(page, f"{player}.shown().inks", dtype=np.uint8).reshape(begun.shape).astype(int)
    labels = torch.zeros(4, dtype=torch.int64)
    for row, (_, further, hotter) in (
        (0, side_by_side()[0]),
        (3, side_by_side()[3]),
    ):  # which have no noise that differs
        sampler = replace(
            model[2].sampler, step_size=further * model[2].sampler.step_size,
            print_noise=hotter * model[2].sampler.print_noise,
        )  # fmt: skip
        printed = to_bytes(last_of(chains(model[1], 4, sampler=sampler, labels=labels, engine="native"))).numpy()
        assert np.abs(inks[row] - printed.reshape(4, 56, 56).astype(int)).max() <= 1
    said = page.inner_text(SAID)
    assert all(name in said for name in SIDE_BY_SIDE)
    set_number(page, "#noise", 0.05)  # the controls are for the next run
    print_and_wait(page)
    set_number(page, "#noise", 0.01)


def test_a_run_is_paused_stepped_branched_and_goes_on(page) -> None:
    visit(page)
    page.select_option("[data-live=pace]", "6")
    page.click("#go")
    page.wait_for_function(f"/^step [2-9] of 32/.test(document.querySelector('{STEP}').innerText)")
    page.click("#printed [data-move='-1']")  # stepping back holds the run
    page.wait_for_timeout(500)
    held = page.inner_text(STEP)
    page.wait_for_timeout(700)
    assert page.inner_text(STEP) == held
    page.select_option("[data-live=pace]", "0")
    page.click("#printed [data-do=play]")
    page.wait_for_function(DONE)
    assert page.inner_text(STEP) == "step 32 of 32"
    picture = "document.querySelector('#printed canvas').toDataURL()"
    end = page.evaluate(picture)
    page.fill("#printed input[type=range]", "0")
    print_and_wait(page, "#printed [data-do=branch]")
    assert page.inner_text(STEP) == "step 32 of 32"
    page.wait_for_function(f"{picture} !== '{end}'")
    page.click("#print-desk [data-do=on]")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 64 of 64'")
    page.select_option("[data-live=pace]", "60")


def test_space_and_arrow_keys_play(page) -> None:
    visit(page)
    print_and_wait(page)
    assert page.inner_text(STEP) == "step 32 of 32"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 31 of 32'")
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 21 of 32'")
    page.keyboard.press("Space")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 32 of 32'")


def test_in_a_lecture_space_plays_wherever_the_focus_is(page) -> None:
    visit(page)
    page.evaluate("document.documentElement.classList.add('lecture')")
    page.focus("#printed [data-move='-10']")
    page.keyboard.press("Space")  # from the start again; the button would go ten steps back
    page.wait_for_function(f"/^step [0-9] of/.test(document.querySelector('{STEP}').innerText)")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 32 of 32'")
    page.evaluate("document.documentElement.classList.remove('lecture')")


def test_the_controls_act_on_chains_that_run(page) -> None:
    visit(page)
    set_number(page, "#steps", 1024)
    page.select_option("[data-live=pace]", "60")
    page.click("#go")
    last = "(await (await glyphImport('parts/places.js')).partOf('printed')).recorded().at(-1)"
    ends = f"async () => {{ const frame = {last}; return frame.inks.filter((i) => i === 0 || i === 255).length; }}"
    page.wait_for_function(f"/^step [1-9].* of 1024/.test(document.querySelector('{STEP}').innerText)")
    calm = page.evaluate(ends)
    set_number(page, "#noise", 0.1)
    wait_until(page, f"async () => {{ const frame = {last}; return frame.step > 60; }}")
    page.click("#print-desk [data-do=stop]")
    page.wait_for_selector(f"{SAID}:has-text('Stopped after')")
    assert page.evaluate(ends) != calm
    set_number(page, "#steps", 32)
    set_number(page, "#noise", 0.01)


def test_files_of_a_run_are_written_in_the_page(page, model) -> None:
    visit(page)
    print_and_wait(page)
    saved = {}
    for kind in ("png", "webp", "npz"):
        with page.expect_download() as download:
            page.click(f"[data-save={kind}]")
        assert download.value.suggested_filename == f"glyphs-a-seed0.{kind}"
        saved[kind] = io.BytesIO(download.value.path().read_bytes())
    with Image.open(saved["png"]) as grid, Image.open(saved["webp"]) as film:
        assert grid.size == (4 * 244, 4 * 184)
        assert film.n_frames == 33
    states = np.load(saved["npz"], allow_pickle=False)
    assert states["x"].shape == (33, 12, 56, 56)
    assert states["step"].tolist() == list(range(33))
    assert states["energy"].shape == states["aimed"].shape == (33, 12)
    assert json.loads(str(states["settings"]))["step_size"] == model[2].sampler.step_size


def test_a_run_is_saved_as_far_as_it_went(page) -> None:
    visit(page)
    set_number(page, "#steps", 1024)
    page.select_option("[data-live=pace]", "60")
    page.click("#go")
    page.wait_for_function(f"/^step [1-9].* of 1024/.test(document.querySelector('{STEP}').innerText)")
    with page.expect_download() as download:
        page.click("[data-save=npz]")
    states = np.load(io.BytesIO(download.value.path().read_bytes()), allow_pickle=False)
    assert 0 < states["step"][-1] < 1024
    print_and_wait(page, "#print-desk [data-do=stop]", "Stopped after")
    set_number(page, "#steps", 32)


def test_a_bad_word_is_named_and_a_word_is_set(page) -> None:
    visit(page)
    page.click("#way label:has-text('a word')")
    page.fill("#text input, #text textarea", "in no")
    page.click("#go")
    page.wait_for_selector("#word-line img")
    assert page.locator("#printed .letters button").count() == 4
    page.fill("#text input, #text textarea", "what?")
    page.click("#go")
    page.wait_for_selector("#text ~ .problem:has-text('in the case')")  # next to its field
    assert page.locator("#word-line img").is_visible()  # nothing is lost, and it is marked as old
    assert page.get_attribute("#printed .player", "data-mark") == "from the run before"
    page.fill("#text input, #text textarea", "wh")
    page.wait_for_selector("#text ~ .problem", state="detached")
    page.click("#way label:has-text('one sort')")
    print_and_wait(page)
    page.wait_for_selector("#word-line", state="hidden")  # it was of the run before
    for way, text in (("a combination", "u and v"), ("a word", "wh")):  # each keeps its own text
        page.click(f"#way label:has-text('{way}')")
        page.wait_for_function(f"document.querySelector('#text input, #text textarea')?.value === '{text}'")
    page.click("#way label:has-text('one sort')")


def test_a_run_of_the_page_is_diagnosed(page) -> None:
    visit(page)
    print_and_wait(page)
    page.click("#diagnose > button, #diagnose .label-wrap")
    page.click("#diagnose-go")
    page.wait_for_selector("#diagnosis:has-text('R-hat')")


def test_a_wall_of_a_hundred_chains(page) -> None:
    visit(page)
    set_number(page, "#count", 100)
    set_number(page, "#steps", 16)
    page.select_option("[data-live=pace]", "0")
    print_and_wait(page, end="of 100 as a")
    assert page.locator("#printed .letters button").count() == 100
    set_number(page, "#count", 12)


def test_where_the_worker_dies_the_server_prints(page) -> None:
    visit(page)
    set_number(page, "#steps", 1024)
    page.click("#go")
    page.wait_for_function(f"/^step [1-9].* of 1024/.test(document.querySelector('{STEP}').innerText)")
    page.evaluate("async () => (await (await glyphImport('engine/page.js')).model()).clients.print.end('It died.')")
    page.wait_for_selector("#print-desk .why:has-text('so the server reads and prints')")
    set_number(page, "#steps", 16)
    page.click("#go")
    page.wait_for_function("document.querySelector('#print-status').innerText.includes('Read back')")
    page.goto(page.url.split("?")[0])  # for the tests that come next
    page.wait_for_selector("body.by-engine #live .energy")
