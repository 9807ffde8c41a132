"""The tab Read in a real browser: links to drawings, the lens by mouse and keyboard, finishing a glyph."""

import pytest
from helpers.app_pages import draw, open_tab, wait_for_change, wait_until
from helpers.drawings import text_of
from PIL import Image, ImageDraw

INK = "async () => [...(await (await glyphImport('parts/places.js')).partOf('lens')).{}()].join()"
SCRIBBLE = """([strokes, length]) => {
    const canvas = document.querySelector('#sketch canvas'), box = canvas.getBoundingClientRect();
    canvas.setPointerCapture = () => {};  // it refuses the pointers of made events
    const send = (type, k) => canvas.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0,
        clientX: box.left + box.width * (0.5 + 0.45 * Math.sin(1.7 * k)),
        clientY: box.top + box.height * (0.5 + 0.45 * Math.cos(2.3 * k)) }));
    for (let stroke = 0, k = 0; stroke < strokes; stroke++) {
        send('pointerdown', k++);
        for (let more = 1; more < length; more++) send('pointermove', k++);
        send('pointerup', k);
    }
}"""
DRAWN = "new URLSearchParams(location.search).get('draw')"
FINISHED = "document.querySelector('#finish-said')?.innerText.includes('after')"


def lens(page) -> str:
    """What is in the lens, as a text that changes with every pixel."""
    return page.evaluate("document.querySelector('.lens canvas').toDataURL()")


def test_a_letter_of_several_is_chosen_drawn_around_and_turned(page, tmp_path) -> None:
    image = Image.new("L", (300, 120), 250)
    for k in range(3):
        x, right = 40 + 90 * k, 65 + 90 * k + 10 * k
        ImageDraw.Draw(image).line([(x, 30), (x, 90), (right, 90)], fill=10, width=12)
    image.save(tmp_path / "three.png")
    empty = page.evaluate(INK.format("ink"))
    page.set_input_files("#upload input[type=file]", str(tmp_path / "three.png"))
    wait_until(page, f"async (had) => (await ({INK.format('ink')})()) !== had", arg=empty)
    page.wait_for_selector(".crop-said:has-text('3 shapes here may be letters')")
    assert page.locator(".crop-boxes button").count() == 3
    seen = []
    for choose in (
        lambda: page.locator(".crop-boxes button").nth(2).click(),
        lambda: page.click("[data-turn='90']"),
        lambda: _draw_box(page, 0.05, 0.1, 0.3, 0.9),
    ):
        before = page.evaluate(INK.format("ink"))
        choose()
        wait_until(page, f"async (had) => (await ({INK.format('ink')})()) !== had", arg=before)
        seen.append(page.evaluate(INK.format("ink")))
    assert len(set(seen)) == 3
    assert page.get_attribute(".crop-stage > i", "data-up") == "left"  # turned to the right, the left side is up
    page.evaluate(WHEEL)
    assert page.evaluate(SCALE) == pytest.approx(1.65, abs=0.01)
    before = page.evaluate(INK.format("ink"))
    _draw_box(page, 0.2, 0.2, 0.8, 0.8)
    wait_until(page, f"async (had) => (await ({INK.format('ink')})()) !== had", arg=before)
    page.click(".crop-whole")
    page.wait_for_selector(".crop-whole", state="hidden")
    page.evaluate(PINCH)
    assert page.evaluate(SCALE) == pytest.approx(2, abs=0.01)  # twice as far apart
    page.click(".crop-book")
    page.wait_for_selector("#tabs button[aria-selected=true]:has-text('Book')")
    page.wait_for_selector("#book-file :text('three')")  # as if it had been chosen there
    open_tab(page, "Read")
    page.click("#upload button[aria-label='Remove Image'], #upload button[aria-label='Clear']")
    page.wait_for_selector(".crop", state="hidden")


# Events that the page makes itself: a browser that has several pages open loses some that are sent to it.
WHEEL = """() => document.querySelector('.crop-view').dispatchEvent(
    new WheelEvent('wheel', { deltaY: -200, clientX: 300, clientY: 300, cancelable: true }))"""
PINCH = """() => {
    const view = document.querySelector('.crop-view'), { left, top, width } = view.getBoundingClientRect();
    const send = (kind, pointerId, share) => view.dispatchEvent(new PointerEvent(kind, {
        pointerId, button: kind === 'pointermove' ? -1 : 0, bubbles: true,
        clientX: left + share * width, clientY: top + 10 }));
    send('pointerdown', 2, 0.4);
    send('pointerdown', 3, 0.6);
    send('pointermove', 3, 0.7);
    send('pointermove', 2, 0.3);
    send('pointerup', 2, 0.3);
    send('pointerup', 3, 0.7);
}"""
SCALE = "Number(document.querySelector('.crop-stage').style.transform.match(/scale\\((.*)\\)/)[1])"


def _draw_box(page, left: float, top: float, right: float, bottom: float) -> None:
    page.locator(".crop-view").scroll_into_view_if_needed()
    box = page.locator(".crop-view").bounding_box()
    page.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + right * box["width"], box["y"] + bottom * box["height"], steps=6)
    page.mouse.up()


