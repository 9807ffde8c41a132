"""Adapting a model so that it also prints in the fount: its own two training stages, on the glyphs that were shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ebm.checkpoint.card import Card
from ebm.data.corpus import SIZE, Corpus, to_model_space
from ebm.model.energy import EnergyNet
from ebm.sampling.sampler import check_ranges
from ebm.training.adapt import AdaptStep, NamedGlyphs, check_named, frozen_copy, shifted, with_more_sorts
from ebm.training.divergence_guard import MAX_IN_A_ROW
from ebm.training.errors import Diverged
from ebm.training.jem import CONTRAST_BETAS, JEM, MATCH_BETAS
from ebm.training.recipe import Recipe
from ebm.training.recipe import recipe as make_recipe
from ebm.training.recorded_loss import RecordedLosses
from ebm.training.schedule import learning_rate

ENDLESS = 1_000_000  # steps of the second stage in the recipe; in fact it goes on for as long as states are taken


_NOT_NEGATIVE = ("match_steps", "match_l2", "match_ce", "match_weight", "ce_weight", "shift")


@dataclass(frozen=True)
class Printing:
    """How a model learns to print in a fount: matching first, then with chains, as in its own two stages.

    The losses, and all settings that are not named here, are those of the model's own recipe.

    Args:
        batch_size: glyphs a step, and chains a step, above 1.
        match_steps: steps without chains, at least 0. They are cheap, and teach the forms; chains then clean the paper.
        match_lr: largest learning rate of these, above 0.
        match_l2: their weight of f(x)^2: with the 0.02 of training, fewer strangers of the book were caught.
        match_ce: their weight of the cross-entropy.
        match_weight: weight of the matching loss in both stages.
        ce_weight: weight of the cross-entropy with chains.
        lr: learning rate with chains, above 0.
        ema: decay of the weights' moving average, in (0, 1).
        shift: largest shift of a shown glyph, in pixels.
        seed: of everything random.

    Raises:
        ValueError: for settings out of their range.
    """

    batch_size: int = 32
    match_steps: int = 600
    match_lr: float = 1e-3
    match_l2: float = 0.1
    match_ce: float = 1.0
    match_weight: float = 10.0
    ce_weight: float = 3.0
    lr: float = 3e-4
    ema: float = 0.99
    shift: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(self, positive=("match_lr", "lr"), not_negative=_NOT_NEGATIVE)
        if self.batch_size < 2 or not 0 < self.ema < 1:
            raise ValueError("Learning to print needs two glyphs a step or more, and an ema between 0 and 1.")

    def recipe(self, card: Card) -> Recipe:
        """The recipe of both stages: the model's own, with these settings.

        Args:
            card: of the model; an imported one may have no recipe, and then takes the usual one with its sampler.

        Raises:
            ValueError: for a model that was trained without chains or without classes.
        """
        own = card.recipe or vars(card.sampler) | {"mode": card.mode}
        found = make_recipe(
            own, batch_size=self.batch_size, match_steps=self.match_steps, match_lr=self.match_lr,
            match_l2=self.match_l2, match_ce=self.match_ce, match_weight=self.match_weight, ce_weight=self.ce_weight,
            lr=self.lr, contrast_steps=ENDLESS, ema=self.ema, seed=self.seed,
        )  # fmt: skip
        if not found.mode.has_chains or not found.mode.fits(2):
            raise ValueError(f"The model {card.name!r} cannot learn to print sorts: adapt a joint model.")
        return found


def adapting_to_print(
    net: EnergyNet, shown: NamedGlyphs, corpus: Corpus, recipe: Recipe, shift: int = Printing.shift, every: int = 25
) -> Iterator[AdaptStep]:
    """Trains a copy of a network by its own two stages on a fount, for as long as states are taken.

    The density of sorts that were shown is learnt from the shown glyphs alone, so that chains end in the forms of the
    book. Sorts that were not shown keep the corpus's glyphs. The classifier learns from all of both.

    Args:
        net: as `adapting` gives it; it is not changed. That of an earlier call goes on, with new chains.
        shown: glyphs of the fount.
        corpus: what the model was trained on.
        recipe: as `Printing.recipe` makes it.
        shift: largest shift of a shown glyph, in pixels.
        every: steps between two yields.

    Yields:
        `AdaptStep` after each `every` steps, without end. Each holds a whole network, so nothing that was learnt is
        lost when no more are taken.

    Raises:
        ValueError: for what `adapting` refuses.
        Diverged: at the third trouble in a row.
    """
    check_named(shown)
    module = _module(net, shown, corpus, recipe)
    average = AveragedModel(module.net, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema))
    batches = FountBatches(shown, corpus, shift, len(shown.sorts))
    optimizer, in_a_row = _adam(module, 0), 0
    for index in count():
        if index == recipe.match_steps:  # as `SecondStage` does
            module.net.load_state_dict(average.module.state_dict())
            optimizer = _adam(module, index)
        for group in optimizer.param_groups:
            group["lr"] = module.lr_factor * learning_rate(recipe, index)
        if not _step(module, batches, optimizer, index):
            in_a_row += 1
            if in_a_row == MAX_IN_A_ROW:
                raise Diverged(f"Learning to print became unstable at step {index + 1}: {module.trouble}.")
            # The average is the last good state; the chains that went wrong are dropped.
            module.net.load_state_dict(average.module.state_dict())
            module.begin(step=index + 1)
            module.lr_factor /= 2
            optimizer = _adam(module, index)
            continue
        average.update_parameters(module.net)
        if (index + 1) % every == 0:
            in_a_row = 0
            yield AdaptStep(index + 1, float(module.last_loss), frozen_copy(average.module))


class _Module(JEM):
    """A JEM outside of Lightning's trainer, whose classifier also goes on reading the corpus."""

    last_loss = float("nan")
    index = 0  # of the step
    corpus: Corpus  # set by `_module`

    def pyx_step(self, x: Tensor, y: Tensor) -> Tensor:
        """The cross-entropy of a batch and of as many glyphs of the corpus, so that no other fount is forgotten.

        The density is learnt from the batch alone, because else chains would end in a mixture of both founts.

        Args:
            x: glyphs (N, 1, 56, 56) in [-1, 1].
            y: their classes (N,).

        Returns:
            a scalar.
        """
        images, labels = self.corpus.images["train"], self.corpus.labels["train"]
        picks = torch.randint(len(images), (len(x),), generator=self.random, device=self.device).cpu()
        also, sorts = to_model_space(images[picks]).to(self.device), labels[picks].to(self.device)
        return super().pyx_step(torch.cat([x, also]), torch.cat([y, sorts]))

    @property
    def is_matching(self) -> bool:
        """Whether the present step is one of the first stage; there is no trainer that counts the steps."""
        return self.index < self.recipe.match_steps


