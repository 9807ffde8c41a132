"""What is to be seen of a training: numbers and curves, drawn inline because they change twice a second."""

from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import torch

from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, message, mirrored_histogram, number, tile_grid
from ebm.scoring.rates import auroc

_NOTHING = torch.empty((0, 56, 56), dtype=torch.uint8)


def without_pictures(moment: Any) -> Any:
    """A moment that is over: of it only the numbers are shown, so only they are kept."""
    return replace(moment, buffer=_NOTHING, fresh=_NOTHING)


def report(loaded: LoadedModel) -> str:
    """What a model that was just trained can do and what it still gets wrong, as HTML."""
    card, parts = loaded.card, []
    accuracy = card.metrics.get("accuracy")
    if isinstance(accuracy, float):
        parts.append(f"<li>It reads {accuracy:.0%} of new glyphs of its sorts right.</li>")
    known = card.set_scores.get("test", {}).get("energy", [])
    areas = {name: auroc(known, card.set_scores[name]["energy"]) for name in loaded.sets() if known}
    backwards = [f"{escape(name)} ({area:.2f})" for name, area in areas.items() if area < 0.5]
    if backwards:
        parts.append(
            "<li>It calls these <b>more</b> usual than known glyphs, so it ranks them backwards (AUROC below 0.5): "
            f"{', '.join(backwards)}.</li>"
        )
    weak = [f"{escape(name)} ({area:.2f})" for name, area in areas.items() if 0.5 <= area < 0.9]
    if weak:
        parts.append(f"<li>It tells these from known glyphs, but not surely (AUROC below 0.9): {', '.join(weak)}.</li>")
    good = [escape(name) for name, area in areas.items() if area >= 0.9]
    if good:
        parts.append(f"<li>It knows these for strangers (AUROC 0.9 and above): {', '.join(good)}.</li>")
    n = min((len(card.set_scores[name]["energy"]) for name in areas), default=0)
    note = f"<p class='fineprint'>Measured quickly, on {n} glyphs of each set of strangers.</p>" if n else ""
    return f"<div class='report'><h3>What it can do, and what it gets wrong</h3><ul>{''.join(parts)}</ul>{note}</div>"


def picture(moments: list[Any], report: str = "") -> str:
    """A training up to now as HTML: fresh chains, buffer, curves, numbers; when it is over, also the report on it."""
    now = moments[-1]
    grids = ""
    for ink, title, note in (
        (now.fresh, "Fresh chains", "from noise, by the averaged weights; looked at every four seconds"),
        (now.buffer, "Replay buffer", "where training's chains rest between two updates"),
    ):
        if len(ink):
            grids += (
                f'<figure class="samples"><figcaption><b>{title}</b> <small>{note}</small></figcaption>'
                f'<img data-sheet src="{data_uri(tile_grid(ink), "jpeg")}" '
                f'alt="{len(ink)} glyphs: {title.lower()}"></figure>'
            )
    waiting = "" if grids else message("No chains yet: the network learns to read first.")
    grids = f'<div class="grids">{waiting}{grids}</div>'
    return f'<section class="training sheet">{report}{ledger(now)}{curves(moments)}{grids}</section>'


def ledger(now: Any) -> str:
    """The numbers of a moment as HTML, each with what it is."""
    facts = [("step", f"{now.step:,}", "updates of the weights")]
    if now.accuracy is not None:
        facts.append(("read right", f"{now.accuracy:.0%}", "of the last batch"))
    if "matching" in now.losses:
        facts.append(
            ("matching", number(now.losses["matching"]), "how far the slope points past the glyph: should fall")
        )
    if "gap" in now.losses:
        facts.append(
            ("gap", number(now.losses["gap"]), "energy of sampled minus real glyphs, last batch: near 0 is good")
        )
    if now.ages:
        facts.append(("chains", f"{int(np.median(now.ages))} steps", "median age in the buffer"))
    cells = "".join(
        f"<div><span>{name}</span><b>{value}</b><small>{words}</small></div>" for name, value, words in facts
    )
    back = "".join(
        f'<p class="back">Rolled back at {seen}; the learning rate was halved.</p>' for seen in now.rollbacks
    )
    return f'<div class="ledger">{cells}</div>{back}'


def curves(moments: list[Any]) -> str:
    """Mean energies of real glyphs and of the buffer's chains over time, and their spread now, as HTML."""
    points = [(m.seconds, float(np.mean(m.real)), float(np.mean(m.sampled)) if m.sampled else None) for m in moments]
    values = [v for _, *pair in points for v in pair if v is not None]
    low, high = float(np.min(values)), float(np.max(values))
    pad = 0.08 * (high - low) or 0.5
    low, high, end = low - pad, high + pad, max(points[-1][0], 1.0)

    def at(seconds: float, value: float) -> str:
        return f"{100 * seconds / end:.2f},{100 - 100 * (value - low) / (high - low):.2f}"

    real = " ".join(at(s, r) for s, r, _ in points)
    sampled = " ".join(at(s, d) for s, _, d in points if d is not None)
    now = moments[-1]
    words = f"mean energy: real {number(float(np.mean(now.real)))}"
    words += f", sampled {number(float(np.mean(now.sampled)))}" if now.sampled else ""
    return (
        f'<figure class="energies" role="img" aria-label="{words}"><figcaption><span class="real">real glyphs</span>'
        f'<span class="sampled">chains in the buffer</span><span>{words}</span></figcaption>'
        f'<div class="plot"><svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline class="sampled" points="{sampled}"/><polyline class="real" points="{real}"/></svg>'
        f"<span style='top:0'>{number(high)}</span><span style='bottom:0'>{number(low)}</span></div>"
        f"<figcaption><span>0 s</span><span>{end:.0f} s</span></figcaption></figure>{_histogram(now)}"
    )


def _histogram(now: Any) -> str:
    """Where the energies of real glyphs and of chains lie now, one above the other."""
    return mirrored_histogram(now.real, now.sampled, ("real", "chains")) if now.sampled else ""
