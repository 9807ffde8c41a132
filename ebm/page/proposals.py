"""Which glyphs of a book to show a model next: the surest reading of each sort that it has not been shown yet."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Proposal:
    """A glyph that is proposed to be shown.

    Args:
        index: its place among the glyphs that were read.
        sort: how it was read, as the number of an output.
        probability: of this reading, in [0, 1].
        energy: of the glyph.
    """

    index: int
    sort: int
    probability: float
    energy: float


def propose(
    logits: Tensor,
    shown: Sequence[int] | Tensor = (),
    *,
    each: int = 1,
    sureness: float = 0.9,
    highest: float | None = None,
    temperature: float = 1.0,
    taken: Collection[int] = (),
) -> list[Proposal]:
    """Proposes glyphs of a book to be shown to a model, so that every sort has been shown.

    Of the glyphs that are read as one sort, the surest is the one with the highest logit: f(x)[y] is the model's log
    density of glyph and sort together, so it asks for a sure reading and for a typical glyph at once.

    Args:
        logits: of the book's glyphs by the adapted model, (N, outputs).
        shown: sorts of the glyphs that the model has been shown, as numbers of outputs, once for each glyph.
        each: glyphs of a sort wanted in all; sorts with as many are not proposed. 2 also proposes a second one of
            sorts with one glyph.
        sureness: lowest probability of a reading that is proposed, in [0, 1].
        highest: highest energy of a glyph that is proposed, as the model's threshold; None = any.
        temperature: the card's divisor of the logits in the probabilities, above 0.
        taken: places of glyphs that are not proposed again, since they were shown or refused.

    Returns:
        at most `each` less the glyphs shown, for each sort; the surest first.

    Raises:
        ValueError: for logits of another shape or of one output, or settings out of their range.
    """
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(f"Logits have the shape (N, outputs) with two outputs or more, not {tuple(logits.shape)}.")
    if each < 1 or not 0 <= sureness <= 1 or temperature <= 0:
        raise ValueError("At least one glyph of each sort is wanted, a sureness in [0, 1], a temperature above 0.")
    logits = logits.detach().float().cpu()
    energies = -torch.logsumexp(logits, 1)
    sure = (logits / temperature).softmax(1).max(1)
    is_open = (sure.values >= sureness) & torch.isfinite(energies)
    if highest is not None:
        is_open &= energies <= highest
    is_open[list(taken)] = False
    missing = Counter({sort: each for sort in range(logits.shape[1])})
    missing.subtract(torch.as_tensor(shown, dtype=torch.int64).tolist())
    proposals = []
    for index in logits.max(1).values.argsort(descending=True, stable=True).tolist():
        sort = int(sure.indices[index])
        if is_open[index] and missing[sort] > 0:
            missing[sort] -= 1
            proposals.append(Proposal(index, sort, float(sure.values[index]), float(energies[index])))
    return proposals