def _module(net: EnergyNet, shown: NamedGlyphs, corpus: Corpus, recipe: Recipe) -> _Module:
    learner = with_more_sorts(net, len(shown.sorts)).train().requires_grad_(True)
    module = _Module(recipe.to_dict(), len(shown.sorts), learner).to(next(net.parameters()).device)
    module.corpus = corpus
    module.recorded_losses = RecordedLosses(device_type="none")  # because its loss reads the corpus on the host
    module.begin()
    return module


def _adam(module: JEM, index: int) -> torch.optim.Adam:
    betas = MATCH_BETAS if index < module.recipe.match_steps else CONTRAST_BETAS
    return torch.optim.Adam(module.net.parameters(), lr=1.0, betas=betas)


def _step(module: _Module, batches: "FountBatches", optimizer: torch.optim.Adam, index: int) -> bool:
    """One step of the stage; whether it was taken, because nothing was wrong with it."""
    assert module.random is not None
    recipe, module.index = module.recipe, index
    x, y = batches.draw(recipe.batch_size, module.random)
    loss = module.loss(x, y)
    module.last_loss = float(loss.detach())
    if module.trouble is not None:
        return False
    optimizer.zero_grad()
    loss.backward()
    clip = recipe.match_clip if module.is_matching else recipe.norm_clip
    torch.nn.utils.clip_grad_norm_(module.net.parameters(), clip)
    optimizer.step()
    return True


class FountBatches:
    """Batches with every sort as often as any other: shown glyphs, or for sorts that were not shown the corpus's.

    Args:
        shown: glyphs of the fount.
        corpus: of the other sorts.
        shift: as in `Printing`.
        sorts: number of sorts in all.
    """

    def __init__(self, shown: NamedGlyphs, corpus: Corpus, shift: int, sorts: int):
        self.shift = shift
        labels = corpus.labels["train"]
        is_other = ~torch.isin(labels, shown.y.cpu())
        self.shown, self.others = shown.x.cpu(), corpus.images["train"][is_other]
        y = torch.cat([shown.y.cpu(), labels[is_other]])
        places = [(y == sort).nonzero().squeeze(1) for sort in range(sorts)]
        self.places = {sort: own for sort, own in enumerate(places) if len(own)}
        self.sorts = torch.tensor(list(self.places))

    def draw(self, n: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Glyphs (n, 1, 56, 56) and their sorts (n,), on the generator's device."""
        device = random.device
        y = self.sorts[torch.randint(len(self.sorts), (n,), generator=random, device=device).cpu()]
        chance = torch.rand(n, generator=random, device=device).tolist()
        own = [self.places[sort] for sort in y.tolist()]
        picks = torch.stack([places[int(share * len(places))] for places, share in zip(own, chance, strict=True)])
        is_shown = picks < len(self.shown)
        x = torch.empty(n, 1, SIZE, SIZE)
        x[is_shown] = self.shown[picks[is_shown]]
        x[~is_shown] = to_model_space(self.others[picks[~is_shown] - len(self.shown)])
        x = x.to(device)
        moved = shifted(x, self.shift, random) if self.shift else x
        return torch.where(is_shown.to(device).view(-1, 1, 1, 1), moved, x), y.to(device)
