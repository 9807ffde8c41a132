"""Accuracy on glyphs that were changed, within a small ball, to be misread."""

import torch
from torch import Tensor
from torch.nn import functional as F

from ebm.model.energy import EnergyNet
from ebm.model.gradient import frozen

# In the units of [-1, 1]; 2/255 is one grey level. 1,000 pixels-worth of grey make an L2 of about 8.
RADII: dict[str, tuple[float, ...]] = {"linf": (4 / 255, 8 / 255, 16 / 255, 32 / 255), "l2": (0.5, 1.0, 2.0, 4.0)}
STEPS = 20
STEP_SHARE = 0.15  # of the radius a step: 20 steps can cross the ball


def pgd(
    model: EnergyNet, x: Tensor, y: Tensor, radius: float, norm: str, *, generator: torch.Generator, steps: int = STEPS
) -> Tensor:
    """Projected gradient ascent of the cross-entropy from a random start in the ball (Madry et al. 2018).

    Args:
        x: glyphs (N, 1, 56, 56) in [-1, 1]; y: their classes (N,).
        radius: of the ball, in the units of x; norm: "linf" or "l2".
        generator: of the random starts, on x's device.

    Returns:
        glyphs (N, 1, 56, 56) in [-1, 1], each within the radius of its x.

    Raises:
        ValueError: for an unknown norm.
    """
    if norm not in RADII:
        raise ValueError(f"The norm is one of {', '.join(RADII)}, not {norm!r}.")
    shift = torch.empty_like(x).normal_(generator=generator)
    shift = _project(shift * radius, radius, norm)
    for _ in range(steps):
        with frozen(model), torch.enable_grad():
            at = (x + shift).clamp(-1, 1).requires_grad_()
            loss = F.cross_entropy(model.get_logits(at), y, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, at)
        if norm == "linf":
            direction = gradient.sign()
        else:
            direction = gradient / gradient.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None, None]
        shift = _project(at.detach() + STEP_SHARE * radius * direction - x, radius, norm)
    return (x + shift).clamp(-1, 1)


def _project(shift: Tensor, radius: float, norm: str) -> Tensor:
    """The nearest shift within the ball."""
    if norm == "linf":
        return shift.clamp(-radius, radius)
    size = shift.flatten(1).norm(dim=1).clamp_min(1e-12)
    return shift * (radius / size).clamp_max(1.0)[:, None, None, None]


def robust_accuracy(model: EnergyNet, x: Tensor, y: Tensor, seed: int = 0) -> dict[str, dict[str, float]]:
    """Accuracy under PGD: norm -> radius (as text, three digits) -> share still read right.

    Source: Grathwohl et al. 2020, Sec. 5.4. A model's energy is not used to refine its input here.
    """
    device = next(model.parameters()).device
    result: dict[str, dict[str, float]] = {}
    for norm, radii in RADII.items():
        result[norm] = {}
        for radius in radii:
            generator = torch.Generator(device).manual_seed(seed)
            right = 0
            for part, labels in zip(x.to(device).split(128), y.to(device).split(128), strict=True):
                attacked = pgd(model, part, labels, radius, norm, generator=generator)
                with torch.no_grad():
                    right += int((model.get_logits(attacked).argmax(1) == labels).sum())
            result[norm][f"{radius:.3f}"] = round(right / len(x), 4)
    return result
