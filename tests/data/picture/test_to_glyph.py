"""Any picture becomes a glyph, or one clear sentence says why not."""

import sys

import numpy as np
import pytest
import torch
from helpers.pictures import check_form, difference, draw
from PIL import Image, ImageDraw, ImageFilter

import ebm.data.picture.to_glyph  # noqa: F401  (what it imports is itself under test)
from ebm.data.picture.to_glyph import fit_square, to_glyph


def ink_box(glyph):
    rows, columns = torch.nonzero(glyph[0] > 0, as_tuple=True)
    return rows.min().item(), rows.max().item() + 1, columns.min().item(), columns.max().item() + 1


@pytest.fixture(scope="module")
def reference():
    return to_glyph(draw())


def lit(kind):
    y, x = np.mgrid[0:1:400j, 0:1:400j]
    light = {"side": 0.35 + 0.65 * x, "vignette": 1 - 1.1 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)}
    return ((np.asarray(draw()) * 0.7 + 40) * light[kind]).astype(np.uint8)


def noisy():
    noise = np.random.default_rng(0).normal(0, 8, (400, 400))
    return np.clip(np.asarray(draw(ink=60, paper=220)) + noise, 0, 255).astype(np.uint8)


def specked():
    grey = np.array(draw())
    grey[np.random.default_rng(0).random(grey.shape) < 0.001] = 0
    grey[10:17, 380:387] = 0
    return grey


def with_slivers():
    grey = np.array(draw())
    grey[80:330, :14], grey[100:300, -8:] = 0, 0
    return grey


def old_paper():
    grey = np.asarray(draw(), dtype=float)
    tint = np.stack([grey * 0.6 + 90, grey * 0.5 + 70, grey * 0.35 + 40], axis=-1)
    return (tint + np.random.default_rng(0).normal(0, 6, (400, 400, 1))).clip(0, 255).astype("uint8")


def on_transparent():
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.paste((20, 0, 60, 255), mask=draw(ink=255, paper=0))
    return image


