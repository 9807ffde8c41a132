"""The pen, the press and the pen corpus: recognisable, reproducible, visibly different from fount to fount."""

import numpy as np
import pytest
import torch

from ebm.data import pen_corpus
from ebm.data.corpus import Corpus, to_bytes, to_model_space
from ebm.data.pen import Fount, coverage, parse, textura_founts, write
from ebm.data.pen_corpus import COUNTS, class_counts, load_pen_corpus, print_glyph, split_labels
from ebm.data.press import CLEAN, Impression, develop, press
from ebm.data.roman import ROMAN
from ebm.data.sheet import clean_forms, contact_sheet
from ebm.data.sorts import SORTS, UNSEEN


def rng():
    return np.random.default_rng(0)


def test_the_case_holds_42_sorts_as_designed():
    names = [s.name for s in SORTS]
    assert len(names) == len(set(names)) == 42
    assert sum(name.endswith("-bar") for name in names) == 7 and sum(name.isupper() for name in names) == 9
    assert set(ROMAN) == set(names) and not set(UNSEEN) & set(names)


def test_a_ductus_is_read_as_strokes_of_points():
    strokes = parse("0,1 2,3 / ~.5,-1 1,1 2,0")
    assert [points.tolist() for points, _ in strokes] == [[[0, 1], [2, 3]], [[0.5, -1], [1, 1], [2, 0]]]
    assert [smooth for _, smooth in strokes] == [False, True]


def test_a_nib_moved_along_its_edge_leaves_a_hairline_and_across_it_the_full_width():
    fount = Fount(nib=1.0, hairline=0.1, angle=45.0, curvature=0.0, jitter=0.0)
    along = coverage("0,0 4,4", fount, extent=40).sum()
    across = coverage("0,4 4,0", fount, extent=40).sum()
    # A sweep of length L covers L * hairline or L * nib, and the nib itself at the ends.
    assert 5 < across / along < 12


def test_the_ink_is_centred_and_its_larger_side_is_the_extent():
    mask = coverage(SORTS[0].ductus, Fount(), extent=44) > 0.5
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    sides = (rows[-1] - rows[0] + 1) / 3, (columns[-1] - columns[0] + 1) / 3
    assert max(sides) == pytest.approx(44, abs=0.7)
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(84, abs=1.5)
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(84, abs=1.5)


def test_a_fount_always_writes_the_same_form_and_a_writing_trembles():
    fount = textura_founts(1)[0]
    ductus = SORTS[4].ductus
    same = [np.concatenate(write(ductus, fount)) for _ in range(2)]
    assert np.array_equal(*same)
    assert not np.array_equal(same[0], np.concatenate(write(ductus, fount, rng())))


def test_nearest_neighbour_reads_a_fount_it_has_not_seen():
    """Acceptance: leaving one fount out of a dozen, at least 97 % of clean renderings; no pair is confused twice."""
    forms = torch.stack([clean_forms(sort, 12) for sort in range(42)]).float().flatten(2)  # (42, 12, 3136)
    confused = []
    for left_out in range(12):
        others = [f for f in range(12) if f != left_out]
        distance = torch.cdist(forms[:, left_out], forms[:, others].reshape(-1, 3136))
        nearest = distance.argmin(1) // len(others)
        confused += [(SORTS[i].name, SORTS[int(j)].name) for i, j in enumerate(nearest) if i != int(j)]
    assert 1 - len(confused) / (42 * 12) >= 0.97, confused
    assert len(set(confused)) == len(confused), confused


def test_founts_differ_visibly():
    forms = clean_forms(0, 12).float() / 255
    pairs = [float((forms[i] - forms[j]).abs().mean()) for i in range(12) for j in range(i)]
    assert min(pairs) > 0.02  # a fiftieth of all pixels wholly changed


@pytest.mark.parametrize(
    "accident",
    [
        {"spread": 0.2}, {"roughness": 0.12}, {"wear": 0.5}, {"mottling": 0.3}, {"paper": 0.1, "grain": 0.03},
        {"shade": 0.5},
    ],
)  # fmt: skip
def test_each_accident_of_the_press_is_visible_and_none_hides_the_letter(accident):
    mask = coverage(SORTS[4].ductus, Fount())
    clean = press(mask, CLEAN, rng())
    printed = press(mask, Impression(**accident), rng())
    assert np.abs(clean - printed).max() > 0.05
    assert np.corrcoef(clean.ravel(), printed.ravel())[0, 1] > 0.85


