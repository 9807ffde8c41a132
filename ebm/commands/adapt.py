"""python -m ebm adapt."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def adapt_command(
    checkpoint: Annotated[Path, typer.Argument(help="The joint model to start from: a .safetensors file.")],
    case: Annotated[Path, typer.Argument(help="Folder with a folder of pictures for each sort: a, long-s, cap-A, ...")],
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")] = Path("adapted.safetensors"),
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps; 300 take about a minute on one core.")] = 300,
    data: Annotated[str, typer.Option("--data", help="What the checkpoint was trained on.")] = "pen",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Adapts a model to a fount: shown one glyph of each sort or more, it reads the rest of the book.

    Names that the model does not know become new sorts. Sorts without a glyph keep their synthetic ones.
    """
    from rich.progress import track

    from ebm.checkpoint.files import load
    from ebm.data.sources import load_corpus
    from ebm.evaluation.adapted import export_adapted, hold_out
    from ebm.training.adapt import Adaptation, adapting, read_case

    if out.suffix != ".safetensors":
        raise ValueError(f"--out must end in .safetensors, and {out.name!r} does not.")
    model, card = load(checkpoint)
    shown = read_case(case, card)
    corpus = load_corpus(data)
    scale = card.recipe.get("match_scale", Adaptation.match_scale)  # that of the model's own matching
    settings = Adaptation(steps=steps, seed=seed, match_scale=scale)
    if corpus.sorts != card.sorts:
        raise ValueError(f"The corpus {data!r} has other sorts than {checkpoint.name} was trained on.")
    learnt, held_out = hold_out(shown)
    print(
        f"{len(shown.y)} glyphs of {len(shown.y.unique())} sorts; {len(held_out)} of them held out for the threshold."
    )
    states = adapting(model, learnt, corpus, settings, every=1)
    for state in track(states, "Adapting", total=steps, disable=not sys.stdout.isatty()):
        net = state.net
    command = "python -m ebm " + " ".join(sys.argv[1:])
    path = export_adapted(out, net, card, learnt, held_out, corpus, settings, command)
    print(f"Wrote {path}. Open it with: python -m app --checkpoint {path}")
