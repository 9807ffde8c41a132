"""Real print from a folder: what is read, what is counted, and the figures of it; glyphs stand in for crops."""

import os

import pytest
import torch
from helpers.cards import make_card
from PIL import Image

from ebm import data
from ebm.evaluation.real_print import measure_real_print, read_all, read_real_print
from ebm.evaluation.real_sheet import PER_ROW, real_sheet
from ebm.model.energy import EnergyNet, in_batches
from ebm.scoring.scores import score


@pytest.fixture
def model(reader):
    return reader


@pytest.fixture
def card(model, small_corpus):
    return make_card(model, sorts=small_corpus.sorts, texts=small_corpus.sorts)


def put(folder, name, images):
    """Pictures of images (N, 56, 56), ink = 255, in FOLDER/NAME."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    for k, image in enumerate(images):
        Image.fromarray(255 - image.numpy()).save(folder / name / f"{k:02}.png")


@pytest.fixture
def folder(tmp_path, small_corpus):
    """Four crops each of the first three sorts, and six of handwritten digits as strangers."""
    images, labels = small_corpus.images["test"], small_corpus.labels["test"]
    for number in range(3):
        put(tmp_path / "book" / "glyphs", small_corpus.sorts[number], images[labels == number][:4])
    digits = data.strangers("handwritten digits", 6, 0)
    put(tmp_path / "book" / "strangers", "digit", ((digits + 1) * 127.5).to(torch.uint8)[:, 0])
    return tmp_path / "book"


def test_crops_are_read_with_their_sorts_and_strangers_beside_them(folder, card):
    real = read_real_print(folder, card)
    assert real.name == "book" and real.glyphs.shape == (12, 1, 56, 56) and real.strangers.shape == (6, 1, 56, 56)
    assert real.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4 and real.stranger_names == ["digit"] * 6
    assert len(real.files) == 18 and not real.unreadable and not real.left_out


def test_the_figures_are_those_of_the_crops_one_by_one(folder, model, card):
    real = read_real_print(folder, card)
    report = measure_real_print(model, card, real, resamples=2)
    read = in_batches(model, model.get_logits, real.glyphs).argmax(1)
    right = read == real.labels
    assert report["n"] == 12 and report["n_strangers"] == 6
    assert report["accuracy"] == pytest.approx(float(right.double().mean()), abs=1e-5)
    assert sum(sum(row.values()) for row in report["confusions"].values()) == int((~right).sum())
    energies = score(model, real.glyphs)
    assert report["called_strangers"] == pytest.approx(float((energies > card.threshold).double().mean()), abs=1e-5)
    above = score(model, real.strangers)[None] > energies[:, None]
    assert report["ood"]["energy"]["auroc"] == pytest.approx(float(above.double().mean()), abs=1e-5)


def test_a_capital_may_be_called_cap(tmp_path, small_corpus, model):
    sorts = [*small_corpus.sorts[:5], "A"]
    put(tmp_path / "glyphs", "cap-A", small_corpus.images["test"][:2])
    assert read_real_print(tmp_path, make_card(model, sorts=sorts, texts=sorts)).labels.tolist() == [5, 5]


def test_unreadable_files_are_counted_and_named_and_foreign_sorts_left_out(folder, model, card):
    (folder / "glyphs" / "a" / "notes.txt").write_text("no picture")
    (folder / "strangers" / "digit" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "glyphs" / "a" / ".hidden").write_text("left out")
    put(folder / "glyphs", "thorn", torch.zeros(2, 56, 56, dtype=torch.uint8))
    report = measure_real_print(model, card, read_real_print(folder, card), resamples=0)
    assert report["unreadable"] == 2 and set(report["unreadable_files"]) == {
        "glyphs/a/notes.txt", "strangers/digit/cut.png"
    }  # fmt: skip
    assert str(folder) not in str(report["unreadable_files"]) and report["left_out"] == {"thorn": 2}
    assert report["n"] == 12


@pytest.mark.skipif(os.name != "posix", reason="names elsewhere are text")
def test_a_file_name_that_is_no_text_is_named_all_the_same(folder, card):
    try:
        (folder / "glyphs" / "a" / os.fsdecode(b"\xff.png")).write_text("no picture")
    except OSError:
        pytest.skip("this file system wants names that are text")
    assert list(read_real_print(folder, card).unreadable) == ["glyphs/a/?.png"]


def test_without_strangers_there_is_no_auroc_and_without_a_threshold_no_verdict(folder, model, card, small_corpus):
    for file in (folder / "strangers" / "digit").iterdir():
        file.unlink()
    uncalibrated = make_card(model, sorts=card.sorts, texts=card.sorts, threshold=None, reference_energies=[])
    report = measure_real_print(model, uncalibrated, read_real_print(folder, uncalibrated), resamples=0)
    assert "ood" not in report and report["called_strangers"] is None and report["accuracy"] > 0


def test_an_ebm_reads_nothing_but_tells_strangers(folder, small_corpus):
    net = EnergyNet(4, 1)
    for sorts in (small_corpus.sorts, []):  # an imported one names no sorts
        card = make_card(net, sorts=sorts, texts=sorts)
        real = read_real_print(folder, card)
        report = measure_real_print(net, card, real, resamples=0)
        assert "accuracy" not in report and set(report["ood"]) == {"energy", "mass"} and report["n"] == 12
        real_sheet(net, card, real)


@pytest.mark.parametrize(
    "made, words",
    [
        ([], "no folder 'glyphs'"),
        (["glyphs"], "named after a sort"),
        (["glyphs/a"], "named after a sort"),
        (["glyphs/thorn/x"], "named after a sort"),
        (["glyphs/a/x"], "picture that can be read"),
    ],
)
def test_a_wrong_folder_is_told_in_one_sentence(tmp_path, card, made, words):
    for path in made:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/x"):
            (tmp_path / path).write_text("no picture")
        else:
            (tmp_path / path).mkdir()
    with pytest.raises(ValueError, match=words):
        read_real_print(tmp_path, card)


def test_what_is_no_folder_is_told_in_one_sentence(tmp_path, folder, card):
    with pytest.raises(ValueError, match="There is no folder"):
        read_real_print(tmp_path / "none", card)
    (tmp_path / "book.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="unzip it first"):
        read_real_print(tmp_path / "book.zip", card)
    with pytest.raises(ValueError, match="Two folders of real print are called 'book'"):
        read_all([folder, folder], card)


def test_the_sheet_has_a_row_for_each_sort_and_kind_of_stranger(folder, model, card, small_corpus):
    before = real_sheet(model, card, read_real_print(folder, card))
    put(folder / "strangers", "blot", small_corpus.images["val"][: PER_ROW + 3])  # more than a row shows
    after = real_sheet(model, card, read_real_print(folder, card))
    assert before.height * 5 == after.height * 4 and before.width == after.width
