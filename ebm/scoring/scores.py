"""Scores that separate strangers from known glyphs, thresholds on them, and the verdict on one glyph.

A higher score always means stranger. Strangers are the positive class in every rate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ebm.model.energy import EnergyNet, in_batches
from ebm.model.gradient import frozen

if TYPE_CHECKING:
    from ebm.checkpoint.card import Card


def energy(model: EnergyNet, x: Tensor) -> Tensor:
    """E(x) = -logsumexp_y f(x)[y] of glyphs (N, 1, 56, 56), the negative unnormalised log q(x): (N,)."""
    with torch.no_grad():
        return model.energy(x)


def conditional_energy(model: EnergyNet, x: Tensor) -> Tensor:
    """E(x, y) at the likeliest class, -max_y f(x)[y], of glyphs (N, 1, 56, 56): (N,)."""
    with torch.no_grad():
        return -model.get_logits(x).amax(1)


def max_softmax(model: EnergyNet, x: Tensor) -> Tensor:
    """1 - max_y p(y | x), in [0, 1], of glyphs (N, 1, 56, 56): (N,) (Hendrycks & Gimpel 2017)."""
    with torch.no_grad():
        return 1 - model.get_logits(x).softmax(1).amax(1)


def approximate_mass(model: EnergyNet, x: Tensor) -> Tensor:
    """The norm of d log q(x) / dx, of glyphs (N, 1, 56, 56): (N,) (Grathwohl et al. 2020, Sec. 5.3.3, times -1)."""
    with frozen(model), torch.enable_grad():
        at = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(model(at).sum(), at)
    return gradient.flatten(1).norm(dim=1)


SCORES: dict[str, Callable[[EnergyNet, Tensor], Tensor]] = {
    "energy": energy,
    "conditional_energy": conditional_energy,
    "msp": max_softmax,
    "mass": approximate_mass,
}


def scores_for(model: EnergyNet) -> dict[str, Callable[[EnergyNet, Tensor], Tensor]]:
    """The scores of a model by name; an EBM has no classes, so it has only energy and mass."""
    return SCORES if model.outputs > 1 else {name: SCORES[name] for name in ("energy", "mass")}


def score(model: EnergyNet, x: Tensor, name: str = "energy") -> Tensor:
    """One score of many glyphs, in batches.

    Args:
        model: as `ebm.load` returns it.
        x: glyphs (N, 1, 56, 56) in [-1, 1].
        name: a key of `scores_for`.

    Returns:
        (N,) on the CPU, higher = stranger.

    Raises:
        ValueError: for a score that does not exist or that this model does not have.
    """
    known = scores_for(model)
    if name not in known:
        raise ValueError(f"This model has no score {name!r}; it has: {', '.join(known)}.")
    return in_batches(model, partial(known[name], model), x)


def threshold(reference: Tensor, quantile: float = 0.95, rule: str = "quantile") -> float:
    """The energy above which a glyph is called a stranger.

    Args:
        reference: energies (N,) of in-distribution glyphs: of held-out ones for the quantile rule,
            of the training glyphs for the sheet's rule.
        quantile: share of the reference below the threshold, in (0, 1].
        rule: "quantile", or "max" for the largest of the energies (the sheet's Sec. 7).

    Returns:
        the threshold.

    Raises:
        ValueError: for an empty reference, an unknown rule or a quantile outside (0, 1].
    """
    if len(reference) == 0:
        raise ValueError("A threshold needs at least one reference energy.")
    if rule not in ("quantile", "max") or not 0 < quantile <= 1:
        raise ValueError(f"The rule is 'quantile' (with 0 < quantile <= 1) or 'max', not {rule!r} with {quantile}.")
    return float(reference.max() if rule == "max" else torch.quantile(reference.double(), quantile))


def p_values(card: "Card", energy: Tensor) -> Tensor:
    """The share of a card's known glyphs with an energy at least as high, where the glyph itself counts as one.

    With n known glyphs the smallest p-value is 1 / (n + 1): no finite number of known glyphs can show that it is 0.

    Source: conformal p-values (Vovk, Gammerman & Shafer 2005, Sec. 2.2).

    Args:
        card: of a calibrated model.
        energy: energies (N,), float32.

    Returns:
        (N,) float64 in (0, 1].
    """
    reference = torch.tensor(card.reference_energies).sort().values
    at_least = len(reference) - torch.searchsorted(reference, energy.contiguous())
    return (at_least.double() + 1) / (len(reference) + 1)


@dataclass(frozen=True)
class Verdict:
    """What a model says about one glyph.

    Args:
        energy: E(x).
        threshold: the card's; None where the model is uncalibrated.
        p_value: as `p_values` gives it, in (0, 1]; None where the model is uncalibrated.
        is_stranger: whether the energy is above the threshold; None where the model is uncalibrated.
        top: (sort, probability) of the five likeliest classes, calibrated by the card's temperature; empty
            for an EBM.
    """

    energy: float
    threshold: float | None
    p_value: float | None
    is_stranger: bool | None
    top: list[tuple[str, float]]


def verdict(model: EnergyNet, card: "Card", x: Tensor) -> Verdict:
    """Computes energy, p-value, likeliest sorts and the verdict on one glyph.

    Args:
        model: as `ebm.load` returns it.
        card: as `ebm.load` returns it.
        x: (1, 56, 56) or (1, 1, 56, 56) in [-1, 1], as `ebm.to_glyph` returns it.

    Returns:
        the verdict.

    Raises:
        ValueError: for more than one glyph, or one with values that are not finite.
    """
    x = x.reshape(-1, *x.shape[-3:])
    if len(x) != 1:
        raise ValueError(f"A verdict is on one glyph, not {len(x)}.")
    if not torch.isfinite(x).all():
        raise ValueError("The glyph holds values that are not finite; they must lie in [-1, 1].")
    return verdicts(model, card, x)[0]


def verdicts(model: EnergyNet, card: "Card", x: Tensor) -> list[Verdict]:
    """The verdicts on glyphs (N, 1, 56, 56) in [-1, 1], all at once; as `verdict`, without its checks."""
    with torch.no_grad():
        logits = model.get_logits(x.to(next(model.parameters()).device)).cpu()  # (N, outputs)
    energies = -torch.logsumexp(logits, 1)  # (N,)
    tops: list[list[tuple[str, float]]] = [[] for _ in logits]
    if model.outputs > 1:
        best = (logits / card.temperature).softmax(1).topk(min(5, model.outputs))
        for top, values, places in zip(tops, best.values.tolist(), best.indices.tolist(), strict=True):
            top += [(card.sorts[k], p) for p, k in zip(values, places, strict=True)]
    if card.threshold is None:
        return [Verdict(e, None, None, None, top) for e, top in zip(energies.tolist(), tops, strict=True)]
    at_least = p_values(card, energies).tolist()
    return [
        Verdict(e, card.threshold, p, e > card.threshold, top)
        for e, p, top in zip(energies.tolist(), at_least, tops, strict=True)
    ]
