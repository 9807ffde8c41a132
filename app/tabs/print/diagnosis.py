"""Diagnosis of chains: what a run of Langevin dynamics is worth as a sampler, in words."""

from html import escape

import torch
from torch import Tensor

from app.models.loaded import LoadedModel
from app.tabs.print.run import PrintRequest, target
from ebm.sampling.diagnostics import effective_sample_size, metropolis_acceptance, split_r_hat, temperature


def figures_of(loaded: LoadedModel, request: PrintRequest, x: Tensor, energies: Tensor) -> dict[str, float]:
    """The figures of a run: temperature, acceptance, r_hat, effective_sample_size, and how many states it is of.

    Args:
        x: the last states (N, 1, 56, 56).
        energies: (frames, N), the start included.

    Raises:
        ValueError: for a run too short for a diagnosis, or one without noise.
    """
    half = energies[len(energies) // 2 :]
    if len(half) < 8 or len(x) < 2:
        raise ValueError("A diagnosis needs at least two glyphs and 16 recorded steps: print a few more.")
    if request.noise == 0:
        raise ValueError("Without noise a run only goes downhill: set the noise above 0 and print again.")
    model, labels = target(loaded, request)
    generator = torch.Generator().manual_seed(request.seed)
    return {
        "temperature": temperature(request.step_size, request.noise),
        "acceptance": metropolis_acceptance(
            model, x, step_size=request.step_size, noise=request.noise, y=labels, generator=generator
        ),
        "r_hat": split_r_hat(half),
        "effective_sample_size": effective_sample_size(half),
        "states": half.numel(),
    }  # fmt: skip


def diagnose(loaded: LoadedModel, request: PrintRequest, x: Tensor, energies: Tensor, step: int) -> str:
    """The figures of a run of `step` steps, each with how to read it, as HTML; the rest as in `figures_of`."""
    found = figures_of(loaded, request, x, energies)
    trained = loaded.lifetime()
    rows = [
        (
            "Temperature", f"{found['temperature']:.2g}",
            "noise\u00b2 / (2 step): 1 would sample the model's own distribution, far below 1 the chains go to minima "
            "of the energy",
        ),
        (
            "Metropolis acceptance", f"{found['acceptance']:.0%}",
            "how often a plain step of this size, unclipped, would pass the Metropolis test at that temperature: near "
            "100 % the chain follows the distribution, near 0 % it does not",
        ),
        (
            "R-hat of the energy", f"{found['r_hat']:.2f}",
            "below 1.01 all chains agree; above, each is still in a place of its own (second half of the run)",
        ),
        (
            "Effective sample size", f"{found['effective_sample_size']:.0f} of {found['states']}",
            "so many independent draws would be worth as much as these recorded states",
        ),
    ]  # fmt: skip
    if trained:
        longer = "longer than" if step > trained else "within"
        rows.append(
            ("Length", f"{step} steps", f"{longer} the {trained} steps that a chain lived on average in training")
        )
    body = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td><td>{escape(words)}</td></tr>"
        for name, value, words in rows
    )
    return (
        f"<div class='diagnosis' role='status'><table>{body}</table><p class='fineprint'>Short chains at "
        "a low temperature are not samples of q(x), for any JEM: they are what its training used.</p></div>"
    )
