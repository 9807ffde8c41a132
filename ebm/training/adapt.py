"""Adapts a model to a fount: shown a few glyphs of each sort, it learns to read their book in about a minute."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ebm.checkpoint.card import Card
from ebm.data.corpus import Corpus, to_model_space
from ebm.data.folders import CAPITAL, pictures_by_folder
from ebm.data.picture.to_glyph import to_glyph
from ebm.model.energy import EnergyNet
from ebm.sampling.starts import STARTS
from ebm.training.matching import cross_entropy_on_lines, matching_loss


@dataclass(frozen=True)
class Adaptation:
    """How a model is adapted. The losses are those of the first training stage.

    Args:
        steps: optimiser steps, above 0.
        batch_size: glyphs a step, half of them shown ones, half of the corpus.
        lr: learning rate of Adam.
        clip: largest norm of the parameters' gradient.
        ema: decay of the weights' moving average, in (0, 1).
        match_weight: weight of the matching loss.
        match_scale: how much smaller than the line to the glyph the slope of f is: the model's own.
        noisy_ce: weight of the cross-entropy of glyphs on the lines.
        l2: weight of f(x)^2.
        shift: largest shift of a shown glyph, in pixels.
        blurred: share of the shown glyphs that are blurred, in [0, 1].
        noise: standard deviation of the noise on shown glyphs.
        seed: of everything random.

    Raises:
        ValueError: for settings out of their range.
    """

    steps: int = 300
    batch_size: int = 64
    lr: float = 5e-4
    clip: float = 5.0
    ema: float = 0.99
    match_weight: float = 10.0
    match_scale: float = 30.0
    noisy_ce: float = 0.5
    l2: float = 0.1
    shift: int = 2
    blurred: float = 0.5
    noise: float = 0.03
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 2 or self.lr <= 0:
            raise ValueError("An adaptation needs at least one step, two glyphs a step, and a learning rate above 0.")


class NamedGlyphs(NamedTuple):
    """Glyphs of a fount that somebody has named.

    Args:
        x: (N, 1, 56, 56) in [-1, 1], N at least 1.
        y: their sorts (N,) int64, as numbers of `sorts`.
        sorts: the names of all sorts: the model's own in their order, then new ones.
    """

    x: Tensor
    y: Tensor
    sorts: list[str]


class AdaptStep(NamedTuple):
    """The state of an adaptation: steps taken, the loss of the last one, and the averaged network, frozen."""

    step: int
    loss: float
    net: EnergyNet


def check_named(shown: NamedGlyphs) -> None:
    """Raises a ValueError where there is no glyph, or one of a sort that is not named."""
    if not len(shown.x) or int(shown.y.max()) >= len(shown.sorts) or int(shown.y.min()) < 0:
        raise ValueError("At least one glyph must be shown, each of a sort that is named.")


def with_more_sorts(net: EnergyNet, outputs: int) -> EnergyNet:
    """A copy of a network with more outputs; each new one begins as the mean of the old ones.

    Args:
        net: with at least two outputs.
        outputs: how many the copy has, at least as many as the network.

    Raises:
        ValueError: for fewer outputs than the network has, or an EBM, which has no sorts.
    """
    if net.outputs == 1:
        raise ValueError("An EBM without classes cannot be shown sorts: adapt a joint model.")
    if outputs < net.outputs:
        raise ValueError(f"The network has {net.outputs} outputs, and {outputs} are fewer.")
    state = {name: value.clone() for name, value in net.state_dict().items()}
    for name in [name for name in state if name.startswith("classifier.")]:
        mean = state[name].mean(0, keepdim=True)
        state[name] = torch.cat([state[name], *[mean] * (outputs - net.outputs)])
    grown = EnergyNet(net.width, outputs, net.head).to(next(net.parameters()).device)
    grown.load_state_dict(state)
    return grown


def adapting(
    net: EnergyNet, shown: NamedGlyphs, corpus: Corpus, settings: Adaptation, every: int = 50
) -> Iterator[AdaptStep]:
    """Fine-tunes a copy of a network on shown glyphs and its own corpus, half a batch each.

    Args:
        net: a joint model; it is not changed.
        shown: glyphs of the new fount.
        corpus: what the model was trained on, so that it forgets nothing: sorts that are not shown keep its glyphs.
        settings: of the adaptation.
        every: steps between two yields.

    Yields:
        `AdaptStep` after each `every` steps and after the last.

    Raises:
        ValueError: for no glyphs, glyphs of a sort that is not named, or a network without sorts.
    """
    check_named(shown)
    device = next(net.parameters()).device
    random = torch.Generator(device).manual_seed(settings.seed)
    learner = with_more_sorts(net, len(shown.sorts)).to(memory_format=torch.channels_last).train()
    average = AveragedModel(learner, multi_avg_fn=get_ema_multi_avg_fn(settings.ema))
    optimizer = torch.optim.Adam(learner.parameters(), lr=settings.lr)
    images, labels = corpus.images["train"], corpus.labels["train"]
    own = settings.batch_size // 2
    for index in range(1, settings.steps + 1):
        picks = torch.randint(len(images), (own,), generator=random, device=device).cpu()
        x, y = _of_shown(shown, settings.batch_size - own, settings, random)
        x = torch.cat([to_model_space(images[picks]).to(device), x])
        y = torch.cat([labels[picks].to(device), y])
        order = torch.randperm(len(x), generator=random, device=device)  # half of a batch matches the logit: of both
        loss = _loss(learner, x[order], y[order], settings, random)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learner.parameters(), settings.clip)
        optimizer.step()
        average.update_parameters(learner)
        if index % every == 0 or index == settings.steps:
            yield AdaptStep(index, float(loss.detach()), frozen_copy(average.module))


def _of_shown(shown: NamedGlyphs, n: int, settings: Adaptation, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """n shown glyphs, each sort as often as any other, a little shifted, blurred and noisy."""
    device = random.device
    present = shown.y.unique().to(device)
    wanted = present[torch.randint(len(present), (n,), generator=random, device=device)]
    chance = torch.rand(n, len(shown.y), generator=random, device=device)
    picks = chance.where(shown.y.to(device)[None] == wanted[:, None], -1.0).argmax(1)
    x = shifted(shown.x.to(device)[picks], settings.shift, random)
    is_blurred = torch.rand(n, generator=random, device=device) < settings.blurred
    soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    x = torch.where(is_blurred[:, None, None, None], soft, x)
    return x + settings.noise * torch.randn(x.shape, generator=random, device=device), wanted


def shifted(x: Tensor, most: int, random: torch.Generator) -> Tensor:
    """Glyphs (N, 1, 56, 56), each moved by its own whole pixels, at most so many each way, round the edges."""
    shifts = torch.randint(-most, most + 1, (len(x), 2), generator=random, device=random.device).tolist()
    return torch.stack([glyph.roll(shift, (1, 2)) for glyph, shift in zip(x, map(tuple, shifts), strict=True)])


def _loss(net: EnergyNet, x: Tensor, y: Tensor, settings: Adaptation, random: torch.Generator) -> Tensor:
    """Matching, cross-entropy, cross-entropy on the lines, and the L2 of f: a scalar."""
    noise = STARTS["uniform"](len(x), random)
    share = torch.rand(len(x), generator=random, device=x.device)
    matched = matching_loss(net, x, noise, share, scale=settings.match_scale, y=y)
    logits = net.get_logits(x)
    f = torch.logsumexp(logits, 1)
    loss = settings.match_weight * matched.loss + settings.noisy_ce * cross_entropy_on_lines(matched, y)
    return loss + F.cross_entropy(logits, y) + settings.l2 * (f**2).mean()


def frozen_copy(learner: torch.nn.Module) -> EnergyNet:
    """A copy of an `EnergyNet` that is not trained any more."""
    assert isinstance(learner, EnergyNet)
    net = EnergyNet(learner.width, learner.outputs, learner.head).to(next(learner.parameters()).device)
    net.load_state_dict(learner.state_dict())
    return net.eval().requires_grad_(False)


def adapt(net: EnergyNet, shown: NamedGlyphs, corpus: Corpus, settings: Adaptation | None = None) -> EnergyNet:
    """The network after a whole adaptation, frozen; arguments as in `adapting`."""
    settings = settings or Adaptation()
    *_, last = adapting(net, shown, corpus, settings, every=settings.steps)
    return last.net


def named_glyphs(folders: Sequence[tuple[str, Tensor]], sorts: Sequence[str]) -> NamedGlyphs:
    """Glyphs from (name of a sort, glyphs (N, 1, 56, 56)) pairs; names that the model does not know become new sorts.

    Args:
        folders: the pairs, at least one with glyphs.
        sorts: the model's own.

    Raises:
        ValueError: where there is no glyph.
    """
    if not any(len(x) for _, x in folders):
        raise ValueError(
            "There is no glyph to be shown: give folders named after sorts, with a picture or more in each."
        )
    names = list(sorts)
    for name, x in folders:
        if len(x) and name not in names:
            names.append(name)
    parts = [(x, torch.full((len(x),), names.index(name))) for name, x in folders if len(x)]
    return NamedGlyphs(torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts]), names)


def read_case(folder: Path, card: Card) -> NamedGlyphs:
    """Reads a folder of pictures for each sort.

    Args:
        folder: of folders named after sorts, `cap-A` for a capital, or with such folders in `glyphs` and `few`, as
            `ebm.page.write_case` writes them. Hidden files are left out.
        card: of the model, for its sorts and its preprocessing.

    Raises:
        ValueError: where there is no such folder, no picture in it, or a picture that cannot be read.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}; give one that holds a folder of pictures for each sort.")
    places = [folder / name for name in ("glyphs", "few") if (folder / name).is_dir()] or [folder]
    found = [
        (name.removeprefix(CAPITAL), torch.stack([to_glyph(file, preprocessing=card.preprocessing) for file in files]))
        for place in places
        for name, files in pictures_by_folder(place)
        if files
    ]
    return named_glyphs(found, card.sorts)
