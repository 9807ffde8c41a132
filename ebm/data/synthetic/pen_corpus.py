"""The default corpus: 16,171 glyphs written by the pen, printed by the press, cached. Synthetic."""

import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping
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

COUNTS = {"train": 11_319, "val": 2_426, "test": 2_426}  # those of the real corpus
FOUNTS = 400
SMALLEST_CLASS = 60
# SHA-256 of the pixels and labels of seed 0: the corpus that the shipped models were trained on.
FROZEN = "ef507bd56422c643ac686073c65bfaac6df3881319f05d66354c519d4548b936"
UNSEEN_FROM = 10**7  # numbers of glyphs that no split holds
CHUNK = 200  # glyphs a worker makes before it reports


def class_counts(weights: Iterable[float], total: int) -> np.ndarray:
    """How many glyphs of each class, (C,) summing to total: uneven as in a text, none below 60.

    The weights are tempered (power 0.6), or a class as rare as z would have a handful of glyphs.
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
    """Class-stratified, shuffled labels per split.

    Args:
        counts: glyphs of each class (C,), of all splits together.
        seed: of the order.
        sizes: glyphs of each split, by default of the real corpus; val and test have the same.
    """
    per_split = {"val": _apportion(counts, sizes["val"])}
    per_split["test"] = per_split["val"].copy()
    per_split["train"] = counts - 2 * per_split["val"]
    labels = {split: np.repeat(np.arange(len(counts)), per_split[split]) for split in SPLITS}
    for number, split in enumerate(SPLITS):
        np.random.default_rng([seed, 3, number]).shuffle(labels[split])
    return labels


def print_glyph(seed: int, index: int, label: int, founts: list[Fount]) -> np.ndarray:
    """The glyph number `index` of the corpus: a pure function of its arguments, uint8 (56, 56)."""
    rng = np.random.default_rng([seed, 4, index])
    fount = founts[int(rng.integers(len(founts)))]
    return print_ductus(choose_form(SORTS[label].forms, fount, rng), fount, rng)


def unseen_founts(n: int = 2000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Glyphs of the known sorts in founts that no split of the corpus has: a new fount for every glyph.

    Args:
        n: how many glyphs.
        seed: of the corpus whose founts they are not.

    Returns:
        x float32 (n, 1, 56, 56) in [-1, 1], ink = +1; y int64 (n,), as frequent as in the corpus.

    Raises:
        ValueError: for n < 1.
    """
    if n < 1:
        raise ValueError(f"At least one glyph is needed, not n={n}.")
    founts = textura_founts(n, seed, first=FOUNTS)
    counts = class_counts([s.frequency for s in SORTS], sum(COUNTS.values()))
    labels = np.repeat(np.arange(len(SORTS)), _apportion(counts.astype(float), n))
    images = [print_glyph(seed, UNSEEN_FROM + k, int(label), founts[k : k + 1]) for k, label in enumerate(labels)]
    return to_model_space(torch.from_numpy(np.stack(images))), torch.from_numpy(labels)


def _print_chunk(seed: int, start: int, labels: np.ndarray) -> np.ndarray:
    founts = textura_founts(FOUNTS, seed)
    return np.stack([print_glyph(seed, start + i, int(label), founts) for i, label in enumerate(labels)])


def make_pen_corpus(seed: int = 0, progress: bool = True) -> Corpus:
    """Writes and prints the whole corpus on all cores; the same seed gives the same bytes."""
    from joblib import Parallel, delayed
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
    """The pen corpus from the cache, made first where there is none.

    Args:
        seed: of the corpus.
        progress: whether to show a progress bar while it is made.
        folder: of the cache; by default `cache_folder()`.
        make: what makes a corpus from seed and progress.

    A corrupt cache is rebuilt with a warning; a folder that can't be written costs only the cache.
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
    """Writes beside the target and renames, so that a killed run leaves no half cache."""
    tensors = {f"images.{split}": corpus.images[split] for split in SPLITS}
    tensors |= {f"labels.{split}": corpus.labels[split] for split in SPLITS}
    about = {"source": corpus.source, "digest": corpus.digest(), "sorts": json.dumps(corpus.sorts)}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(save(tensors, metadata=about))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


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
