"""Corpora by name, the data module, and glyphs printed from fonts."""

import pytest
import torch
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

import ebm
from ebm.data.batches import GlyphDataModule
from ebm.data.sources import load_corpus
from ebm.data.synthetic.font_corpus import font_mask, fonts_by_sort, make_font_corpus


def test_an_unknown_source_or_split_is_refused(tmp_path):
    with pytest.raises(ValueError, match="neither 'pen' nor a folder"):
        load_corpus(str(tmp_path / "missing"))
    with pytest.raises(ValueError, match="train, val, test"):
        ebm.data.load("pen", split="dev")


def test_the_data_module_gives_batches_in_model_space_and_shuffles_by_seed(small_corpus):
    first, again, other = (
        next(iter(GlyphDataModule(small_corpus, 16, seed=seed).train_dataloader())) for seed in (0, 0, 1)
    )
    x, y = first
    assert x.shape == (16, 1, 56, 56) and x.min() >= -1 and x.max() <= 1 and y.dtype == torch.int64
    assert torch.equal(x, again[0]) and not torch.equal(x, other[0])
    seen = torch.cat([y for _, y in GlyphDataModule(small_corpus).test_dataloader()])
    assert torch.equal(seen, small_corpus.labels["test"])


def make_font(path, characters):
    """A font whose every character is a filled rectangle, wider for each further character."""
    names = [".notdef", *(f"uni{ord(c):04X}" for c in characters)]
    glyphs = {}
    for k, name in enumerate(names):
        pen = TTGlyphPen(None)
        width = 100 + 80 * k
        for point in ((50, 0), (50, 700), (50 + width, 700), (50 + width, 0)):
            (pen.moveTo if point == (50, 0) else pen.lineTo)(point)
        pen.closePath()
        glyphs[name] = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): name for c, name in zip(characters, names[1:], strict=True)})
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Test", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_fonts_are_printed_by_the_press_and_a_lacking_sort_is_skipped(tmp_path):
    make_font(tmp_path / "one.ttf", "abc")
    make_font(tmp_path / "two.ttf", "ab")
    with pytest.warns(UserWarning, match="two.ttf lacks c"):
        having = fonts_by_sort(tmp_path)
    assert {name: len(paths) for name, paths in having.items()} == {"a": 2, "b": 2, "c": 1}
    mask = font_mask(tmp_path / "one.ttf", "a", extent=44)
    rows = (mask > 0.5).any(1).nonzero()[0]
    assert (rows[-1] - rows[0] + 1) / 3 == pytest.approx(44, abs=1)
    with pytest.warns(UserWarning):
        corpus = make_font_corpus(tmp_path, progress=False, sizes={"train": 140, "val": 30, "test": 30})
    assert corpus.sorts == ["a", "b", "c"] and "one.ttf, two.ttf" in corpus.source
    assert corpus.images["train"].shape == (140, 56, 56) and corpus.images["train"].dtype == torch.uint8


def test_a_folder_without_fonts_and_a_broken_font_are_named(tmp_path):
    with pytest.raises(ValueError, match="no .ttf or .otf"):
        fonts_by_sort(tmp_path)
    (tmp_path / "broken.ttf").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="broken.ttf is not a readable font"):
        fonts_by_sort(tmp_path)
