"""The tab Book without a browser: pages within bounds, readings of the visitor's own, files, teaching, endpoints."""

import csv
import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from helpers.made_page import make_page
from PIL import Image

import ebm
from app.models.loaded import LoadedModel, load
from app.page.page import build
from app.tabs.book.example_page import example_page, example_path
from app.tabs.book.files import write_files
from app.tabs.book.page_view import viewing
from app.tabs.book.pages import KEPT, Pages, bring, corrected, glyphs_of, named_in, read_by
from app.tabs.book.teaching import GlyphsToLearn, Look, proposals, teach
from ebm.page.read import ReadPage, WrongWayUp
from ebm.system.places import DEFAULT_CHECKPOINT


@pytest.fixture(scope="module")
def shipped() -> LoadedModel:
    return load(DEFAULT_CHECKPOINT)


@pytest.fixture(scope="module")
def page(shipped: LoadedModel) -> ReadPage:
    return bring(shipped, str(example_path()))


@pytest.fixture(scope="module")
def glyphs(checkpoint: Path, page: ReadPage) -> torch.Tensor:
    return glyphs_of(page, load(checkpoint))


def test_the_built_in_page_is_read_and_its_strangers_stand_out(shipped: LoadedModel, page: ReadPage) -> None:
    printed = example_page().glyphs
    assert sum(glyph.is_strange for glyph in printed) == 12
    assert abs(len(page.glyphs) - len(printed)) < 0.03 * len(printed)

    def energy(box: tuple[float, float, float, float]) -> float:
        """Of the glyph whose box is nearest."""
        return min(
            page.glyphs, key=lambda g: abs(g.at.box.left - box[0]) + abs(g.at.box.top - box[1])
        ).energy  # fmt: skip

    strange = torch.tensor([energy(glyph.box) for glyph in printed if glyph.is_strange])
    known = torch.tensor([energy(glyph.box) for glyph in printed if not glyph.is_strange])
    assert float((strange[:, None] > known[None]).double().mean()) > 0.9
    assert float((known > shipped.card.threshold).double().mean()) < 0.1


def test_a_page_is_refused_in_one_sentence_that_shows_no_path(shipped: LoadedModel, tmp_path: Path) -> None:
    Image.new("L", (400, 300), 230).save(tmp_path / "blank.png")
    Image.new("L", (7000, 6000), 230).save(tmp_path / "huge.png")
    (tmp_path / "text.png").write_text("no picture")
    for name in ("blank.png", "huge.png", "text.png"):
        with pytest.raises(ValueError) as refused:
            bring(shipped, str(tmp_path / name))
        assert name.split(".")[0] in str(refused.value).lower() and str(tmp_path) not in str(refused.value)
    make_page(lines=8).picture.rotate(180).save(tmp_path / "turned.png")
    with pytest.raises(WrongWayUp) as turned:
        bring(shipped, str(tmp_path / "turned.png"))
    assert turned.value.turn == 180
    assert len(bring(shipped, str(tmp_path / "turned.png"), 180).glyphs) > 130
    other = dataclasses.replace(shipped, card=dataclasses.replace(shipped.card, preprocessing="glyphs"))
    with pytest.raises(ValueError, match="pictures of another kind"):
        bring(other, str(example_path()))


def test_only_so_many_pages_are_kept(page: ReadPage) -> None:
    pages = Pages()
    first = pages.add(page)
    keys = [pages.add(page) for _ in range(KEPT)]
    assert pages.get(keys[-1]) is page
    for unknown in (first, "", None, {"id": 1}):
        with pytest.raises(ValueError, match="no longer kept"):
            pages.get(unknown)


def test_the_page_shows_every_glyph_and_gives_back_the_readings(shipped: LoadedModel, page: ReadPage) -> None:
    value = json.loads(json.dumps(viewing("key", page, shipped, {3: "a", 5: "ct-ligature"})))
    n = len(page.glyphs)
    assert all(len(value[name]) == n for name in ("box", "line", "sort", "share", "energy", "p"))
    assert value["sorts"][-1] == "ct-ligature" and value["threshold"] == shipped.card.threshold
    strange = sum(glyph.energy > shipped.card.threshold for glyph in page.glyphs)
    assert sum(energy > value["threshold"] for energy in value["energy"]) == strange
    named = named_in(value, page)
    assert named == {3: "a", 5: "ct-ligature"} and named_in(None, page) == {}
    for wrong in ({"99999": "a"}, {"-1": "a"}, {"x": "a"}, {"1": ""}, {"1": "../a"}, {"1": 3}, {"1": "x" * 41}, [1]):
        with pytest.raises(ValueError):
            named_in({"named": wrong}, page)