def transparent_palette():
    palette = draw().convert("P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    return palette


GREY = np.asarray(draw())
SAME_LETTER = {
    "grey": draw(),
    "light ink on dark": draw(ink=255, paper=0),
    "rgb": draw(mode="RGB", ink=(40, 10, 90), paper=(240, 230, 200)),
    "rgba": on_transparent(),
    "grey with alpha": on_transparent().convert("LA"),
    "palette": draw().convert("P"),
    "transparent palette": transparent_palette(),
    "cmyk": draw().convert("RGB").convert("CMYK"),
    "one bit": draw().convert("1"),
    "16 bit": Image.fromarray(GREY.astype(np.uint16) * 30 + 40_000),
    "32 bit": Image.fromarray(GREY.astype(np.int32) * 5 + 70_000),
    "float image": Image.fromarray(GREY.astype(np.float32) * 3 - 1000),
    "array (H, W, 1)": GREY[..., None],
    "array rgb": np.stack([GREY] * 3, axis=-1),
    "array rgba": np.asarray(on_transparent()),
    "array uint16": GREY.astype(np.uint16) * 16,
    "array bool": GREY > 0,
    "array float": GREY / 255.0,
    "array float rgba": np.asarray(on_transparent()) / 255.0,
    "tensor": torch.from_numpy(GREY.copy()),
    "tensor (1, H, W)": torch.from_numpy(GREY / 127.5 - 1).unsqueeze(0),
    "tensor (3, H, W)": torch.from_numpy(np.stack([GREY] * 3)).float().requires_grad_(),
    "bfloat16 tensor": torch.from_numpy(GREY.copy()).to(torch.bfloat16),
    "faint": draw(ink=247),
    "light from the side": lit("side"),
    "vignette": lit("vignette"),
    "noise": noisy(),
    "specks": specked(),
    "neighbours at the edges": with_slivers(),
    "old paper": old_paper(),
    "small and off centre": draw((900, 700), 8, scale=0.08, centre=(200, 550)),
    "wide": draw((1200, 400)),
    "large": draw((3000, 3000), 150),
}


@pytest.mark.parametrize("name", SAME_LETTER)
def test_one_letter_in_many_forms_is_one_glyph(name, reference):
    glyph = to_glyph(SAME_LETTER[name])
    check_form(glyph)
    assert difference(glyph, reference) < 0.15
    assert np.corrcoef(glyph.flatten(), reference.flatten())[0, 1] > 0.9


@pytest.mark.parametrize("width", [1, 4, 10, 16, 28, 60])
def test_ink_is_44_high_centred_and_solid(width):
    glyph = to_glyph(draw(width=width))
    top, bottom, left, right = ink_box(glyph)
    assert abs(bottom - top - 44) <= 1
    assert abs(top + bottom - 56) <= 2 and abs(left + right - 56) <= 3
    assert glyph.max() > 0.9 and glyph[0, :4].max() < -0.9 and glyph[0].median() < -0.95


def test_edges_stay_grey():
    glyph = to_glyph(draw())
    assert 0.02 < ((glyph > -0.7) & (glyph < 0.7)).float().mean() < 0.3


def test_fat_letter_that_fills_the_picture_is_not_washed_out():
    image = Image.new("L", (200, 200), 235)
    pen = ImageDraw.Draw(image)
    for box in ((6, 6, 80, 194), (110, 6, 194, 194), (6, 6, 194, 70)):
        pen.rectangle(box, fill=190)
    glyph = to_glyph(image)
    assert 0.45 < (glyph > 0).float().mean() < 0.62 and glyph[0, 10:20, 10:46].min() > 0.5


def our_glyph(seed, sliver=0):
    """A glyph like the corpus's: ink 44 high, half of its grainy paper white, a neighbour's sliver so many wide."""
    rng = np.random.default_rng(seed)
    letter = draw((56, 56), 7, ink=225, paper=18, scale=22 / 56, centre=(27.5, 27.5))
    grey = np.asarray(letter, dtype=float) + rng.normal(0, 4, (56, 56))
    grey[12:40, :sliver] = 210
    low, high = np.median(grey), grey.max()
    return np.round(np.clip((grey - low) / (high - low), 0, 1) * 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_a_glyph_of_ours_comes_back_nearly_unchanged(seed):
    ours = torch.from_numpy(our_glyph(seed) / 127.5 - 1).float().unsqueeze(0)
    grey = our_glyph(seed, sliver=seed + 1)
    for picture in (grey, 255 - grey, torch.from_numpy(grey / 127.5 - 1), ours):
        assert difference(to_glyph(picture), ours) < 0.1


@pytest.mark.parametrize("paper", [250, 215, 170])
def test_grainy_paper_of_any_tone_is_white_as_in_the_corpus(paper):
    rng = np.random.default_rng(0)
    grey = np.asarray(draw((80, 100), 8, 40, paper, centre=(40, 50)), dtype=float) + rng.normal(0, 6, (100, 80))
    glyph = to_glyph(np.clip(grey, 0, 255).astype(np.uint8))
    paper_in_glyph = glyph[glyph < -0.4]
    assert paper_in_glyph.median() == pytest.approx(-1.0, abs=0.01)
    assert paper_in_glyph.mean() < -0.9 and (glyph > 0.8).float().mean() > 0.05


def hemmed_in(ink=40, paper=215):
    """A tight crop: neighbours' stems on both sides, and bits of the lines above and below."""
    image = draw((120, 150), 12, ink, paper, centre=(60, 75))
    pen = ImageDraw.Draw(image)
    for box in ((0, 25, 12, 125), (108, 25, 120, 125), (0, 0, 55, 5), (70, 144, 120, 150)):
        pen.rectangle(box, fill=ink)
    return image.filter(ImageFilter.GaussianBlur(1))


def alone(ink=40, paper=215):
    return draw((120, 150), 12, ink, paper, centre=(60, 75)).filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize(("ink", "paper"), [(40, 215), (215, 40), (120, 170), (170, 120)])
def test_ink_on_every_side_is_not_taken_for_paper_and_fades(ink, paper):
    glyph, wanted = to_glyph(hemmed_in(ink, paper)), to_glyph(alone(ink, paper))
    assert difference(glyph, wanted) < 0.02
    assert (glyph - wanted)[wanted > 0].min() > -0.2  # nothing is bitten out of the letter


@pytest.mark.parametrize("side", [0, 1, 2, 3])
def test_ink_on_every_side_in_uneven_light(side):
    light = np.rot90(np.tile(np.linspace(0.55, 1, 200), (200, 1)), side)[25:175, 40:160]
    lit = (np.asarray(hemmed_in()) * light).astype(np.uint8)
    assert np.corrcoef(to_glyph(lit).flatten(), to_glyph(alone()).flatten())[0, 1] > 0.95


def test_neighbours_stay_if_wished():
    glyph = to_glyph(hemmed_in(), fade_neighbours=False)
    assert difference(glyph, to_glyph(alone())) > 0.1
    assert difference(to_glyph(alone(), fade_neighbours=False), to_glyph(alone())) < 0.001


def test_a_neighbour_that_touches_by_a_grey_bridge_fades():
    image = hemmed_in()
    pen = ImageDraw.Draw(image)
    pen.rectangle((92, 98, 96, 104), fill=120)
    pen.rectangle((97, 98, 110, 104), fill=40)
    faded, whole, wanted = to_glyph(image), to_glyph(image, fade_neighbours=False), to_glyph(alone())
    assert np.corrcoef(faded.flatten(), wanted.flatten())[0, 1] > 0.85
    assert np.corrcoef(whole.flatten(), wanted.flatten())[0, 1] < 0.6


@pytest.mark.parametrize("left", [0, 20, 46])
def test_a_bar_over_the_letter_stays_though_it_touches_the_edge(left):
    image = alone()
    ImageDraw.Draw(image).rectangle((left, 0, left + 74, 9), fill=40)
    glyph = to_glyph(image)
    assert difference(glyph, to_glyph(image, fade_neighbours=False)) < 0.001
    assert (glyph[0, 6:9] > 0.5).float().sum() > 30


def test_twice_is_once(reference):
    assert difference(to_glyph(reference), reference) < 0.03


def test_noise_is_shown_whole():
    noise = np.random.default_rng(0).integers(0, 256, (56, 56), dtype=np.uint8)
    glyph = to_glyph(noise)
    assert glyph[0, :6].std() > 0.4 and glyph[0, :, -6:].std() > 0.4


def test_16_bit_file_is_not_clipped(tmp_path, reference):
    path = tmp_path / "letter.png"
    SAME_LETTER["16 bit"].save(path)
    assert difference(to_glyph(path), reference) < 0.02


def test_the_callers_picture_is_left_alone():
    image, array = draw(), GREY.copy()
    to_glyph(image), to_glyph(array)
    assert image.size == (400, 400) and image.tobytes() == draw().tobytes()
    assert (array == GREY).all()


def test_glyphs_preprocessing_is_min_max_shorter_side_and_centre_crop():
    rng = np.random.default_rng(0)
    grey = rng.integers(60, 110, (80, 100)).astype(np.uint8)
    grey[20:60, 40:60] = 240
    glyph = to_glyph(grey, preprocessing="glyphs")
    check_form(glyph)
    unit = (torch.from_numpy(grey).float() - 60) / (240 - 60)
    assert difference(glyph, fit_square(unit[None, None])[0] * 2 - 1) < 1e-5
    assert difference(to_glyph(255 - grey, preprocessing="glyphs"), glyph) < 1e-5


def test_no_slow_imports():
    import subprocess

    code = "import sys, ebm.data.picture.to_glyph; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"scipy", "torchvision", "sklearn", "lightning"} & set(run.stdout.split())


@pytest.mark.parametrize("paper", [255, 205])
@pytest.mark.parametrize("degrees", [0, 45])
def test_a_bold_letter_in_the_middle_of_much_paper_stays_dark(paper: int, degrees: int):
    image = Image.new("L", (400, 400), paper)
    pen = ImageDraw.Draw(image)
    for x in (110, 180, 250):  # an m
        pen.rectangle((x, 135, x + 40, 265), fill=0)
    pen.rectangle((110, 135, 290, 160), fill=0)
    turned = image.rotate(degrees, fillcolor=paper)
    glyph = to_glyph(turned)
    assert glyph[0, :3].mean() < -0.9 and glyph.mean() < 0  # paper around it
    assert difference(glyph, to_glyph(Image.fromarray(255 - np.asarray(turned)))) < 0.05  # and so it is in the negative
