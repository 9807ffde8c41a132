"""The hyper-parameters of a training run, and the presets that were tried.

What an earlier recipe taught, in five lines. A classifier alone gives chains no way from noise: they need one before
any contrastive loss (then: classify first; now: match). Steps normalised to one length hide how steep f is, and leave
the grain that nine times the power of print above 0.3 cycles a pixel is. Clipping, smoothing and annealing hide the
same. Chains that are all steered by a class leave log q(x) itself unlearnt: they print 2 of 42 sorts without one.
A replay buffer is no proof: samples are judged from fresh noise.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, get_args

from ebm.checkpoint.card_rules import MODES, SAMPLER
from ebm.model.energy import HEADS
from ebm.sampling.langevin import STARTS

# What a resumed run cannot change: the shapes of the weights and of the buffer, and where the stages meet.
FIXED = frozenset({"mode", "width", "head", "unsteered", "buffer_per_class", "match_steps"})


@dataclass(frozen=True)
class Recipe:
    """Every hyper-parameter of training; the resolved recipe is written beside what it made.

    Training has two stages. The first matches the slope of f along lines from noise to glyphs, and classifies. The
    second trains the joint model by the sheet's losses, with matching kept on.

    Args:
        mode: "ebm" (one output, no classes), "jem" (contrastive loss on the logsumexp), "conditional" (on the wanted
            logit) or "classifier" (cross-entropy alone: the twin).
        width: of `EnergyNet`.
        head: of `EnergyNet`.
        batch_size: real glyphs a step, and chains a step.
        match_steps: optimiser steps of the first stage.
        match_lr: its largest learning rate.
        match_clip: largest norm of the parameters' gradient in it.
        match_l2: weight of f(x)^2 in it.
        match_ce: weight of the cross-entropy in it.
        match_weight: weight of the matching loss, in both stages.
        match_scale: how much smaller than the line to the glyph the slope of f is.
        noisy_ce: weight, in both stages, of the cross-entropy of glyphs on the lines, each weighted by its share of
            glyph.
        contrast_steps: optimiser steps of the second stage.
        lr: its largest learning rate.
        norm_clip: largest norm of the parameters' gradient in it.
        lr_decay: what both learning rates have fallen to at the end of their stage, as a share (a cosine).
        alpha: weight of the L2 of energies (Sec. 4.2).
        ce_weight: weight of the cross-entropy in the second stage.
        jitter: how far the glyphs that the cross-entropy sees are shifted, zoomed and turned, 0 for not at all
            (`ebm.training.jitter`). The density is always learnt from the glyphs as they are.
        data_noise: standard deviation of the Gaussian added to real glyphs in the second stage.
        steps: of SGLD, for a chain of the second stage.
        step_size: of SGLD; 0.06 * match_scale goes 6 % of the way from noise to a glyph.
        noise: of SGLD while training, a standard deviation a step.
        print_steps: of SGLD when glyphs are printed.
        print_noise: of SGLD when glyphs are printed.
        grad_clip: of SGLD, or None for none.
        start: where fresh chains start.
        buffer_per_class: slots of the replay buffer for each class.
        reinit: probability of a fresh start.
        blank_starts: share of fresh chains that start on blank paper. Chains from noise never come across it, so that
            nothing else would raise its energy.
        unsteered: share of a "jem"'s chains that run on log q(x) itself, in slots of their own; the others climb the
            logit of a class of the batch.
        data_starts: fresh chains start from the batch's glyphs (contrastive divergence, the sheet's first prior)
            instead of noise.
        ema: decay of the weights' moving average, which is what the second stage starts from, and what is evaluated
            and exported.
        workers: processes of the data loader.
        seed: of everything random but the corpus.
    """

    mode: str = "jem"
    width: int = 16
    head: str = "flat"
    batch_size: int = 64
    match_steps: int = 2500
    match_lr: float = 2e-3
    match_clip: float = 5.0
    match_l2: float = 0.02
    match_ce: float = 0.5
    match_weight: float = 10.0
    match_scale: float = 30.0
    noisy_ce: float = 0.5
    contrast_steps: int = 2000
    lr: float = 3e-4
    norm_clip: float = 2.0
    lr_decay: float = 0.1
    alpha: float = 0.1
    ce_weight: float = 1.0
    jitter: float = 1.0
    data_noise: float = 0.03
    steps: int = 20
    step_size: float = 1.8
    noise: float = 0.01
    print_steps: int = 64
    print_noise: float = 0.01
    grad_clip: float | None = None
    start: str = "uniform"
    buffer_per_class: int = 30
    reinit: float = 0.25
    blank_starts: float = 0.15
    unsteered: float = 0.25
    data_starts: bool = False
    ema: float = 0.998
    workers: int = 0
    seed: int = 0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            kinds = get_args(field.type) or (field.type,)
            value = getattr(self, field.name)
            if float in kinds and type(value) is int:
                object.__setattr__(self, field.name, float(value))
            elif type(value) not in kinds:
                names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
                raise ValueError(f"{field.name} must be of type {names}, not {value!r}.")
        if self.head not in HEADS or self.start not in STARTS:
            known = f"head is one of {', '.join(HEADS)}, start one of {', '.join(STARTS)}"
            raise ValueError(f"{known}, not {self.head!r} and {self.start!r}.")
        if self.mode not in MODES:
            raise ValueError(f"The mode is one of {', '.join(MODES)}, not {self.mode!r}.")
        for name in _ABOVE_ZERO:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, not {value}.")
        for name in _NOT_NEGATIVE:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative, but is {getattr(self, name)}.")
        if self.match_steps + self.contrast_steps < 1:
            raise ValueError("match_steps and contrast_steps must not both be 0.")
        for name in ("reinit", "unsteered", "blank_starts"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} lies in [0, 1], not {getattr(self, name)}.")
        if not 0 < self.ema < 1:
            raise ValueError(f"ema lies in (0, 1), not {self.ema}.")

    @property
    def has_chains(self) -> bool:
        """Whether training runs SGLD at all."""
        return self.mode != "classifier"

    @property
    def unsteered_share(self) -> float:
        """The share of chains that no class steers: all of an "ebm"'s, none of a "conditional"'s."""
        return {"ebm": 1.0, "jem": self.unsteered}.get(self.mode, 0.0)

    @property
    def total_steps(self) -> int:
        """Optimiser steps of both stages."""
        return self.match_steps + self.contrast_steps

    def sampler(self) -> dict[str, Any]:
        """The trained SGLD recipe, for a card and for `ebm.sample`."""
        return {name: getattr(self, name) for name in SAMPLER}


_ABOVE_ZERO = (
    "width", "batch_size", "steps", "step_size", "grad_clip", "match_lr", "lr", "lr_decay", "match_clip", "norm_clip",
    "match_scale", "print_steps", "buffer_per_class",
)  # fmt: skip
_NOT_NEGATIVE = (
    "match_steps", "contrast_steps", "match_l2", "match_ce", "match_weight", "noisy_ce", "alpha", "ce_weight", "jitter",
    "noise", "print_noise", "data_noise", "workers",
)  # fmt: skip

# "gpu" has not been run: no accelerator was at hand. "cpu" is what the shipped checkpoints used.
PRESETS: dict[str, dict[str, Any]] = {"gpu": {"width": 32, "batch_size": 128, "workers": 4}, "cpu": {}}


def recipe(base: str | dict[str, Any], **overrides: Any) -> Recipe:
    """A preset, or the fields of a saved recipe, with some values replaced.

    Raises:
        ValueError: for an unknown preset or a mistyped name of a hyper-parameter.
    """
    if isinstance(base, str) and base not in PRESETS:
        raise ValueError(f"There is no preset {base!r}; there are: {', '.join(PRESETS)}.")
    fields = PRESETS[base] if isinstance(base, str) else base
    known = {f.name for f in dataclasses.fields(Recipe)}
    if unknown := sorted((fields | overrides).keys() - known):
        raise ValueError(f"There is no hyper-parameter {unknown[0]!r}; there are: {', '.join(sorted(known))}.")
    return Recipe(**(fields | overrides))
