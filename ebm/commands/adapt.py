"""python -m ebm adapt."""

import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # torch takes more than a second to import
    from ebm.model.energy import EnergyNet
    from ebm.training.adapt import AdaptStep

KEPT_EVERY = 600  # seconds of learning to print after which the file is written again


def adapt_command(
    checkpoint: Annotated[Path, typer.Argument(help="The joint model to start from: a .safetensors file.")],
    case: Annotated[Path, typer.Argument(help="Folder with a folder of pictures for each sort: a, long-s, cap-A, ...")],
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")] = Path("adapted.safetensors"),
    steps: Annotated[
        int, typer.Option(min=0, help="Optimiser steps until it reads; 300 take about a minute on one core, 0 none.")
    ] = 300,
    minutes: Annotated[
        float, typer.Option(min=0, help="Then learn for so long to print in the fount too; Ctrl-C ends it early.")
    ] = 0.0,
    data: Annotated[str, typer.Option("--data", help="What the checkpoint was trained on.")] = "pen",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Adapts a model to a fount: shown one glyph of each sort or more, it reads the rest of the book.

    With --minutes it also prints in the book's own fount. To go on later, start from the file that was written, with
    --steps 0. Names that the model does not know become new sorts. Sorts without a glyph keep their synthetic ones.
    """
    from ebm.checkpoint.files import load
    from ebm.data.sources import load_corpus
    from ebm.evaluation.adapted import export_adapted, hold_out
    from ebm.training.adapt import Adaptation, adapting, read_case
    from ebm.training.adapt_to_print import Printing, adapting_to_print

    if out.suffix != ".safetensors":
        raise ValueError(f"--out must end in .safetensors, and {out.name!r} does not.")
    if not steps and not minutes:
        raise ValueError("There is nothing to do: give --steps above 0, or --minutes.")
    model, card = load(checkpoint)
    shown = read_case(case, card)
    corpus = load_corpus(data)
    if card.sorts[: len(corpus.sorts)] != corpus.sorts:
        raise ValueError(f"The corpus {data!r} has other sorts than {checkpoint.name} was trained on.")
    scale = card.recipe.get("match_scale", Adaptation.match_scale)  # that of the model's own matching
    settings = Adaptation(steps=steps, seed=seed, match_scale=scale) if steps else None
    has_printed = "printing" in card.made_with  # its chains clean the paper already, so they go on
    printing = Printing(seed=seed, match_steps=0) if has_printed and not steps else Printing(seed=seed)
    recipe = printing.recipe(card) if minutes else None
    learnt, held_out = hold_out(shown)
    print(
        f"{len(shown.y)} glyphs of {len(shown.y.unique())} sorts; {len(held_out)} of them held out for the threshold."
    )

    def keep(net: "EnergyNet", printed: int = 0) -> None:
        made = dataclasses.asdict(printing) | {"steps": printed} if printed else None
        command = "python -m ebm " + " ".join(sys.argv[1:])
        export_adapted(out, net, card, learnt, held_out, corpus, settings, command, printing=made)

    net = model
    if settings is not None:
        net = _watched(adapting(model, learnt, corpus, settings, every=1), steps)
        keep(net)
    if recipe is not None:
        _print_for(adapting_to_print(net, learnt, corpus, recipe), minutes, keep)
    print(f"Wrote {out}. Open it with: python -m app --checkpoint {out}")


def _watched(states: "Iterator[AdaptStep]", steps: int) -> "EnergyNet":
    """The last network of an adaptation, with its progress on the terminal."""
    from rich.progress import track

    *_, last = track(states, "Adapting", total=steps, disable=not sys.stdout.isatty())
    return last.net


def _print_for(states: "Iterator[AdaptStep]", minutes: float, keep: "Callable[[EnergyNet, int], None]") -> None:
    """Takes states until the time is over or Ctrl-C is pressed, and keeps one now and then and the last."""
    from rich.progress import Progress

    print(f"Learning to print for {minutes:g} minutes. Ctrl-C ends it early, and nothing is lost.")
    began, last, kept = time.monotonic(), None, 0
    with Progress(disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("Learning to print", total=60 * minutes)
        try:
            for state in states:
                seconds, last = time.monotonic() - began, state
                progress.update(task, completed=seconds)
                if seconds >= 60 * minutes:
                    break
                if seconds // KEPT_EVERY > kept:
                    keep(state.net, state.step)
                    kept += 1
        except KeyboardInterrupt:
            print("Stopped early.")
        finally:  # also when it diverged
            if last is not None:
                keep(last.net, last.step)
