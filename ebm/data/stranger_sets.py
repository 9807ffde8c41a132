"""The out-of-distribution sets: one function each, and the dict that lists them. All but one are synthetic."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ebm.data.corpus import SIZE, to_model_space
from ebm.data.synthetic.founts import Fount, choose_form, round_founts, textura_founts
from ebm.data.synthetic.pen import CANVAS, parse
from ebm.data.synthetic.pen_corpus import FOUNTS
from ebm.data.synthetic.press import draw_impression, press, smooth_noise
from ebm.data.synthetic.roman import ROMAN
from ebm.data.synthetic.setting import print_ductus
from ebm.data.synthetic.sorts import SORTS, Sort
from ebm.data.synthetic.unseen import UNSEEN

Maker = Callable[[int, np.random.Generator], np.ndarray]  # (n, rng) -> uint8 (n, 56, 56), ink = 255

# Sorts that look like a sort when they are mirrored or turned upside down.
MIRROR_TWINS = {
    "b",
    "d",
    "i",
    "i-bar",
    "l",
    "m",
    "n",
    "o",
    "o-bar",
    "p",
    "p-bar",
    "q",
    "q-bar",
    "s",
    "u",
    "u-bar",
    "v",
    "x",
    "M",
}
TURNED_TWINS = {"b", "d", "i", "l", "long-s", "m", "n", "o", "p", "q", "r-rotunda", "s", "u", "v", "x", "z"}


@dataclass(frozen=True)
class StrangerSet:
    """A set of glyphs that every model should call strangers.

    Args:
        kind: "near" (made like the corpus, except for one thing) or "far".
        description: one line that the app and the reports show.
        make: (n, rng) -> uint8 (n, 56, 56), ink = 255.
    """

    kind: str
    description: str
    make: Maker


def _printed(ductuses: list[str], n: int, rng: np.random.Generator, founts: list[Fount]) -> np.ndarray:
    """Prints n glyphs, each of a random ductus in a random fount."""
    return np.stack(
        [print_ductus(ductuses[rng.integers(len(ductuses))], founts[rng.integers(len(founts))], rng) for _ in range(n)]
    )


def _known(sorts: list[Sort], n: int, rng: np.random.Generator) -> np.ndarray:
    """Prints n glyphs as the corpus has them, each of a random sort in a random fount."""
    founts = textura_founts(FOUNTS)
    return np.stack([_one(sorts[rng.integers(len(sorts))], founts[rng.integers(FOUNTS)], rng) for _ in range(n)])


def _one(sort: Sort, fount: Fount, rng: np.random.Generator) -> np.ndarray:
    return print_ductus(choose_form(sort.forms, fount, rng), fount, rng)


def other_script(n: int, rng: np.random.Generator) -> np.ndarray:
    """Type A: the same sorts in the forms of a humanist hand, written with a round pen."""
    return _printed(list(ROMAN.values()), n, rng, round_founts(FOUNTS))


def unseen_sorts(n: int, rng: np.random.Generator) -> np.ndarray:
    """Type B: digits, Greek and capitals never trained on, in the corpus's own founts."""
    return _printed(list(UNSEEN.values()), n, rng, textura_founts(FOUNTS))


def mirrored(n: int, rng: np.random.Generator) -> np.ndarray:
    """Glyphs of the corpus flipped left to right, without those that then match a sort."""
    return _known([s for s in SORTS if s.name not in MIRROR_TWINS], n, rng)[:, :, ::-1].copy()


def upside_down(n: int, rng: np.random.Generator) -> np.ndarray:
    """Glyphs of the corpus turned by 180 degrees, without those that then match a sort."""
    return _known([s for s in SORTS if s.name not in TURNED_TWINS], n, rng)[:, ::-1, ::-1].copy()


