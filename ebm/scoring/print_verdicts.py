"""Verdicts on a few pictures, printed."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ebm.checkpoint.files import load
from ebm.data.picture.to_glyph import to_glyph
from ebm.scoring.scores import verdict


def print_verdicts(files: Sequence[Path], checkpoint: Path, as_json: bool) -> bool:
    """Prints a table, or one JSON object a line, of the verdicts on some files.

    Returns:
        whether all of them could be read; the reason is printed where one could not.
    """
    model, card = load(checkpoint)
    failed = False
    if not card.is_calibrated:
        print(
            f"{checkpoint.name} is uncalibrated: it has energies, but no threshold to judge them by.", file=sys.stderr
        )
    if not as_json:
        print(f"{'energy':>9} {'p-value':>8}  {'verdict':9} {'likeliest sorts':44} file")
    for file in files:
        try:
            v = verdict(model, card, to_glyph(file, preprocessing=card.preprocessing))
        except ValueError as error:
            failed = True
            named = str(error) if str(file) in str(error) else f"{file}: {error}"
            print(json.dumps({"file": str(file), "error": str(error)}) if as_json else named)
            continue
        if as_json:
            print(json.dumps({"file": str(file)} | dataclasses.asdict(v), ensure_ascii=False))
        else:
            top = "  ".join(f"{name} {p:.0%}" for name, p in v.top)
            p_value = "-" if v.p_value is None else f"{v.p_value:.3f}"
            word = {True: "stranger", False: "known", None: "-"}[v.is_stranger]
            print(f"{v.energy:9.3f} {p_value:>8}  {word:9} {top:44} {file}")
    return not failed
