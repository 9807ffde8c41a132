"""A synthetic corpus of a few sorts, written and printed in seconds."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from ebm.data.corpus import SPLITS, Corpus
from ebm.data.synthetic.founts import textura_founts
from ebm.data.synthetic.pen_corpus import FOUNTS, print_glyph
from ebm.data.synthetic.sorts import SORTS

MOST_SORTS = 8
PER_SORT: Mapping[str, int] = {"train": 120, "val": 40, "test": 40}


def small_corpus(sorts: Sequence[str], seed: int = 0, per_sort: Mapping[str, int] = PER_SORT) -> Corpus:
    """Glyphs of a few sorts of the pen data; the same sorts and seed give the same bytes.

    Args:
        sorts: names, 1 to 8 of those in `ebm.data.synthetic.sorts`.
        seed: of founts, forms and printing.
        per_sort: split -> number of glyphs of each sort in it, at least 1.

    Returns:
        the corpus.

    Raises:
        ValueError: for an unknown sort, or too few or too many.
    """
    names = [sort.name for sort in SORTS]
    chosen = list(dict.fromkeys(sorts))
    if unknown := [name for name in chosen if name not in names]:
        raise ValueError(f"There is no sort {str(unknown[0])[:40]!r}; there are: {', '.join(names)}.")
    if not 1 <= len(chosen) <= MOST_SORTS:
        raise ValueError(f"Choose 1 to {MOST_SORTS} sorts, not {len(chosen)}.")
    founts = textura_founts(FOUNTS, seed)
    images, labels, index = {}, {}, 0
    for split in SPLITS:
        printed = []
        for _ in range(per_sort[split]):
            for name in chosen:
                printed.append(print_glyph(seed, index, names.index(name), founts))
                index += 1
        images[split] = torch.from_numpy(np.stack(printed))
        labels[split] = torch.arange(len(chosen)).repeat(per_sort[split])
    source = f"Synthetic: the sorts {', '.join(chosen)} of textura, {FOUNTS} founts, written by the pen, "
    return Corpus(images, labels, chosen, source + f"printed by the press on the spot, seed {seed}.", "pen")
