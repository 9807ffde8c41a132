"""The negatives of a training step: samples of the model, by chains from the replay buffer."""

import torch
from torch import Tensor

from ebm.model.energy import EnergyNet
from ebm.sampling.langevin import sgld
from ebm.sampling.recorded_step import RecordedSteps
from ebm.sampling.replay_buffer import ReplayBuffer
from ebm.training.recipe import Recipe


def draw_negatives(
    net: EnergyNet, buffer: ReplayBuffer, y: Tensor, recipe: Recipe, random: torch.Generator, recorded: RecordedSteps,
    data: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Runs chains from the buffer some steps further and puts them back.

    Args:
        net: the model.
        buffer: of its chains.
        y: classes (N,) of the batch, which steer the chains, except for the recipe's unsteered share. If y is drawn as
            in the data and x from q(x | y), then x is a sample of q(x). The last chains run on log q(x).
        recipe: of the chains.
        random: on the model's device.
        recorded: as `ebm.sgld` takes it.
        data: glyphs (N, 1, 56, 56) that fresh chains start from instead of noise, or None.

    Returns:
        glyphs (N, 1, 56, 56) in [-1, 1].
    """
    steered = len(y) - round(len(y) * recipe.unsteered_share)
    wanted = torch.cat([y[:steered], torch.full_like(y[steered:], -1)])
    start, slots = buffer.draw(wanted, random, data)
    (last,) = sgld(
        net, start.contiguous(memory_format=torch.channels_last), steps=recipe.steps, step_size=recipe.step_size,
        noise=recipe.noise, grad_clip=recipe.grad_clip, y=wanted if steered else None, generator=random,
        every=recipe.steps, recorded=recorded,
    )  # fmt: skip
    buffer.put(slots, last.x, recipe.steps)
    return last.x


def slot_groups(recipe: Recipe, classes: int) -> list[int]:
    """The slots of the whole buffer: of each class, and last of chains without a class, by their share.

    Args:
        recipe: of the run.
        classes: number of classes.

    Returns:
        the numbers of slots.
    """
    share, steered = recipe.unsteered_share, recipe.buffer_per_class * classes
    if share == 1:
        return [steered]
    return [recipe.buffer_per_class] * classes + [round(steered * share / (1 - share))]