def test_a_link_brings_a_picture_back_with_pixels_and_mask_changed(wide, picture, url: str) -> None:
    """Nothing but the lens knows of them, so they are in the link itself."""
    had = wide.evaluate(INK.format("ink"))
    wide.set_input_files("#upload input[type=file]", str(picture))
    wait_until(wide, f"async (had) => (await ({INK.format('ink')})()) !== had", arg=had)
    wide.wait_for_function("() => !document.querySelector('#example input, #example textarea')?.value")
    wide.click("input[name=lens-hand][value=push]")
    reading = wide.inner_text("#reading .energy")
    wide.click(".lens canvas", position={"x": 20, "y": 20})
    wait_for_change(wide, "#reading .energy", reading)
    wide.click(".lens [data-do=left]")
    before = [wide.evaluate(INK.format(name)) for name in ("ink", "mask")]
    link = wide.evaluate("async () => await glyphLink.whole()")
    assert link["missing"] == []
    wide.goto(link["url"])
    wide.wait_for_selector("#reading .energy")
    for name, had in zip(("ink", "mask"), before, strict=True):
        wait_until(wide, f"async (had) => (await ({INK.format(name)})()) === had", arg=had)
    wide.goto(url + "?tab=read&ink=broken&mask=broken")
    wide.wait_for_selector("#reading .energy")  # the page as it opens


def test_a_link_brings_the_drawing_back(wide, url: str) -> None:
    wide.goto(url)  # what a link opens comes later than the page, and would be read over the drawing
    wide.wait_for_selector("#reading .energy")
    before = wide.inner_text("#reading .reading")
    draw(wide, [(0.4, 0.2), (0.4, 0.75), (0.6, 0.75)])
    read = wait_for_change(wide, "#reading .reading", before)
    wide.wait_for_function("new URLSearchParams(location.search).get('draw')?.startsWith('b')")
    link = wide.url
    wide.goto("about:blank")
    wide.goto(link)
    wide.wait_for_function("t => document.querySelector('#reading .reading')?.innerText === t", arg=read)
    wide.wait_for_selector(".pad-hint", state="hidden")  # the strokes are on the pad


def test_pixels_are_pushed_and_the_energy_answers(page) -> None:
    before, picture = page.inner_text("#reading .energy"), lens(page)
    page.check(".lens input[value=push]")
    page.click(".lens canvas", position={"x": 60, "y": 60})
    wait_for_change(page, "#reading .energy", before)
    assert lens(page) != picture
    words = page.inner_text(".lens-words")
    page.focus(".lens canvas")
    page.keyboard.press("ArrowRight")
    assert "Row" in wait_for_change(page, ".lens-words", words)


def test_the_slope_is_laid_over_and_said(wide) -> None:
    picture = lens(wide)
    wide.click("#overlay label:has-text('its slope')")
    wide.wait_for_function("p => document.querySelector('.lens canvas').toDataURL() !== p", arg=picture)
    wide.hover(".lens canvas")
    wide.wait_for_selector(".lens-words:has-text('the energy (slope')")


def test_the_model_finishes_a_glyph_and_its_result_is_read(page) -> None:
    page.click(".lens [data-do=below]")
    page.wait_for_selector(".lens-words:has-text('1568 pixels')")
    page.click("#finish-go")
    page.wait_for_function(FINISHED)
    assert "only masked pixels changed" in page.inner_text("#finish-said")
    before = page.inner_text("#reading .energy")
    page.click("#finish-use:not([disabled])")
    wait_for_change(page, "#reading .energy", before)


def test_a_bad_picture_takes_nothing_away(wide, tmp_path) -> None:
    energy = wide.inner_text("#reading .energy")
    (tmp_path / "fake.png").write_text("not a picture")
    wide.set_input_files("#upload input[type=file]", str(tmp_path / "fake.png"))
    wide.wait_for_selector("#reading .problem:has-text('fake.png')")
    assert wide.inner_text("#reading .energy") == energy


@pytest.mark.parametrize(("strokes", "length"), [(36, 50), (3, 900)])
def test_a_scribble_however_heavy_arrives_in_one_piece(wide, strokes, length) -> None:
    wide.click("#sketch [data-do=clear]")
    wide.wait_for_selector("#reading .energy", state="detached")  # what was read before, and said of it, is gone
    wide.evaluate(SCRIBBLE, [strokes, length])
    wide.wait_for_function(f"strokes => {DRAWN}?.split('.').length === strokes", arg=strokes)
    assert 1500 < len(wide.evaluate(DRAWN)) <= 6000
    wide.wait_for_selector("#reading .energy")
    assert wide.locator("#reading .problem").count() == 0
    wide.click("#sketch [data-do=clear]")
    wide.wait_for_selector("#reading .energy", state="detached")  # everything that was asked is answered


def test_of_too_many_strokes_the_shortest_go(wide) -> None:
    paths = [[(0.2, 0.1 + k / 1000), (0.3 + k / 1000, 0.1 + k / 1000)] for k in range(600)]
    text, address = text_of("r", *paths), wide.url.split("?")[0]
    wide.goto("about:blank")
    wide.goto(f"{address}?tab=read&draw={text}")
    wide.wait_for_function("document.querySelector('.pad-hint')?.hidden")
    draw(wide, [(0.2, 0.9), (0.8, 0.9)])
    wide.wait_for_function(f"text => ![text, null].includes({DRAWN})", arg=text)
    drawn = wide.evaluate(DRAWN).split(".")
    assert drawn[:-1] == text.split(".")[1:] and drawn[-1].startswith("b")
    wide.click("#sketch [data-do=clear]")
