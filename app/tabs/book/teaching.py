"""Teaching a model the fount of a page: what it is shown, how it learns, the checkpoint that comes of it."""

import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from app.models.loaded import LoadedModel
from app.tabs.book.pages import Named, glyphs_of
from ebm.data.corpus import Corpus
from ebm.data.picture.to_glyph import to_glyph
from ebm.data.sources import load_corpus
from ebm.model.energy import EnergyNet, in_batches
from ebm.page.proposals import propose

if TYPE_CHECKING:
    from ebm.page.read import ReadPage

STEPS = (50, 1000)
PRINT_STEPS = (0, 3000)
EVERY = 25  # steps between two looks
_STRANGERS = 60  # a set: a visitor waits for the measuring
_SEEN = 600  # glyphs of the page whose energies are followed


@dataclass(frozen=True)
class Look:
    """A look at a model that is being taught.

    Args:
        step: that it is at.
        loss: of that step.
        energies: of some glyphs of the page (n,), before the first step where step is 0.
    """

    step: int
    loss: float | None
    energies: Tensor


@dataclass(frozen=True)
class GlyphsToLearn:
    """What a model is shown: glyphs (N, 1, 56, 56) by the names of their sorts."""

    glyphs: dict[str, Tensor]

    @classmethod
    def of(cls, page: "ReadPage", named: Named, loaded: LoadedModel) -> "GlyphsToLearn":
        """The glyphs of a page that the visitor named.

        Raises:
            ValueError: where there is none.
        """
        if not named:
            raise ValueError("Name at least one glyph first: click its box, or have the surest of each sort proposed.")
        found: dict[str, list[Tensor]] = {}
        for k, sort in sorted(named.items()):
            found.setdefault(sort, []).append(to_glyph(page.glyphs[k].crop, loaded.card.preprocessing))
        return cls({sort: torch.stack(glyphs) for sort, glyphs in found.items()})


def proposals(loaded: LoadedModel, page: "ReadPage", named: Named) -> dict[int, str]:
    """The surest glyph of each sort that is not among the visitor's own readings.

    Args:
        loaded: the model that read the page.
        page: as it read it.
        named: the visitor's own readings.

    Raises:
        ValueError: for a model without sorts.
    """
    if not loaded.has_sorts:
        raise ValueError("This model cannot read, so it proposes nothing: choose jem at the top of the page.")
    sorts = loaded.card.sorts
    logits = in_batches(loaded.model, loaded.model.get_logits, glyphs_of(page, loaded))
    shown = [sorts.index(sort) for sort in named.values() if sort in sorts]
    cut = [k for k, glyph in enumerate(page.glyphs) if glyph.at.is_cut]
    found = propose(
        logits, shown, temperature=loaded.card.temperature, highest=loaded.card.threshold, taken=[*named, *cut]
    )  # fmt: skip
    return {proposal.index: sorts[proposal.sort] for proposal in found}


def corpus_for(loaded: LoadedModel) -> Corpus:
    """The corpus of a model that can be taught.

    Raises:
        ValueError: for a model without sorts, or one that was not trained on the pen data as they are.
    """
    if not loaded.has_sorts:
        raise ValueError("This model has no sorts to be taught: choose jem at the top of the page.")
    corpus = load_corpus("pen", progress=False)
    if corpus.sorts != loaded.card.sorts:
        raise ValueError("This model has other sorts than the pen data: choose jem at the top of the page.")
    return corpus


def teach(
    loaded: LoadedModel, lesson: GlyphsToLearn, watched: Tensor, *, steps: Any = 300, print_steps: Any = 0,
    seed: int = 0, name: str = "", is_stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Look | Path]:  # fmt: skip
    """Teaches a copy of a model to read a fount, and then to print in it if that is wanted.

    Args:
        loaded: the model.
        lesson: what it is shown.
        watched: glyphs (N, 1, 56, 56) whose energies are followed.
        steps: of reading, within `STEPS`.
        print_steps: of printing after these, within `PRINT_STEPS`, in whole 25s.
        seed: of everything random.
        name: of the checkpoint.
        is_stopped: asked after every moment; True ends the lesson and keeps what was learnt.

    Yields:
        moments, then the checkpoint's path, whose files last until the next step of the iteration.

    Raises:
        ValueError: one sentence, for settings or a model that cannot be used.
    """
    from ebm.evaluation.adapted import export_adapted, hold_out  # Lightning: not before someone teaches
    from ebm.training.adapt import Adaptation, adapting, named_glyphs
    from ebm.training.adapt_to_print import Printing, adapting_to_print
    from ebm.training.errors import Diverged

    most, more = _steps(steps, STEPS, "A lesson"), _steps(print_steps, PRINT_STEPS, "Learning to print")
    corpus = corpus_for(loaded)
    learnt, held_out = hold_out(named_glyphs(list(lesson.glyphs.items()), loaded.card.sorts))
    scale = float(loaded.card.recipe.get("match_scale", Adaptation.match_scale))
    settings, printing = Adaptation(steps=most, seed=seed, match_scale=scale), Printing(seed=seed)
    recipe = printing.recipe(loaded.card) if more else None
    some = watched[torch.linspace(0, len(watched) - 1, min(_SEEN, len(watched))).long()]
    yield Look(0, None, _energies(loaded.model, some))
    for state in adapting(loaded.model, learnt, corpus, settings, every=EVERY):
        yield Look(state.step, state.loss, _energies(state.net, some))
        if is_stopped():
            break
    net, printed = state.net, 0
    if recipe is not None and not is_stopped():
        looks = adapting_to_print(net, learnt, corpus, recipe, every=EVERY)
        with suppress(Diverged):  # what was learnt until then is kept
            for state in islice(looks, more // EVERY):
                net, printed = state.net, state.step
                yield Look(most + printed, state.loss, _energies(net, some))
                if is_stopped():
                    break
    made = asdict(printing) | {"steps": printed} if printed else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name or 'taught'}-{uuid.uuid4().hex[:4]}.safetensors"
        yield export_adapted(
            path, net, loaded.card, learnt, held_out, corpus, settings, n=_STRANGERS, printing=made
        )  # fmt: skip


def _steps(wish: Any, span: tuple[int, int], what: str) -> int:
    """A number of steps within a span.

    Raises:
        ValueError: for anything else.
    """
    try:
        steps = int(wish)
    except (TypeError, ValueError):
        raise ValueError("The number of steps must be a whole number.") from None
    if not span[0] <= steps <= span[1]:
        raise ValueError(f"{what} takes {span[0]} to {span[1]} steps.")
    return steps


def _energies(net: EnergyNet, x: Tensor) -> Tensor:
    return in_batches(net, net.energy, x)
