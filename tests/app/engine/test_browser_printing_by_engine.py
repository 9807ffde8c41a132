"""Printing in the page's own engine: runs, recipes, steering, saving, words, and the engine's end."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.app_pages import values_of, wait_until
from helpers.print_pages import DONE, SAID, STEP, print_and_wait, print_word, set_number, visit, watch_steps
from PIL import Image

from app.tabs.print.controls import SIDE_BY_SIDE, side_by_side
from ebm.data.corpus import to_bytes
from ebm.sampling.chains import chains, last_of
from ebm.sampling.native import library

needs_native = pytest.mark.skipif(library().wait().code is None, reason="the library is not compiled here")

AT_ITS_END = f"document.querySelector('{STEP}').innerText === 'step 32 of 32'"
ENERGY = "async () => (await (await glyphImport('parts/places.js')).partOf('reading')).shown()?.energy"


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


@needs_native
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


@needs_native
def test_recipes_are_compared_side_by_side_from_the_same_noise(page, model) -> None:
    visit(page)
    print_and_wait(page, "#compare", "Side by side")
    player = "async () => (await (await glyphImport('parts/places.js')).partOf('printed'))"
    begun = values_of(page, f"{player}.recorded()[0].inks", dtype=np.uint8).reshape(len(SIDE_BY_SIDE), 4, 56, 56)
    assert (begun == begun[:1]).all()
    inks = values_of(page, f"{player}.shown().inks", dtype=np.uint8).reshape(begun.shape).astype(int)
    labels = torch.zeros(4, dtype=torch.int64)
    for row in (0, 3):  # the noise of the others is that of chains of a higher number
        _, further, hotter = side_by_side()[row]
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
    page.wait_for_function(f"/^step ([2-9]|[12].) of 32/.test(document.querySelector('{STEP}').innerText)")
    page.click("#printed [data-move='-1']")  # stepping back holds the run
    page.wait_for_timeout(500)
    held = page.inner_text(STEP)
    page.wait_for_timeout(700)
    assert page.inner_text(STEP) == held
    page.select_option("[data-live=pace]", "0")
    page.click("#printed [data-do=play]")
    page.wait_for_function(DONE)
    page.wait_for_function(AT_ITS_END)
    picture = "document.querySelector('#printed canvas').toDataURL()"
    end = page.evaluate(picture)
    page.fill("#printed input[type=range]", "0")
    print_and_wait(page, "#printed [data-do=branch]")
    page.wait_for_function(AT_ITS_END)
    page.wait_for_function(f"{picture} !== '{end}'")
    page.click("#print-by-engine [data-do=on]")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 64 of 64'")
    page.select_option("[data-live=pace]", "60")


def test_space_and_arrow_keys_play(page) -> None:
    visit(page)
    print_and_wait(page)
    page.wait_for_function(AT_ITS_END)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 31 of 32'")
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 21 of 32'")
    page.keyboard.press("Space")
    page.wait_for_function(AT_ITS_END)


def test_in_a_lecture_space_plays_wherever_the_focus_is(page) -> None:
    visit(page)
    page.evaluate("document.documentElement.classList.add('lecture')")
    page.focus("#printed [data-move='-10']")
    watch_steps(page)
    page.keyboard.press("Space")  # from the start again; the button would go ten steps back, to 22
    page.wait_for_function("window.steps.some((step) => /^step 1?[0-9] of/.test(step))")
    page.wait_for_function(AT_ITS_END)
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
    page.click("#print-by-engine [data-do=stop]")
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
    page.select_option("[data-live=pace]", "6")  # the run must not be over when it is stopped
    page.click("#go")
    page.wait_for_function(f"/^step [1-9].* of 1024/.test(document.querySelector('{STEP}').innerText)")
    with page.expect_download() as download:
        page.click("[data-save=npz]")
    states = np.load(io.BytesIO(download.value.path().read_bytes()), allow_pickle=False)
    assert 0 < states["step"][-1] < 1024
    print_and_wait(page, "#print-by-engine [data-do=stop]", "Stopped after")
    page.select_option("[data-live=pace]", "60")
    set_number(page, "#steps", 32)


def test_a_bad_word_is_named_and_a_word_is_set(page) -> None:
    visit(page)
    print_word(page, "in no")
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


def test_a_hundred_chains_at_once(page) -> None:
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
    page.select_option("[data-live=pace]", "60")  # the run must not be over when its worker dies
    page.click("#go")
    page.wait_for_function(f"/^step [1-9].* of 1024/.test(document.querySelector('{STEP}').innerText)")
    page.evaluate("async () => (await (await glyphImport('engine/page.js')).model()).clients.print.end('It died.')")
    page.wait_for_selector("#print-by-engine .why:has-text('so the server reads and prints')")
    set_number(page, "#steps", 16)
    page.click("#go")
    page.wait_for_function("document.querySelector('#print-status').innerText.includes('Read back')")
    page.goto(page.url.split("?")[0])  # for the tests that come next
    page.wait_for_selector("body.by-engine #live .energy")