def test_case_and_table_hold_the_visitors_readings(page: ReadPage, tmp_path: Path) -> None:
    case, table = write_files(tmp_path, corrected(page, {0: "ct-ligature"}))
    names = zipfile.ZipFile(case).namelist()
    pictures = [name for name in names if "-line-" in name]
    assert len(pictures) == len(page.glyphs) and "case/page.html" in names and "case/glyphs.parquet" in names
    assert any("few/ct-ligature/" in name for name in names)
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert len(rows) == len(page.glyphs)
    assert rows[0]["sort"] == "ct-ligature" and rows[0]["probability"] == "" and rows[0]["is_sure"] == "1"
    assert float(rows[7]["energy"]) == pytest.approx(page.glyphs[7].energy, rel=1e-4)


def test_one_sure_glyph_of_each_sort_is_proposed(shipped: LoadedModel, page: ReadPage) -> None:
    found = proposals(shipped, page, {})
    assert 20 < len(found) == len(set(found.values()))
    for k, sort in found.items():
        assert page.glyphs[k].sort == sort and page.glyphs[k].is_sure and not page.glyphs[k].at.is_cut
    k, sort = next(iter(found.items()))
    more = proposals(shipped, page, {k: sort})
    assert sort not in more.values() and k not in more


def test_a_lesson_changes_how_the_page_is_read_and_may_go_on_to_printing(
    checkpoint: Path, page: ReadPage, glyphs: torch.Tensor
) -> None:
    tiny = load(checkpoint)
    named = {0: "a", 1: "ct-ligature"}
    *moments, taught = [
        seen if isinstance(seen, Look) else load(seen)
        for seen in teach(tiny, GlyphsToLearn.of(page, named, tiny), glyphs, steps=50, print_steps=50)
    ]
    assert isinstance(taught, LoadedModel)
    assert [seen.step for seen in moments] == [0, 25, 50, 75, 100] and len(moments[0].energies) == 600
    assert taught.card.sorts == [*tiny.card.sorts, "ct-ligature"]
    assert taught.card.threshold_rule.startswith("provisional") and "2 glyphs of 2 sorts" in taught.card.notes
    assert taught.card.made_with["printing"]["steps"] == 50 and "trained on to print in it" in taught.card.notes
    again = read_by(taught, page)
    assert [glyph.at for glyph in again.glyphs] == [glyph.at for glyph in page.glyphs]
    assert not torch.equal(moments[0].energies, moments[2].energies)
    assert not torch.equal(moments[2].energies, moments[-1].energies)


def test_what_cannot_be_taught_is_refused_in_one_sentence(
    checkpoint: Path, make_checkpoint, page: ReadPage, glyphs: torch.Tensor, tmp_path: Path
) -> None:
    tiny, ebm_only = load(checkpoint), load(make_checkpoint(tmp_path / "ebm.safetensors", outputs=1))
    lesson = GlyphsToLearn.of(page, {0: "a"}, tiny)
    with pytest.raises(ValueError, match="Name at least one glyph"):
        GlyphsToLearn.of(page, {}, tiny)
    for model, steps, said in ((tiny, 10, "50 to 1000"), (tiny, "x", "whole number"), (ebm_only, 50, "no sorts")):
        with pytest.raises(ValueError, match=said):
            next(teach(model, lesson, glyphs, steps=steps))
    with pytest.raises(ValueError, match="Learning to print takes 0 to 3000"):
        next(teach(tiny, lesson, glyphs, print_steps=-1))
    with pytest.raises(ValueError, match="proposes nothing"):
        proposals(ebm_only, page, {})


def test_programs_read_a_page_and_teach(url: str, tmp_path: Path) -> None:
    client = Client(url, verbose=False, download_files=str(tmp_path))
    read = client.predict(handle_file(example_path()), "", 0, api_name="/page")
    assert (read["width"], read["height"]) == example_page().picture.size and len(read["lines"]) > 40
    first = read["glyphs"][0]
    assert first["line"] == 1 and len(first["box"]) == 4 and isinstance(first["energy"], float)
    crops = []
    for k, glyph in enumerate(read["glyphs"][:3]):
        crops.append(tmp_path / f"{k}.png")
        Image.open(example_path()).crop(glyph["box"]).save(crops[-1])
    pictures = [handle_file(crop) for crop in crops]
    job = client.submit(pictures, ["B", "e", "a"], "", 50, 0, 25, api_name="/adapt")
    _, files = job.result(timeout=600)
    assert [seen[0]["step"] for seen in job.outputs()[:-1]] == [0, 25, 50, 75]
    weights, card = (Path(file) for file in files)
    card.rename(weights.with_suffix(".json"))
    assert {"adapted", "printing"} <= set(ebm.load(weights)[1].made_with)
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((300, 400), 230, np.uint8)).save(blank)
    with pytest.raises(AppError, match="lank"):
        client.predict(handle_file(blank), api_name="/page")
    with pytest.raises(AppError, match="name of a sort for each"):
        client.predict(pictures, ["a", "b"], api_name="/adapt")


def test_teaching_can_be_turned_off(checkpoint: Path) -> None:
    names = {f.api_name for f in build(checkpoint, training=False).fns.values()}
    assert "adapt" not in names and "page" in names
