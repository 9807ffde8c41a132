"""The hyper-parameters of a training run, and the presets that were tried."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from ebm.card_rules import MODES, SAMPLER
from ebm.energy import HEADS
from ebm.sampling import STARTS

# What a resumed run cannot change: the shapes of the weights and of the buffer.
FIXED = frozenset({"mode", "width", "head", "steer", "buffer_per_class"})


@dataclass(frozen=True)
class Recipe:
    """Every hyper-parameter of training; the resolved recipe is written beside what it made.

    Args:
        mode: "ebm" (one output, no classes), "jem" (logsumexp loss), "conditional" (the loss on the
            wanted logit) or "classifier" (cross-entropy alone: the twin).
        width, head: of `EnergyNet`.
        batch_size: real glyphs a step, and chains a step; epochs: passes over the training split.
        classify_first: optimiser steps before any chain is run (at most a third of the run): of cross-entropy
            + 0.05 f^2, or for an EBM, which has no classes, of telling glyphs from glyphs drowned in noise.
        classify_lr, lr: learning rates of the two stages; lr_decay: what the latter is multiplied
            by over the run (a cosine from lr to lr * lr_decay).
        alpha: weight of the L2 of energies (Sec. 4.2); ce_weight: of the cross-entropy.
        steps, step_size, noise, grad_clip, normalize, anneal: of SGLD, as in `ebm.sgld`; start: law of
            fresh chains.
        print_steps: how many steps a chain from noise is given when glyphs are printed. Chosen on validation glyphs:
            longer chains of a JEM drift towards each sort's commonest form.
        smooth: of SGLD when glyphs are printed. Training's chains are never smoothed: what they leave of
            grain is what the network must learn to be rid of.
        steer: chains climb the logit of a wanted class (p(x|y) with y as in the batch) instead of f.
        buffer_per_class: slots of the replay buffer; reinit: probability of a fresh start. A chain
            lives steps / reinit steps on average: near the length wanted at generation.
        data_starts: fresh chains start from the batch's glyphs (contrastive divergence, the sheet's first
            prior) instead of noise.
        data_noise: standard deviation of the Gaussian added to real glyphs in the contrastive loss;
            ce_noise: in the cross-entropy.
        ema: decay of the weights' moving average, which is what is evaluated and exported.
        norm_clip: largest norm of the parameters' gradient.
        workers: processes of the data loader; seed: of everything random but the corpus.
    """

    mode: str = "jem"
    width: int = 16
    head: str = "flat"
    batch_size: int = 64
    epochs: int = 40
    classify_first: int = 600
    classify_lr: float = 1e-3
    lr: float = 2e-4
    lr_decay: float = 0.1
    alpha: float = 0.1
    ce_weight: float = 1.0
    steps: int = 40
    step_size: float = 0.12
    noise: float = 0.01
    grad_clip: float = 4.0
    smooth: bool = True
    normalize: bool = True
    anneal: float = 0.25
    start: str = "uniform"
    steer: bool = True
    buffer_per_class: int = 100
    print_steps: int = 96
    reinit: float = 0.1
    data_starts: bool = False
    data_noise: float = 0.03
    ce_noise: float = 0.0
    ema: float = 0.995
    norm_clip: float = 1.0
    workers: int = 0
    seed: int = 0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), type(field.default)
            if kind is float and type(value) is int:
                object.__setattr__(self, field.name, float(value))
            elif type(value) is not kind:
                raise ValueError(f"{field.name} must be of type {kind.__name__}, not {value!r}.")
        if self.head not in HEADS or self.start not in STARTS:
            known = f"head is one of {', '.join(HEADS)}, start one of {', '.join(STARTS)}"
            raise ValueError(f"{known}, not {self.head!r} and {self.start!r}.")
        if self.mode not in MODES:
            raise ValueError(f"The mode is one of {', '.join(MODES)}, not {self.mode!r}.")
        positive = (
            "width",
            "batch_size",
            "epochs",
            "steps",
            "step_size",
            "grad_clip",
            "lr",
            "classify_lr",
            "lr_decay",
            "print_steps",
            "buffer_per_class",
            "norm_clip",
        )
        for name in positive:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}.")
        if not 0 <= self.anneal <= 1:
            raise ValueError(f"anneal lies in [0, 1], not {self.anneal}.")
        for name in ("alpha", "ce_weight", "noise", "data_noise", "ce_noise", "classify_first", "workers"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, but is {getattr(self, name)}.")
        if not 0 <= self.reinit <= 1 or not 0 < self.ema < 1:
            raise ValueError(f"reinit lies in [0, 1] and ema in (0, 1), not {self.reinit} and {self.ema}.")

    @property
    def has_chains(self) -> bool:
        """Whether training runs SGLD at all."""
        return self.mode != "classifier"

    @property
    def is_steered(self) -> bool:
        """Whether chains are steered by a class, with a buffer per class."""
        return self.mode == "conditional" or (self.mode == "jem" and self.steer)

    def sampler(self) -> dict[str, Any]:
        """The trained SGLD recipe, for a card and for `ebm.sample`."""
        return {name: getattr(self, name) for name in SAMPLER}


# "gpu" has not been run: no accelerator was at hand. "cpu" is what the shipped checkpoints used.
PRESETS: dict[str, dict[str, Any]] = {
    "gpu": {"width": 32, "batch_size": 128, "epochs": 24, "steps": 40, "buffer_per_class": 120, "workers": 4},
    "cpu": {"width": 16, "batch_size": 64, "epochs": 10, "steps": 20, "buffer_per_class": 60},
}


# What a mode needs that the defaults do not give it. Normalised steps lead every chain of an EBM, which no class
# steers, to one and the same form (tried); with steps as large as the slope they spread.
MODE_DEFAULTS: dict[str, dict[str, Any]] = {
    "ebm": {
        "normalize": False,
        "smooth": False,
        "anneal": 0.0,
        "step_size": 10.0,
        "grad_clip": 0.02,
        "print_steps": 256,
    },
}


def recipe(base: str | dict[str, Any], **overrides: Any) -> Recipe:
    """A preset with what its mode needs, or the fields of a saved recipe, with some values replaced.

    Raises:
        ValueError: for an unknown preset or a mistyped name of a hyper-parameter.
    """
    if isinstance(base, str) and base not in PRESETS:
        raise ValueError(f"There is no preset {base!r}; there are: {', '.join(PRESETS)}.")
    fields = PRESETS[base] | MODE_DEFAULTS.get(overrides.get("mode", ""), {}) if isinstance(base, str) else base
    known = {f.name for f in dataclasses.fields(Recipe)}
    if unknown := sorted((fields | overrides).keys() - known):
        raise ValueError(f"There is no hyper-parameter {unknown[0]!r}; there are: {', '.join(sorted(known))}.")
    return Recipe(**(fields | overrides))
