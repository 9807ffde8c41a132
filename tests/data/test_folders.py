"""Corpora from a folder, on small files of exactly the real form."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from ebm.data.folders import read_glyphs_folder, read_image_folder
from ebm.data.picture.to_glyph import to_glyph

COUNTS = {"train": 8, "val": 4, "test": 4}


def arrays(n, classes=4, shape=(70, 60), dtype=np.uint8, seed=0):
    images = np.random.default_rng(seed).integers(0, 256, (n, *shape)).astype(dtype)
    return images, np.arange(n) % classes


def write(file, *parts):
    with file.open("wb") as stream:
        for part in parts:
            np.save(stream, part)


@pytest.fixture
def glyphs(tmp_path):
    for seed, (split, n) in enumerate(COUNTS.items()):
        write(tmp_path / f"{split}.npy", *arrays(n, seed=seed))
    return tmp_path


def test_glyphs_folder(glyphs):
    corpus = read_glyphs_folder(glyphs)
    assert corpus.sorts == ["0", "1", "2", "3"] and corpus.preprocessing == "glyphs"
    assert glyphs.name in corpus.source and corpus.strangers == {}
    for split, n in COUNTS.items():
        assert corpus.images[split].shape == (n, 56, 56)
        assert corpus.images[split].dtype == torch.uint8
        assert corpus.labels[split].dtype == torch.int64
        assert corpus.labels[split].tolist() == [i % 4 for i in range(n)]


def test_each_image_is_scaled_by_itself_and_never_inverted(glyphs):
    ramp = np.tile(np.linspace(3.0, 4.0, 56), (56, 1))
    images = np.stack([ramp, 1000 * ramp, ramp.T - 9, ramp[:, ::-1]])
    write(glyphs / "train.npy", images, np.arange(4))
    read = read_glyphs_folder(glyphs).images["train"].float() / 255
    expected = torch.from_numpy(np.stack([ramp - 3, ramp - 3, ramp.T - 3, ramp[:, ::-1] - 3]))
    assert torch.allclose(read, expected.float(), atol=0.003)


@pytest.mark.parametrize("shape", [(56, 56), (57, 200), (200, 57), (20, 30), (1, 9)])
@pytest.mark.parametrize("dtype", ["u1", ">u2", "i8", "f2", "f8"])
def test_sizes_and_numbers_are_those_of_torchvision(glyphs, shape, dtype):
    from torchvision.transforms.v2 import functional as tv

    images, labels = arrays(4, shape=shape, dtype=dtype)
    write(glyphs / "val.npy", images, labels)
    read = read_glyphs_folder(glyphs).images["val"]
    some = torch.from_numpy(images.astype(np.float32))
    low, high = some.amin((1, 2), keepdim=True), some.amax((1, 2), keepdim=True)
    unit = ((some - low) / (high - low)).unsqueeze(1)
    expected = tv.center_crop(tv.resize(unit, 56, antialias=True), [56, 56]).squeeze(1) * 255
    assert (read.float() - expected).abs().max() < 1


def test_many_images_are_read_in_order(glyphs):
    images = np.zeros((300, 190, 170), np.uint8)
    images[np.arange(300), np.arange(300) % 56, np.arange(300) // 2] = 255
    write(glyphs / "train.npy", images, np.zeros(300, int))
    write(glyphs / "val.npy", images[290:291], np.zeros(1, int))
    corpus = read_glyphs_folder(glyphs)
    assert torch.equal(corpus.images["train"][290], corpus.images["val"][0])


def test_strangers_and_names(glyphs):
    np.save(glyphs / "ood_ta.npy", arrays(3)[0])
    np.save(glyphs / "ood_tb.npy", arrays(5, shape=(56, 80))[0].astype(float))
    (glyphs / "names.txt").write_text("a\nlong s\nſ\nd\ne\n", encoding="utf-8")
    corpus = read_glyphs_folder(str(glyphs))
    assert corpus.sorts == ["a", "long s", "ſ", "d", "e"]
    assert {name: tuple(x.shape) for name, x in corpus.strangers.items()} == {
        "type A": (3, 56, 56),
        "type B": (5, 56, 56),
    }


IMAGES, LABELS = arrays(8)
NAN, CONSTANT = IMAGES.astype(float), IMAGES.copy()
NAN[5, 3, 3] = np.nan
CONSTANT[6] = 9


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([IMAGES], "only one array"),
        ([IMAGES, LABELS[:5]], "8 images but 5 labels"),
        ([IMAGES, LABELS.astype(float)], "labels must be integers"),
        ([IMAGES, LABELS[:, None]], "labels must be integers of shape"),
        ([IMAGES, LABELS - 1], "-1 is not a label"),
        ([IMAGES, LABELS.astype(np.uint64) + 2**63], "not a label"),
        ([IMAGES > 3, LABELS], "integer or float"),
        ([IMAGES.astype(complex), LABELS], "integer or float"),
        ([IMAGES.astype(str), LABELS], "integer or float"),
        ([np.array([[[None]]]), LABELS], "objects"),
        ([IMAGES[0], LABELS], r"\(N, H, W\)"),
        ([IMAGES[:0], LABELS[:0]], "empty"),
        ([IMAGES[:, :0], LABELS], "empty"),
        ([NAN, LABELS], "image 5 holds NaN"),
        ([CONSTANT, LABELS], "image 6 is constant"),
        ([], "no complete"),
    ],
)
def test_bad_splits_are_named(glyphs, parts, words):
    write(glyphs / "val.npy", *parts)
    with pytest.raises(ValueError, match=words) as caught:
        read_glyphs_folder(glyphs)
    assert "val.npy" in str(caught.value) and "\n" not in str(caught.value)


def test_missing_and_broken_files(glyphs, tmp_path):
    whole = (glyphs / "test.npy").read_bytes()
    for keep in (10, 200, len(whole) - 8):
        (glyphs / "test.npy").write_bytes(whole[:keep])
        with pytest.raises(ValueError, match="test.npy"):
            read_glyphs_folder(glyphs)
    (glyphs / "test.npy").unlink()
    with pytest.raises(ValueError, match="has no test.npy"):
        read_glyphs_folder(glyphs)
    with pytest.raises(ValueError, match="not a folder"):
        read_glyphs_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("a\nb\nc\n", r"train.npy: label 3 is outside 0..2"),
        ("a\nb\nb\nd", "names.txt"),
        ("a\n\nc\nd", "names.txt"),
    ],
)
def test_bad_names(glyphs, names, words):
    (glyphs / "names.txt").write_text(names)
    with pytest.raises(ValueError, match=words):
        read_glyphs_folder(glyphs)


def test_names_in_another_encoding(glyphs):
    (glyphs / "names.txt").write_bytes(b"a\nb\nc\n\xff")
    with pytest.raises(ValueError, match="names.txt is not text"):
        read_glyphs_folder(glyphs)


def test_a_huge_label_does_not_make_a_billion_names(glyphs):
    write(glyphs / "val.npy", IMAGES, LABELS + 10**9)
    with pytest.raises(ValueError, match="only 20 glyphs"):
        read_glyphs_folder(glyphs)


def test_broken_strangers_are_named(glyphs):
    np.save(glyphs / "ood_tb.npy", CONSTANT)
    with pytest.raises(ValueError, match="ood_tb.npy: image 6 is constant"):
        read_glyphs_folder(glyphs)


def draw(kind, number):
    image = Image.new("L", (64, 64), 255)
    pen = ImageDraw.Draw(image)
    pen.line([(10 + number, 8), (10 + number, 50)], fill=0, width=6)
    if kind == "cross":
        pen.line([(4, 30), (50, 30)], fill=0, width=5)
    elif kind == "hook":
        pen.line([(10 + number, 50), (50, 50)], fill=0, width=7)
    return image


@pytest.fixture
def pictures(tmp_path):
    for kind, n in {"cross": 20, "hook": 7, "stem": 10}.items():
        (tmp_path / kind).mkdir()
        for number in range(n):
            draw(kind, number).save(tmp_path / kind / f"{number:02}.png")
    return tmp_path


def test_image_folder(pictures):
    corpus = read_image_folder(pictures)
    assert corpus.sorts == ["cross", "hook", "stem"] and corpus.preprocessing == "pen"
    sizes = {split: len(labels) for split, labels in corpus.labels.items()}
    assert sizes == {"train": 25, "val": 6, "test": 6}
    for split, labels in corpus.labels.items():
        assert corpus.images[split].shape == (len(labels), 56, 56)
        assert corpus.images[split].dtype == torch.uint8 and labels.dtype == torch.int64
        assert set(labels.tolist()) == {0, 1, 2}


def test_image_folder_goes_through_to_glyph_and_loses_nothing(pictures):
    corpus = read_image_folder(pictures)
    read = sorted(
        (int(y), x.numpy().tobytes())
        for split in corpus.images
        for x, y in zip(corpus.images[split], corpus.labels[split], strict=True)
    )
    expected = sorted(
        (label, (to_glyph(file) + 1).mul(127.5).round().to(torch.uint8).numpy().tobytes())
        for label, kind in enumerate(corpus.sorts)
        for file in (pictures / kind).iterdir()
    )
    assert read == expected


def test_the_split_is_seeded(pictures):
    first, again, other = (read_image_folder(pictures, seed=seed) for seed in (3, 3, 4))
    assert first.digest() == again.digest() != other.digest()


def test_bad_pictures_are_named(pictures):
    (pictures / "hook" / "03.png").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match="03.png"):
        read_image_folder(pictures)
    Image.new("L", (50, 50), 200).save(pictures / "hook" / "03.png")
    with pytest.raises(ValueError, match="03.png.*blank"):
        read_image_folder(pictures)


def test_too_few_pictures_or_classes(pictures, tmp_path):
    (pictures / "hook" / "03.png").unlink()
    with pytest.raises(ValueError, match="hook has 6 pictures: at least 7"):
        read_image_folder(pictures)
    for kind in ("hook", "stem"):
        for file in (pictures / kind).iterdir():
            file.unlink()
    with pytest.raises(ValueError, match="hook"):
        read_image_folder(pictures)
    for kind in ("hook", "stem"):
        (pictures / kind).rmdir()
    with pytest.raises(ValueError, match="only the class 'cross'"):
        read_image_folder(pictures)
    with pytest.raises(ValueError, match="not a folder"):
        read_image_folder(tmp_path / "nowhere")


def test_a_folder_without_classes(tmp_path):
    with pytest.raises(ValueError, match="pictures per class"):
        read_image_folder(tmp_path)
