"""The hyper-parameters of a training run, and the presets that were tried.

What an earlier recipe showed:

- A classifier alone gives chains no path from noise to glyphs. They need one before any contrastive loss. The earlier
  recipe classified first; the present one matches first.
- Steps that are normalised to one length hide how steep f is. They left grain: nine times the power of real print
  above 0.3 cycles a pixel. Clipping, smoothing and annealing hide the slope as well.
- If a class steers every chain, log q(x) is not learnt. Such a model printed 2 of 42 sorts without a class.
- A replay buffer proves nothing. Samples are measured on fresh chains from noise.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from ebm.model.energy import HEADS
from ebm.model.mode import Mode
from ebm.sampling.sampler import Sampler, check_ranges

# What a resumed run cannot change: the shapes of the weights and of the buffer, and where the stages meet.
FIXED = frozenset({"mode", "width", "head", "unsteered", "buffer_per_class", "match_steps"})


@dataclass(frozen=True)
class Recipe(Sampler):
    """Every hyper-parameter of training.

    It extends `Sampler`, whose arguments come first. The resolved recipe is written next to its results.

    Training has two stages. The first matches the slope of f along lines from noise to glyphs, and classifies. The
    second trains the joint model by the sheet's losses, and still matches.

    Args:
        steps: as in `Sampler`.
        print_steps: as in `Sampler`.
        step_size: as in `Sampler`.
        noise: as in `Sampler`.
        print_noise: as in `Sampler`.
        grad_clip: as in `Sampler`.
        start: as in `Sampler`.
        mode: one of `Mode`; a string becomes one.
        width: of `EnergyNet`.
        head: of `EnergyNet`.
        batch_size: real glyphs a step, and chains a step.
        match_steps: optimiser steps of the first stage.
        match_lr: largest learning rate of the first stage.
        match_clip: largest norm of the parameters' gradient in the first stage.
        match_l2: weight of f(x)^2 in the first stage.
        match_ce: weight of the cross-entropy in the first stage.
        match_weight: weight of the matching loss, in both stages.
        match_scale: factor by which the slope of f is smaller than the line to the glyph, above 0.
        noisy_ce: weight, in both stages, of the cross-entropy of glyphs on the lines. Each is weighted by its share
            of glyph.
        contrast_steps: optimiser steps of the second stage.
        lr: largest learning rate of the second stage.
        norm_clip: largest norm of the parameters' gradient in the second stage.
        lr_decay: share of each learning rate that is left at the end of its stage, in [0, 1]; it falls as a cosine.
        alpha: weight of the L2 of energies (Sec. 4.2).
        ce_weight: weight of the cross-entropy in the second stage.
        jitter: how far the glyphs of the cross-entropy are shifted, zoomed and turned (`ebm.training.jitter`); 0 =
            not at all. The density is always learnt from unchanged glyphs.
        data_noise: standard deviation of the Gaussian noise on real glyphs in the second stage.
        buffer_per_class: slots of the replay buffer for each class.
        reinit: probability of a fresh start, in [0, 1].
        blank_starts: share of fresh chains that start on blank paper, in [0, 1]. Chains from noise never reach blank
            paper, so nothing else would raise its energy.
        unsteered: share of a "jem"'s chains that run on log q(x), in separate slots, in [0, 1]. The other chains
            climb the logit of a class of the batch.
        data_starts: whether fresh chains start from the batch's glyphs instead of noise (contrastive divergence, the
            sheet's first prior).
        ema: decay of the weights' moving average, in (0, 1). The second stage starts from the average, and the
            average is evaluated and exported.
        workers: processes of the data loader.
        seed: of everything random except the corpus.
    """

    mode: Mode = Mode.JEM
    width: int = 16
    head: str = "flat"
    batch_size: int = 64
    match_steps: int = 2500
    match_lr: float = 2e-3
    match_clip: float = 5.0
    match_l2: float = 0.02
    match_ce: float = 1.0
    match_weight: float = 10.0
    match_scale: float = 30.0
    noisy_ce: float = 0.5
    contrast_steps: int = 3600
    lr: float = 3e-4
    norm_clip: float = 2.0
    lr_decay: float = 0.1
    alpha: float = 0.1
    ce_weight: float = 3.0
    jitter: float = 1.0
    data_noise: float = 0.03
    buffer_per_class: int = 30
    reinit: float = 0.25
    blank_starts: float = 0.15
    unsteered: float = 0.25
    data_starts: bool = False
    ema: float = 0.998
    workers: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.mode not in list(Mode):
            raise ValueError(f"The mode is one of {', '.join(Mode)}, not {self.mode!r}.")
        object.__setattr__(self, "mode", Mode(self.mode))
        super().__post_init__()
        check_ranges(self, positive=_ABOVE_ZERO, not_negative=_NOT_NEGATIVE)
        if self.head not in HEADS:
            raise ValueError(f"head is one of {', '.join(HEADS)}, not {self.head!r}.")
        if self.match_steps + self.contrast_steps < 1:
            raise ValueError("match_steps and contrast_steps must not both be 0.")
        for name in ("reinit", "unsteered", "blank_starts"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} lies in [0, 1], not {getattr(self, name)}.")
        if not 0 < self.ema < 1:
            raise ValueError(f"ema lies in (0, 1), not {self.ema}.")

    @property
    def unsteered_share(self) -> float:
        """The share of chains without a class in this recipe's mode, in [0, 1]."""
        return self.mode.unsteered_share(self.unsteered)

    @property
    def total_steps(self) -> int:
        """The number of optimiser steps of both stages."""
        return self.match_steps + self.contrast_steps

    def to_dict(self) -> dict[str, Any]:
        """Every field as a plain number or string, for JSON and for Lightning's files."""
        return dataclasses.asdict(self) | {"mode": str(self.mode)}


_ABOVE_ZERO = (
    "width", "batch_size", "match_lr", "lr", "lr_decay", "match_clip", "norm_clip", "match_scale", "buffer_per_class",
)  # fmt: skip
_NOT_NEGATIVE = (
    "match_steps", "contrast_steps", "match_l2", "match_ce", "match_weight", "noisy_ce", "alpha", "ce_weight", "jitter",
    "data_noise", "workers",
)  # fmt: skip

# "cpu" takes 45 minutes of one core, "gpu" five to seven minutes of an H100.
PRESETS: dict[str, dict[str, Any]] = {
    "gpu": {
        "width": 32, "match_steps": 4000, "contrast_steps": 10_000, "ce_weight": 8.0, "match_weight": 5.0,
    },
    "cpu": {},
}  # fmt: skip


def recipe(base: str | dict[str, Any], **overrides: Any) -> Recipe:
    """A preset, or a saved recipe, with some values replaced.

    Args:
        base: a key of `PRESETS`, or the fields of a saved recipe.
        **overrides: the fields to replace.

    Returns:
        the recipe.

    Raises:
        ValueError: for an unknown preset or an unknown name of a hyper-parameter.
    """
    if isinstance(base, str) and base not in PRESETS:
        raise ValueError(f"There is no preset {base!r}; there are: {', '.join(PRESETS)}.")
    fields = PRESETS[base] if isinstance(base, str) else base
    known = {f.name for f in dataclasses.fields(Recipe)}
    if unknown := sorted((fields | overrides).keys() - known):
        raise ValueError(f"There is no hyper-parameter {unknown[0]!r}; there are: {', '.join(sorted(known))}.")
    return Recipe(**(fields | overrides))
