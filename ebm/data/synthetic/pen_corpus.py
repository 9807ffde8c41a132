"""The default corpus, which is synthetic: 16,171 glyphs written by the pen, printed by the press, cached."""

import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ebm.data.corpus import SIZE, SPLITS, Corpus, to_model_space
from ebm.data.synthetic.founts import Fount, choose_form, textura_founts
from ebm.data.synthetic.setting import print_ductus
from ebm.data.synthetic.sorts import SORTS
from ebm.system.places import cache_folder
from ebm.system.whole_file import whole_file

COUNTS = {"train": 11_319, "val": 2_426, "test": 2_426}  # the sizes of the real corpus
FOUNTS = 400
SMALLEST_CLASS = 60
# SHA-256 of the pixels and labels of seed 0, the corpus that the shipped models were trained on.
FROZEN = "ef507bd56422c643ac686073c65bfaac6df3881319f05d66354c519d4548b936"
UNSEEN_FROM = 10**7  # from here on the numbers of glyphs are in no split
CHUNK = 200  # glyphs that a worker makes before it reports


def class_counts(weights: Iterable[float], total: int) -> np.ndarray:
    """The number of glyphs of each class: uneven as in a text, but at least 60.

    The weights are tempered (power 0.6), because otherwise a rare class such as z would have only a few glyphs.

    Args:
        weights: of the C classes, above 0.
        total: number of glyphs.

    Returns:
        int (C,); its sum is the total.
    """
    share = np.array(list(weights), dtype=np.float64) ** 0.6
    return SMALLEST_CLASS + _apportion(share, total - SMALLEST_CLASS * len(share))


