"""A page read by a model, and the case of sorts that is written of it."""

import re

import numpy as np
import pytest
from helpers.cards import make_card
from helpers.command_line import run
from helpers.made_page import make_page
from PIL import Image
from pyarrow import parquet

import ebm
from ebm.page import read_page, write_case
from ebm.page.case import folder_of
from ebm.system.places import DEFAULT_CHECKPOINT


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "made <page>.png"
    make_page(lines=10).picture.save(path)
    return path


@pytest.fixture(scope="module")
def shipped():
    return ebm.load(DEFAULT_CHECKPOINT)


def test_the_case_holds_every_glyph_once_and_loads_as_a_corpus(scan, shipped, tmp_path):
    page = read_page(scan, *shipped)
    write_case([page], tmp_path / "case")
    table = parquet.read_table(tmp_path / "case" / "glyphs.parquet").to_pylist()
    assert len(table) == len(page.glyphs) == 180
    pictures = {path.relative_to(tmp_path / "case").as_posix() for path in (tmp_path / "case").rglob("*-line-*.png")}
    assert {row["file"] for row in table} == pictures
    corpus = ebm.data.load_corpus(str(tmp_path / "case" / "glyphs"))
    assert set(corpus.sorts) <= {folder_of(sort) for sort in shipped[1].sorts}
    # What is read again from the case is what the page's crop was read as.
    row = next(row for row in table if row["file"].startswith("glyphs/"))
    again = ebm.verdict(*shipped, ebm.to_glyph(tmp_path / "case" / row["file"]))
    assert again.energy == pytest.approx(row["energy"], abs=1e-3)
    assert again.top[0] == (row["sort"], pytest.approx(row["probability"], abs=1e-3))
    assert again.p_value == pytest.approx(row["p_value"], abs=1e-3)


def test_the_page_is_shown_as_a_picture_and_as_one_file_without_others(scan, shipped, tmp_path):
    page = read_page(scan, *shipped)
    write_case([page], tmp_path / "case")
    assert Image.open(tmp_path / "case" / "page.png").size == Image.open(scan).size
    text = (tmp_path / "case" / "page.html").read_text(encoding="utf-8")
    assert text.count("<rect ") == len(page.glyphs)
    assert not re.search(r"(?:src|href)=['\"](?!data:)", text) and "<page>" not in text


def test_nothing_in_a_folder_is_written_over(scan, shipped, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        write_case([read_page(scan, *shipped)], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_capitals_have_folders_of_their_own_on_every_system():
    assert folder_of("A") == "cap-A" and folder_of("a") == "a"
    assert len({folder_of(sort).lower() for sort in ("A", "a", "long-s", "q-bar", "Q")}) == 5


@pytest.mark.parametrize(("turned", "words"), [(90, "sideways"), (180, "upside down"), (270, "sideways")])
def test_a_page_that_lies_wrongly_is_told_and_read_when_turned(scan, shipped, tmp_path, turned, words):
    path = tmp_path / "turned.png"
    Image.open(scan).rotate(turned, expand=True).save(path)  # counter-clockwise
    with pytest.raises(ValueError, match=words) as told:
        read_page(path, *shipped)
    assert f"--turn {turned}" in str(told.value)
    assert len(read_page(path, *shipped, turn=turned).glyphs) == 180


def test_a_photo_is_reported_in_a_sentence(shipped, tmp_path):
    rng = np.random.default_rng(0)
    texture = sum(
        np.asarray(Image.fromarray(rng.uniform(0, 255, (side, side)).astype(np.uint8)).resize((900, 700)), float)
        for side in (7, 30, 120, 300)
    )
    path = tmp_path / "cat.jpg"
    Image.fromarray((texture / 4).astype(np.uint8)).convert("RGB").save(path)
    try:
        told = read_page(path, *shipped).warning
    except ValueError as error:
        told = str(error)
    assert told and "\n" not in told


def test_a_single_letter_is_a_page_of_one(tmp_path, tiny):
    _, net, _ = tiny
    page = make_page(lines=1, rubric=False)
    left, top, right, bottom = page.boxes[1].astype(int)
    path = tmp_path / "letter.png"
    page.picture.crop((left - 3, top - 20, right + 3, bottom + 20)).save(path)
    assert len(read_page(path, net, make_card(net)).glyphs) == 1


def test_the_command_reads_several_and_says_which_could_not_be(scan, tiny, tmp_path):
    path, *_ = tiny
    blank = tmp_path / "blank.png"
    Image.new("RGB", (300, 200), "white").save(blank)
    printed, told = run(
        "page", scan, blank, scan, "--out", tmp_path / "case", "--checkpoint", path, "--turn", "0", code=1
    )
    assert printed.count("10 lines, 180 glyphs") == 2 and "blank" in told
    assert {file.name for file in (tmp_path / "case").glob("page-*.html")} == {
        "page-001-made <page>.html", "page-002-made <page>.html",
    }  # fmt: skip
    assert parquet.read_table(tmp_path / "case" / "glyphs.parquet").num_rows == 360
    run("page", scan, "--out", tmp_path / "case", "--checkpoint", path, code=2)
