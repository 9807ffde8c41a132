"""python -m ebm data."""

from pathlib import Path
from typing import Annotated

import typer

from ebm.commands.options import Data, Founts


def show_data(
    data: Data = "pen",
    founts: Founts = None,
    sheet: Annotated[Path | None, typer.Option(help="Write a contact sheet, one row a sort, to this PNG.")] = None,
    seed: Annotated[int, typer.Option(help="Of the pen corpus, or of the split of a picture folder.")] = 0,
) -> None:
    """Makes or loads a corpus, says what is in it, and draws its contact sheet (exercise 3.1)."""
    from ebm.data.corpus import SPLITS
    from ebm.data.sources import load_corpus

    corpus = load_corpus(data, founts=founts, seed=seed)
    counts = ", ".join(f"{split} {len(corpus.labels[split])}" for split in SPLITS)
    print(f"{corpus.source}\n{len(corpus.sorts)} sorts; {counts}; SHA-256 {corpus.digest()}")
    if sheet is not None:
        from ebm.data.sheet import contact_sheet

        contact_sheet(corpus, pen_seed=seed if data == "pen" and founts is None else None).save(sheet)
        print(f"Contact sheet: {sheet}")
