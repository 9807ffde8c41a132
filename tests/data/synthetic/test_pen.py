"""The pen, the press and the pen corpus: recognisable, reproducible, visibly different from fount to fount."""

import hashlib

import numpy as np
import pytest
import torch

from ebm.data.corpus import Corpus, to_bytes, to_model_space
from ebm.data.sheet import clean_forms, contact_sheet
from ebm.data.synthetic.founts import Fount, choose_form, textura_founts
from ebm.data.synthetic.pen import Beside, coverage, parse, write
from ebm.data.synthetic.pen_corpus import (
    COUNTS,
    FOUNTS,
    class_counts,
    load_pen_corpus,
    print_glyph,
    split_labels,
    unseen_founts,
)
from ebm.data.synthetic.press import CLEAN, Impression, develop, press
from ebm.data.synthetic.roman import ROMAN
from ebm.data.synthetic.setting import print_form
from ebm.data.synthetic.sorts import SORTS
from ebm.data.synthetic.unseen import UNSEEN

FROZEN_SAMPLE = "5c05ac19b29347c61c9174439e36f71ac8a8f3ce4b9d474b4dae02dde396a60c"


def rng():
    return np.random.default_rng(0)


def test_the_case_holds_42_sorts_as_designed():
    names = [s.name for s in SORTS]
    assert len(names) == len(set(names)) == 42
    assert sum(name.endswith("-bar") for name in names) == 7 and sum(name.isupper() for name in names) == 9
    assert set(ROMAN) == set(names) and not set(UNSEEN) & set(names)


def test_a_ductus_is_read_as_strokes_of_points():
    strokes = parse("0,1 2,3 / ~.5,-1 1,1 2,0 / *-.5,4 / ~^0,0 1,1")
    assert [move.points.tolist() for move in strokes] == [
        [[0, 1], [2, 3]], [[0.5, -1], [1, 1], [2, 0]], [[-0.5, 4]], [[0, 0], [1, 1]],
    ]  # fmt: skip
    assert [move.smooth for move in strokes] == [False, True, False, True]
    assert [move.corner for move in strokes] == [False, False, False, True]
    assert [move.diamond for move in strokes] == [False, False, True, False]


def test_every_form_of_every_sort_is_different_and_can_be_read():
    forms = [form for sort in SORTS for form in sort.forms] + list(UNSEEN.values())
    assert len(set(forms)) == len(forms)
    for form in forms:
        for move in parse(form):
            assert move.points.shape[1] == 2 and (len(move.points) == 1) == move.diamond, form


def test_the_corner_of_the_nib_writes_thin_and_a_diamond_grows_with_the_fount_s_feet():
    thick, thin = (coverage(f"{mark}0,0 0,9", Fount(jitter=0.0, slant=0.0)).sum() for mark in ("", "^"))
    assert 0.35 < thin / thick < 0.6
    feet = [coverage("*0,.8 / 0,9 0,.8", Fount(jitter=0.0, foot=foot)) > 0.5 for foot in (0.0, 0.6, 1.2)]
    widths = [int(np.ptp(np.flatnonzero(mask.any(0)))) for mask in feet]
    assert widths[0] < widths[1] < widths[2]


def test_a_fount_writes_in_its_style_and_mostly_in_its_own_form():
    forms = ("first", "second", "third")
    quadrata = [choose_form(forms, Fount(style=0.0, seed=k)) for k in range(200)]
    bastarda = [choose_form(forms, Fount(style=1.0, seed=k)) for k in range(200)]
    assert quadrata.count("first") > 120 and bastarda.count("third") > 120
    fount, random = Fount(style=0.5, seed=3), rng()
    own = choose_form(forms, fount)
    taken = [choose_form(forms, fount, random) for _ in range(200)]
    assert taken.count(own) > 160 and len(set(taken)) > 1


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
    same = [np.concatenate([stroke.points for stroke in write(ductus, fount)]) for _ in range(2)]
    assert np.array_equal(*same)
    assert not np.array_equal(same[0], np.concatenate([stroke.points for stroke in write(ductus, fount, rng())]))


def test_nearest_neighbour_reads_a_fount_it_has_not_seen():
    """Leaving one fount out of forty, at least 85 % of clean renderings, though founts and allographs differ widely."""
    founts = 40
    forms = torch.stack([clean_forms(sort, founts) for sort in range(42)]).float().flatten(2)  # (42, 40, 3136)
    confused = []
    for left_out in range(founts):
        others = [f for f in range(founts) if f != left_out]
        distance = torch.cdist(forms[:, left_out], forms[:, others].reshape(-1, 3136))
        nearest = distance.argmin(1) // len(others)
        confused += [(SORTS[i].name, SORTS[int(j)].name) for i, j in enumerate(nearest) if i != int(j)]
    assert 1 - len(confused) / (42 * founts) >= 0.85, confused
    assert max(confused.count(pair) for pair in confused) <= founts // 4, confused


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
    minim = "0,4.2 0,.8"
    alone = coverage(minim, fount, extent=40)
    columns = np.flatnonzero(alone.any(0))
    right = coverage(minim, fount, extent=40, beside=[Beside(minim, 1, gap=2.0, shown=5.0)]) - alone
    left = coverage(minim, fount, extent=40, beside=[Beside(minim, -1, gap=2.0, shown=5.0)]) - alone
    seen = np.flatnonzero(right.any(0)) - columns[-1]  # three columns a pixel
    assert 5 <= seen[0] <= 8 and 13 <= seen[-1] <= 16
    seen = columns[0] - np.flatnonzero(left.any(0))
    assert 5 <= seen[-1] <= 8 and 13 <= seen[0] <= 16


