"""Adapting a model so that it also prints in the fount: the second training stage, on the glyphs that were shown."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ebm.checkpoint.card import Card
from ebm.data.corpus import SIZE, Corpus, to_model_space
from ebm.model.energy import EnergyNet
from ebm.training.adapt import AdaptStep, Shown, check_shown, frozen_copy, shifted, with_more_sorts
from ebm.training.divergence_guard import MAX_IN_A_ROW
from ebm.training.errors import Diverged
from ebm.training.jem import CONTRAST_BETAS, JEM
from ebm.training.recipe import Recipe
from ebm.training.recipe import recipe as make_recipe


@dataclass(frozen=True)
class Printing:
    """How a model learns to print in a fount. The losses, and all other settings, are those of its own second stage.

    Args:
        batch_size: glyphs a step, and chains a step, above 1.
        lr: learning rate of Adam, above 0.
        ema: decay of the weights' moving average, in (0, 1).
        shift: largest shift of a shown glyph, in pixels.
        seed: of everything random.

    Raises:
        ValueError: for settings out of their range.
    """

    batch_size: int = 32
    lr: float = 3e-4
    ema: float = 0.995
    shift: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size < 2 or self.lr <= 0 or not 0 < self.ema < 1 or self.shift < 0:
            raise ValueError(
                "Printing needs two glyphs a step or more, a learning rate above 0, an ema between 0 and 1, and a "
                "shift of at least 0."
            )

    def recipe(self, card: Card) -> Recipe:
        """The recipe of the second stage: the model's own, with these settings.

        Args:
            card: of the model; an imported one may have no recipe, and then takes the usual one with its sampler.

        Raises:
            ValueError: for a model that was trained without chains.
        """
        own = card.recipe or vars(card.sampler) | {"mode": card.mode}
        found = make_recipe(own, batch_size=self.batch_size, lr=self.lr, ema=self.ema, seed=self.seed)
        if not found.mode.has_chains or not found.mode.fits(2):
            raise ValueError(f"The model {card.name!r} cannot learn to print sorts: adapt a joint model.")
        return found


def adapting_to_print(
    net: EnergyNet, shown: Shown, corpus: Corpus, recipe: Recipe, settings: Printing | None = None, every: int = 25
) -> Iterator[AdaptStep]:
    """Trains a copy of a network on by the second stage's losses, for as long as states are taken.

    Sorts that were shown are learnt from the shown glyphs alone, so that chains end in the forms of the book. Sorts
    that were not shown keep the corpus's glyphs.

    Args:
        net: as `adapting` gives it; it is not changed. That of an earlier call goes on, with new chains.
        shown: glyphs of the fount.
        corpus: what the model was trained on.
        recipe: as `settings.recipe(card)` makes it.
        settings: the same ones.
        every: steps between two yields.

    Yields:
        `AdaptStep` after each `every` steps, without end: each holds a whole network, so nothing is lost with the next.

    Raises:
        ValueError: for what `adapting` refuses.
        Diverged: after three rollbacks in a row.
    """
    check_shown(shown)
    settings = settings or Printing()
    module = _module(net, shown, recipe)
    average = AveragedModel(module.net, multi_avg_fn=get_ema_multi_avg_fn(settings.ema))
    optimizer = _adam(module, settings.lr)
    source = FountBatches(shown, corpus, settings.shift, len(shown.sorts))
    index, in_a_row = 0, 0
    while True:
        assert module.random is not None
        module.trouble = None
        loss = module.second_stage(*source.draw(settings.batch_size, module.random))
        index += 1
        if module.trouble is None and bool(torch.isfinite(loss)):
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(module.net.parameters(), recipe.norm_clip)
            optimizer.step()
            average.update_parameters(module.net)
            if index % every == 0:
                in_a_row = 0
                yield AdaptStep(index, float(loss.detach()), frozen_copy(average.module))
            continue
        in_a_row += 1
        if in_a_row == MAX_IN_A_ROW:
            raise Diverged(f"Learning to print became unstable at step {index}: {module.trouble or 'infinite loss'}.")
        # The average is the last good state; the chains that went wrong are dropped.
        module.net.load_state_dict(average.module.state_dict())
        module.begin(step=index)
        optimizer = _adam(module, settings.lr / 2**in_a_row)


class _Module(JEM):
    """A JEM outside of Lightning's trainer."""

    def _log(self, values: dict[str, Tensor], prog_bar: bool = False) -> None:
        """Keeps no log, because there is no trainer."""


def _module(net: EnergyNet, shown: Shown, recipe: Recipe) -> JEM:
    learner = with_more_sorts(net, len(shown.sorts)).train().requires_grad_(True)
    module = _Module(recipe.to_dict(), len(shown.sorts), learner).to(next(net.parameters()).device)
    module.begin()
    return module


def _adam(module: JEM, lr: float) -> torch.optim.Adam:
    return torch.optim.Adam(module.net.parameters(), lr=lr, betas=CONTRAST_BETAS)


class FountBatches:
    """Batches with every sort as often as any other: shown glyphs, or for sorts that were not shown the corpus's.

    Args:
        shown: glyphs of the fount.
        corpus: of the other sorts.
        shift: as in `Printing`.
        sorts: number of sorts in all.
    """

    def __init__(self, shown: Shown, corpus: Corpus, shift: int, sorts: int):
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