def blended(n: int, rng: np.random.Generator) -> np.ndarray:
    """Two different sorts printed over each other at half strength."""
    founts, images = textura_founts(FOUNTS), []
    for _ in range(n):
        pair = [SORTS[k] for k in rng.choice(len(SORTS), 2, replace=False)]
        first, second = (_one(sort, founts[rng.integers(FOUNTS)], rng) for sort in pair)
        images.append((first.astype(np.uint16) + second) // 2)
    return np.stack(images).astype(np.uint8)


def scramble(ductus: str, rng: np.random.Generator) -> str:
    """Moves and turns every stroke of a ductus separately: the same strokes, but no letter.

    Args:
        ductus: in the notation of `ebm.data.synthetic.sorts`.
        rng: decides how far each stroke goes.

    Returns:
        a ductus in the same notation.
    """
    strokes = []
    for points, smooth, corner, diamond in parse(ductus):
        if diamond:
            continue  # they belong to the end of a stroke, and would be alone
        turn = rng.uniform(0, 2 * np.pi)
        matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        middle = points.mean(0)
        moved = (points - middle) @ matrix + [1.2, 2.5] + rng.uniform(-1.8, 1.8, 2)
        strokes.append("~" * smooth + "^" * corner + " ".join(f"{x:.3f},{y:.3f}" for x, y in moved))
    return " / ".join(strokes)


def scrambled_strokes(n: int, rng: np.random.Generator) -> np.ndarray:
    """The strokes of a sort, each moved and turned separately."""
    founts = textura_founts(FOUNTS)
    several = [form for s in SORTS for form in s.forms if sum(not move.diamond for move in parse(form)) >= 3]
    ductuses = [scramble(several[rng.integers(len(several))], rng) for _ in range(n)]
    return np.stack([print_ductus(d, founts[rng.integers(FOUNTS)], rng) for d in ductuses])


def handwritten_digits(n: int, rng: np.random.Generator) -> np.ndarray:
    """Real handwriting: the 1,797 8x8 digits that come with scikit-learn, enlarged; a larger set repeats them."""
    from sklearn.datasets import load_digits  # here, because the import takes half a second

    digits = load_digits().images
    order = np.concatenate([rng.permutation(len(digits)) for _ in range(-(-n // len(digits)))])[:n]
    side = 44
    images = np.zeros((n, SIZE, SIZE), dtype=np.uint8)
    for image, k in zip(images, order, strict=True):
        small = Image.fromarray((digits[k] * (255 / 16)).astype(np.uint8))
        big = small.resize((side, side), Image.Resampling.BICUBIC)
        image[6 : 6 + side, 6 : 6 + side] = np.asarray(big)
    return images


def noise(n: int, rng: np.random.Generator) -> np.ndarray:
    """Uniform noise: every pixel is between paper and ink."""
    return rng.integers(0, 256, (n, SIZE, SIZE), dtype=np.uint8)


def blank_paper(n: int, rng: np.random.Generator) -> np.ndarray:
    """The corpus's paper with nothing printed on it."""
    empty = np.zeros((CANVAS, CANVAS), dtype=np.float32)
    scans = np.stack([press(empty, draw_impression(rng), rng) for _ in range(n)])
    return np.round(scans.clip(0, 1) * 255).astype(np.uint8)


def inverted(n: int, rng: np.random.Generator) -> np.ndarray:
    """Glyphs of the corpus with ink and paper exchanged."""
    return 255 - _known(list(SORTS), n, rng)


def textures(n: int, rng: np.random.Generator) -> np.ndarray:
    """Clouds, stripes and checks of random size."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    images = np.empty((n, SIZE, SIZE))
    for k in range(n):
        angle, period = rng.uniform(0, np.pi), rng.uniform(4, 20)
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period + rng.uniform(0, 6.3))
        other = np.sin(2 * np.pi * (y * np.cos(angle) - x * np.sin(angle)) / period)
        cloud = smooth_noise(rng, int(rng.integers(4, 20)))[::3, ::3]
        images[k] = (cloud, wave * 2, np.sign(wave * other) * 2)[k % 3]
    return np.round(255 / (1 + np.exp(-2 * images))).astype(np.uint8)


STRANGERS: dict[str, StrangerSet] = {
    "other script": StrangerSet("near", "Type A: the same sorts as a humanist hand writes them, with a round pen.", other_script),
    "unseen sorts": StrangerSet("near", "Type B: digits, Greek and capitals never trained on, in the same founts.", unseen_sorts),
    "mirrored": StrangerSet("near", "Known sorts flipped left to right.", mirrored),
    "upside down": StrangerSet("near", "Known sorts turned by 180 degrees.", upside_down),
    "blended": StrangerSet("near", "Two sorts printed over each other at half strength.", blended),
    "scrambled strokes": StrangerSet("near", "The strokes of a sort, each moved and turned by itself.", scrambled_strokes),
    "handwritten digits": StrangerSet("far", "Real handwritten digits (scikit-learn's load_digits), enlarged.", handwritten_digits),
    "noise": StrangerSet("far", "Every pixel random.", noise),
    "blank paper": StrangerSet("far", "Paper with nothing printed on it.", blank_paper),
    "inverted": StrangerSet("far", "Known glyphs, white on black.", inverted),
    "textures": StrangerSet("far", "Clouds, stripes and checks.", textures),
}  # fmt: skip

DOWNLOADS = ("MNIST", "EMNIST", "KMNIST", "Omniglot")  # optional, fetched by torchvision on demand


def strangers(name: str, n: int = 1000, seed: int = 0, root: str = "data") -> Tensor:
    """Makes n images of one stranger set.

    Args:
        name: a key of `STRANGERS`, or one of `DOWNLOADS`.
        n: how many, at least 1.
        seed: the same seed gives the same images.
        root: folder that torchvision downloads into.

    Returns:
        float32 (n, 1, 56, 56) in [-1, 1], ink = +1.

    Raises:
        ValueError: for an unknown name or n < 1.
    """
    if n < 1:
        raise ValueError(f"A stranger set needs at least one image, not n={n}.")
    if name in DOWNLOADS:
        return to_model_space(torch.from_numpy(_download(name, n, _stream(name, seed), root)))
    if name not in STRANGERS:
        raise ValueError(f"There is no stranger set {name!r}; there are: {', '.join([*STRANGERS, *DOWNLOADS])}.")
    return to_model_space(torch.from_numpy(_drawn(name, n, seed)))


# Who measures several models needs the same pictures again, and they take seconds to draw; 1,000 take 3 MB a set.
@lru_cache(2 * len(STRANGERS))
def _drawn(name: str, n: int, seed: int) -> np.ndarray:
    """The pictures of a set of ours, uint8 (n, 56, 56), not to be written to."""
    return STRANGERS[name].make(n, _stream(name, seed))


def _stream(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _download(name: str, n: int, rng: np.random.Generator, root: str) -> np.ndarray:
    """n random pictures of a torchvision data set, resized to 56x56, ink = 255."""
    from torchvision import datasets  # here, because the import takes a second

    options: dict[str, dict[str, object]] = {
        "EMNIST": {"split": "letters", "train": False},
        "Omniglot": {"background": False},
    }
    dataset = getattr(datasets, name)(root, download=True, **options.get(name, {"train": False}))
    picks = rng.permutation(len(dataset))[:n]
    pictures = [dataset[int(k)][0].convert("L").resize((SIZE, SIZE), Image.Resampling.BICUBIC) for k in picks]
    images = np.stack([np.asarray(picture) for picture in pictures])
    return 255 - images if name == "Omniglot" else images