def test_a_neighbour_stands_under_an_overhanging_flag():
    long_s, minim = "0,6 0,.8 / 0,6.5 3,6.5", "0,4.2 0,.8"
    alone = coverage(long_s, Fount(jitter=0.0))
    mask = coverage(long_s, Fount(jitter=0.0), beside=[Beside(minim, 1, gap=-4.0, shown=4.0)])
    under = np.flatnonzero((mask - alone).any(0))
    assert under.size and under[0] < np.flatnonzero(alone.any(0))[-1]


def test_nine_glyphs_in_ten_are_set_between_two_near_neighbours():
    mask, seen = coverage(SORTS[4].ductus, Fount()), []

    def form(**setting):
        seen.append(setting["beside"])
        return mask

    random = rng()
    for _ in range(200):
        print_form(form, random, ["left", "right"])
    between = [beside for beside in seen if beside]
    assert 0.82 < len(between) / len(seen) < 0.97
    assert all([(other.item, other.side) for other in beside] == [("left", -1), ("right", 1)] for beside in between)
    gaps = np.array([other.gap for beside in between for other in beside])
    assert gaps.max() <= 4 and (gaps >= 0).mean() > 0.8


def test_the_paper_of_printed_glyphs_is_white_and_flat():
    founts = textura_founts(FOUNTS)
    images = np.stack([print_glyph(0, k, k % len(SORTS), founts) for k in range(84)])
    assert np.median(np.median(images, (1, 2))) <= 12  # -0.9 in the model's space, as what `to_glyph` makes of scans


def test_developing_uses_the_whole_range():
    scan = np.full((56, 56), 0.1)
    scan[10:40, 20:30], scan[0, 0] = 0.9, 0.5
    image = develop(scan)
    assert image.dtype == np.uint8 and image[50, 50] == 0 and image[20, 25] == 255 and image[0, 0] in (127, 128)


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


class Maker:
    """Makes the small corpus in the place of the whole one, and keeps the seeds that it was asked for."""

    def __init__(self, corpus: Corpus):
        self.corpus, self.seeds = corpus, []

    def __call__(self, seed: int, progress: bool) -> Corpus:
        self.seeds.append(seed)
        return self.corpus


@pytest.fixture
def maker(small_corpus):
    return Maker(small_corpus)


def test_the_corpus_is_cached_and_a_damaged_cache_is_made_again_with_a_warning(tmp_path, maker):
    first = load_pen_corpus(7, folder=tmp_path, make=maker)
    again = load_pen_corpus(7, folder=tmp_path, make=maker)
    assert maker.seeds == [7] and again.digest() == first.digest() and again.sorts == first.sorts
    (cache,) = tmp_path.iterdir()  # one file: no half-written ones are left
    for damage in (lambda b: b[:1000], lambda b: b[:-5] + b"xxxxx"):
        cache.write_bytes(damage(cache.read_bytes()))
        with pytest.warns(UserWarning, match="is damaged"):
            assert load_pen_corpus(7, folder=tmp_path, make=maker).digest() == first.digest()
    assert maker.seeds == [7, 7, 7]


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path, maker):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.warns(UserWarning, match="could not be cached"):
        load_pen_corpus(7, folder=blocked / "cache", make=maker)


def test_a_corpus_that_is_not_the_frozen_one_is_told(tmp_path, maker):
    with pytest.warns(UserWarning, match="differs from the one"):
        load_pen_corpus(0, folder=tmp_path, make=maker)


def test_the_drawing_has_not_changed_since_the_corpus_was_frozen():
    """Whoever changes forms, pen or press on purpose makes the corpus anew and freezes both digests again."""
    founts = textura_founts(FOUNTS)
    images = [print_glyph(0, k, k % len(SORTS), founts) for k in range(3 * len(SORTS))]
    assert hashlib.sha256(np.stack(images).tobytes()).hexdigest() == FROZEN_SAMPLE


def test_unseen_founts_are_known_sorts_in_other_founts():
    x, y = unseen_founts(60, seed=1)
    assert x.shape == (60, 1, 56, 56) and x.dtype == torch.float32 and x.min() == -1 and x.max() == 1
    assert y.shape == (60,) and y.dtype == torch.int64 and len(y.unique()) > 30
    assert torch.equal(x, unseen_founts(60, seed=1)[0]) and not torch.equal(x, unseen_founts(60, seed=2)[0])
    known = textura_founts(FOUNTS, 1)
    assert not {fount.seed for fount in textura_founts(60, 1, first=FOUNTS)} & {fount.seed for fount in known}
    with pytest.raises(ValueError, match="At least one"):
        unseen_founts(0)


def test_the_contact_sheet_has_a_row_a_sort(small_corpus):
    assert contact_sheet(small_corpus).height == len(small_corpus.sorts) * 56
