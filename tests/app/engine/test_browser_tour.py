"""The tour through the lessons, and a glyph's way through the network, in a real browser."""

import pytest
import torch
from helpers.app_pages import open_tab, serious_findings
from helpers.print_pages import set_aside, set_number, wait_for_end

import ebm
from app.models.loaded import load
from app.tabs.read.network import drawn, layers

AT = "#tour .tour-title:has-text('{} of 6')"


def test_a_newcomer_is_led_through_the_lessons_and_back(page) -> None:
    page.click("[data-do=tour]")
    page.wait_for_selector(AT.format(1))
    assert "What to notice" in page.inner_text(".tour-notice")
    page.wait_for_selector("#tabs button[aria-selected=true]:has-text('Read')")
    page.click("#tour [data-do=next]")
    page.wait_for_selector(AT.format(2))
    page.wait_for_function("new URLSearchParams(location.search).has('draw')")  # the server has answered its door
    set_aside(page)
    page.click("#tour [data-do=next]")
    page.wait_for_selector(AT.format(3))
    wait_for_end(page)
    page.wait_for_selector("#tabs button[aria-selected=true]:has-text('Print')")
    assert serious_findings(page) == []
    page.click("#tour [data-do=back]")
    page.wait_for_selector("#tabs button[aria-selected=true]:has-text('Learn')")
    page.wait_for_function("document.activeElement.closest('.lesson')?.querySelector('h2').innerText.startsWith('3.')")
    assert page.is_hidden("#tour .tour")


def test_every_door_to_print_prints_and_shows_its_recipe(page) -> None:
    """Only the first one did: the page did not know which tab a door had opened."""
    for door, sort, recipe in (
        ("Print with the trained recipe", "a", "trained recipe"), ("Print without noise", "a", "no noise"),
        ("Print with too much noise", "a", "too much noise"), ("Print an o", "o", "trained recipe"),
    ):  # fmt: skip
        set_aside(page)
        open_tab(page, "Learn")
        page.click(f".doors button:text-is('{door}')")
        wait_for_end(page, f"of 12 as {sort}")
        page.wait_for_selector(f"#recipe label:has-text('{recipe}') input:checked", state="attached")
    set_number(page, "#noise", 0.05)
    page.wait_for_function("!document.querySelector('#recipe input:checked')")  # no recipe has this noise
    page.click("#tour [data-do=close]")


def test_a_door_shows_its_lesson_wherever_it_leads(page) -> None:
    set_aside(page)
    open_tab(page, "Learn")
    page.click(".lesson:has-text('5. One network') .doors button >> nth=0")
    page.wait_for_selector(AT.format(5))
    wait_for_end(page, "of 12 as o")  # it would open Print over the next test
    page.click("#tour [data-do=close]")
    page.wait_for_selector("#tour .tour", state="hidden")


def test_the_network_shows_the_way_of_the_glyph_in_the_lens(page, model) -> None:
    open_tab(page, "Read")
    page.click("#sketch [data-do=clear]")
    page.evaluate(
        "async () => (await (await glyphImport('parts/places.js')).partOf('lens'))"
        ".bring(Uint8Array.from({ length: 3136 }, (_, k) => (k % 56 > 20 && k % 56 < 34 ? 255 : 0)))"
    )
    page.click(".network summary")
    page.wait_for_selector(".network .stages figure >> nth=7")
    glyph = torch.full((1, 56, 56), -1.0)
    glyph[..., 21:34] = 1
    energy = f"{ebm.verdict(model[1], model[2], glyph).energy:.2f}".replace("-", "\u2212")
    page.wait_for_selector(f".network .result:text-is('{energy}')")
    page.click(".network summary")


def test_the_last_layer_is_what_the_model_says(model) -> None:
    loaded, glyph = load(model[0]), torch.rand(1, 56, 56) * 2 - 1
    *maps, outputs = layers(loaded.model, glyph)
    assert [tuple(found.shape) for found in maps] == [
        (16, 30, 30), (32, 15, 15), (64, 8, 8), (64, 4, 4), (64, 2, 2)
    ]  # fmt: skip
    assert outputs.equal(loaded.model.get_logits(glyph[None])[0])
    html = drawn(loaded, glyph)
    assert html.count("<i ") == 42 and html.count('title="map ') == 5 * 8
    assert pytest.approx(ebm.verdict(loaded.model, loaded.card, glyph).energy, abs=0.01) == float(
        html.split("class='result'>")[1].split("<")[0].replace("\u2212", "-")
    )
