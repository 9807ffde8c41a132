"""Where glyphs come from: the pen, a GLYPHS folder, a folder of pictures, or fonts."""

from pathlib import Path

from torch import Tensor

from ebm.data.corpus import SPLITS, Corpus, to_model_space


def load_corpus(source: str = "pen", *, founts: str | None = None, seed: int = 0, progress: bool = True) -> Corpus:
    """Loads a corpus from any source.

    Args:
        source: "pen" (made at the first use, then cached), a GLYPHS folder of .npy files, or a folder
            with one sub-folder of pictures per class.
        founts: a folder of TTF or OTF files to print from instead of the pen.
        seed: of the pen corpus, or of the split of a picture folder.
        progress: whether to show a progress bar while a corpus is made.

    Returns:
        the corpus.

    Raises:
        ValueError: one sentence naming the file and what is wrong with it.
    """
    if founts is not None:
        from ebm.data.synthetic.font_corpus import make_font_corpus

        return make_font_corpus(Path(founts), seed=seed, progress=progress)
    if source == "pen":
        from ebm.data.synthetic.pen_corpus import load_pen_corpus

        return load_pen_corpus(seed, progress)
    folder = Path(source)
    if not folder.is_dir():
        raise ValueError(f"{source!r} is neither 'pen' nor a folder; give a GLYPHS folder or a folder of pictures.")
    from ebm.data.folders import read_glyphs_folder, read_image_folder

    if any(folder.glob("*.npy")):
        return read_glyphs_folder(folder)
    return read_image_folder(folder, seed=seed)


def load(
    source: str = "pen", split: str = "train", *, founts: str | None = None, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Loads one split of a corpus as tensors.

    Args:
        source: as in `load_corpus`.
        split: "train", "val" or "test".
        founts: as in `load_corpus`.
        seed: as in `load_corpus`.

    Returns:
        x float32 (N, 1, 56, 56) in [-1, 1], ink = +1, and y int64 (N,).

    Raises:
        ValueError: for an unknown split or a faulty source.
    """
    if split not in SPLITS:
        raise ValueError(f"There is no split {split!r}; there are: {', '.join(SPLITS)}.")
    corpus = load_corpus(source, founts=founts, seed=seed)
    return to_model_space(corpus.images[split]), corpus.labels[split]