def _apportion(share: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to share (C,) that sum to total (largest remainders)."""
    exact = share / share.sum() * total
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    return counts


def split_labels(counts: np.ndarray, seed: int, sizes: Mapping[str, int] = COUNTS) -> dict[str, np.ndarray]:
    """Shuffled labels of each split, stratified by class.

    Args:
        counts: number of glyphs of each class (C,), of all splits together.
        seed: of the shuffles.
        sizes: number of glyphs of each split, by default of the real corpus; val and test have the same.

    Returns:
        split -> labels (N,).
    """
    per_split = {"val": _apportion(counts, sizes["val"])}
    per_split["test"] = per_split["val"].copy()
    per_split["train"] = counts - 2 * per_split["val"]
    labels = {split: np.repeat(np.arange(len(counts)), per_split[split]) for split in SPLITS}
    for number, split in enumerate(SPLITS):
        np.random.default_rng([seed, 3, number]).shuffle(labels[split])
    return labels


def print_glyph(seed: int, index: int, label: int, founts: list[Fount]) -> np.ndarray:
    """One glyph of the corpus, a pure function of the arguments.

    Args:
        seed: of the corpus.
        index: number of the glyph.
        label: its class.
        founts: the founts of the corpus.

    Returns:
        uint8 (56, 56), ink = 255.
    """
    rng = np.random.default_rng([seed, 4, index])
    fount = founts[int(rng.integers(len(founts)))]
    return print_ductus(choose_form(SORTS[label].forms, fount, rng), fount, rng)


def unseen_founts(n: int = 2000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Glyphs of the known sorts in founts that no split of the corpus has: a new fount for every glyph.

    Args:
        n: how many glyphs, at least 1.
        seed: of the corpus; its founts are not used.

    Returns:
        x float32 (n, 1, 56, 56) in [-1, 1], ink = +1; y int64 (n,), with the frequencies of the corpus.

    Raises:
        ValueError: for n < 1.
    """
    if n < 1:
        raise ValueError(f"At least one glyph is needed, not n={n}.")
    images, labels = _in_unseen_founts(n, seed)
    return to_model_space(torch.from_numpy(images)), torch.from_numpy(labels.copy())


@lru_cache(2)  # like the stranger sets: who measures several models needs them again
def _in_unseen_founts(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (n, 56, 56), not to be written to, and their sorts (n,)."""
    founts = textura_founts(n, seed, first=FOUNTS)
    counts = class_counts([s.frequency for s in SORTS], sum(COUNTS.values()))
    labels = np.repeat(np.arange(len(SORTS)), _apportion(counts.astype(float), n))
    images = [print_glyph(seed, UNSEEN_FROM + k, int(label), founts[k : k + 1]) for k, label in enumerate(labels)]
    return np.stack(images), labels


def _print_chunk(seed: int, start: int, labels: np.ndarray) -> np.ndarray:
    founts = textura_founts(FOUNTS, seed)
    return np.stack([print_glyph(seed, start + i, int(label), founts) for i, label in enumerate(labels)])


def make_pen_corpus(seed: int = 0, progress: bool = True) -> Corpus:
    """Writes and prints the whole corpus on all cores; the same seed gives the same bytes.

    Args:
        seed: of everything random.
        progress: whether to show a progress bar.

    Returns:
        the corpus.
    """
    from joblib import Parallel, delayed  # here, because a cached corpus does not need it
    from rich.progress import track

    labels = split_labels(class_counts([s.frequency for s in SORTS], sum(COUNTS.values())), seed)
    everything = np.concatenate([labels[split] for split in SPLITS])
    starts = range(0, len(everything), CHUNK)
    jobs = (delayed(_print_chunk)(seed, i, everything[i : i + CHUNK]) for i in starts)
    chunks = Parallel(n_jobs=-1, return_as="generator")(jobs)
    label = "Writing and printing 16,171 glyphs"
    images = np.concatenate(list(track(chunks, label, total=len(starts), disable=not progress)))
    ends = np.cumsum([len(labels[split]) for split in SPLITS])
    parts = dict(zip(SPLITS, np.split(images, ends[:-1]), strict=True))
    return Corpus(
        images={split: torch.from_numpy(parts[split]) for split in SPLITS},
        labels={split: torch.from_numpy(labels[split]) for split in SPLITS},
        sorts=[s.name for s in SORTS],
        source=f"Synthetic: 42 sorts of textura, {FOUNTS} founts, written by the pen, "
        f"printed by the press, seed {seed}.",
        preprocessing="pen",
    )


def load_pen_corpus(
    seed: int = 0,
    progress: bool = True,
    folder: Path | None = None,
    make: Callable[[int, bool], Corpus] = make_pen_corpus,
) -> Corpus:
    """Loads the pen corpus from the cache, or makes it and caches it.

    A damaged cache is made again with a warning. If the folder cannot be written, there is a warning and no cache.

    Args:
        seed: of the corpus.
        progress: whether to show a progress bar while it is made.
        folder: of the cache; by default `cache_folder()`.
        make: what makes a corpus from seed and progress.

    Returns:
        the corpus.
    """
    path = (folder or cache_folder()) / f"pen-{seed}-{FROZEN[:16]}.safetensors"
    if path.exists():
        try:
            return _read(path)
        except (SafetensorError, ValueError, KeyError, OSError) as error:
            warnings.warn(f"The cached corpus {path} is damaged ({error}); it is made again.", stacklevel=2)
    made = make(seed, progress)
    if seed == 0 and made.digest() != FROZEN:
        warnings.warn(
            "The corpus made here differs from the one that the shipped models were trained on: "
            "the libraries that draw it are of other versions, or its code was changed.",
            stacklevel=2,
        )
    try:
        _write(path, made)
    except OSError as error:
        warnings.warn(f"The corpus could not be cached in {path.parent} ({error}).", stacklevel=2)
    return made


def _write(path: Path, corpus: Corpus) -> None:
    tensors = {f"images.{split}": corpus.images[split] for split in SPLITS}
    tensors |= {f"labels.{split}": corpus.labels[split] for split in SPLITS}
    about = {"source": corpus.source, "digest": corpus.digest(), "sorts": json.dumps(corpus.sorts)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, several_writers=True) as file:
        file.write(save(tensors, metadata=about))


def _read(path: Path) -> Corpus:
    with safe_open(path, "pt") as file:
        about = file.metadata()
        corpus = Corpus(
            images={split: file.get_tensor(f"images.{split}") for split in SPLITS},
            labels={split: file.get_tensor(f"labels.{split}") for split in SPLITS},
            sorts=json.loads(about["sorts"]),
            source=about["source"],
            preprocessing="pen",
        )
    if corpus.digest() != about["digest"] or corpus.images["train"].shape[1:] != (SIZE, SIZE):
        raise ValueError("its contents do not match their digest")
    return corpus