def test_more_spread_is_more_ink():
    mask = coverage(SORTS[4].ductus, Fount())
    ink = [press(mask, Impression(spread=s), rng()).sum() for s in (-0.2, 0.0, 0.2)]
    assert ink[0] < ink[1] < ink[2]


def test_a_neighbours_edge_stays_at_the_edge():
    fount = Fount()
    alone = coverage(SORTS[8].ductus, fount, extent=40)
    right = coverage(SORTS[8].ductus, fount, extent=40, neighbour=(SORTS[0].ductus, 3.0)) - alone
    left = coverage(SORTS[8].ductus, fount, extent=40, neighbour=(SORTS[0].ductus, -3.0)) - alone
    assert right[:, 156:].sum() > 0 and right[:, :150].sum() == 0
    assert left[:, :12].sum() > 0 and left[:, 18:].sum() == 0


def test_developing_uses_the_whole_range():
    image = develop(np.array([[0.2, 0.4], [0.3, 0.6]]))
    assert image.tolist() == [[0, 128], [64, 255]] and image.dtype == np.uint8


def test_class_counts_are_uneven_but_none_is_below_60_and_all_is_as_in_the_real_corpus():
    counts = class_counts([s.frequency for s in SORTS], 16_171)
    assert counts.sum() == 16_171 and counts.min() >= 60 and counts.max() > 3 * counts.min()
    labels = split_labels(counts, seed=0)
    assert {split: len(y) for split, y in labels.items()} == COUNTS
    shares = [np.bincount(labels[split]) / counts for split in ("train", "val", "test")]
    assert np.abs(shares[0] - 0.7).max() < 0.01 and np.abs(shares[1] - 0.15).max() < 0.01


def test_a_glyph_is_a_pure_function_of_seed_and_number():
    founts = textura_founts(3)
    assert np.array_equal(print_glyph(5, 17, 3, founts), print_glyph(5, 17, 3, founts))
    assert not np.array_equal(print_glyph(5, 17, 3, founts), print_glyph(5, 18, 3, founts))
    assert not np.array_equal(print_glyph(5, 17, 3, founts), print_glyph(6, 17, 3, founts))


def test_bytes_and_model_space_are_inverse():
    images = torch.arange(256, dtype=torch.uint8).repeat(3, 56 * 56 // 256 + 1)[:, : 56 * 56].reshape(3, 56, 56)
    x = to_model_space(images)
    assert x.shape == (3, 1, 56, 56) and x.min() == -1 and x.max() == 1
    assert torch.equal(to_bytes(x), images)


@pytest.fixture
def quick_corpus(monkeypatch, small_corpus):
    """Replaces the making of the whole corpus, and counts how often that happens."""
    made = []

    def make(seed: int, progress: bool) -> Corpus:
        made.append(seed)
        return small_corpus

    monkeypatch.setattr(pen_corpus, "make_pen_corpus", make)
    return made


def test_the_corpus_is_cached_and_a_damaged_cache_is_made_again_with_a_warning(tmp_path, quick_corpus):
    first = load_pen_corpus(0, folder=tmp_path)
    again = load_pen_corpus(0, folder=tmp_path)
    assert quick_corpus == [0] and again.digest() == first.digest() and again.sorts == first.sorts
    (cache,) = tmp_path.iterdir()  # one file: no half-written ones are left
    for damage in (lambda b: b[:1000], lambda b: b[:-5] + b"xxxxx"):
        cache.write_bytes(damage(cache.read_bytes()))
        with pytest.warns(UserWarning, match="is damaged"):
            assert load_pen_corpus(0, folder=tmp_path).digest() == first.digest()
    assert quick_corpus == [0, 0, 0]


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path, quick_corpus):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.warns(UserWarning, match="could not be cached"):
        load_pen_corpus(0, folder=blocked / "cache")


def test_the_contact_sheet_has_a_row_a_sort(small_corpus):
    assert contact_sheet(small_corpus).height == len(small_corpus.sorts) * 56
