"""The shelf of examples above Read, as HTML; the explorer and the static site show the same one."""

import base64
from html import escape
from itertools import groupby

from app.models.samples import GROUPS, Sample
from app.parts.drawing import data_uri, on_paper


def shelf_of(samples: list[Sample], with_ink: bool = False) -> str:
    """The examples as buttons, group by group.

    Args:
        samples: sorted by their groups.
        with_ink: whether each button holds its glyph too (3,136 bytes, base64), for a page without a server.

    Returns:
        HTML.
    """
    numbered = groupby(enumerate(samples), key=lambda one: one[1].group)
    groups = "".join(
        f'<div class="group" role="group" aria-label="Examples: {GROUPS[group]}"><h3>{GROUPS[group]}</h3>'
        f"<div>{''.join(_button(k, sample, with_ink) for k, sample in members)}</div></div>"
        for group, members in numbered
    )
    return f'<div class="shelf">{groups}</div>'


def note_of(sample: Sample) -> str:
    """What is said below a sample's name: its sort, and whether it fools the model."""
    called = "called a stranger" if sample.group == "known" else "called known"
    return ", ".join(part for part in (sample.truth, called if sample.fools else "") if part)


def _button(number: int, sample: Sample, with_ink: bool) -> str:
    ink = base64.b64encode(sample.picture.contiguous().numpy().tobytes()).decode() if with_ink else ""
    note = note_of(sample)
    small = f"<small{' class=fools' if sample.fools else ''}>{escape(note)}</small>" if note else ""
    return (
        f'<button type="button" data-index="{number}" data-key="{escape(sample.key)}" data-ink="{ink}">'
        f'<img src="{data_uri(on_paper(sample.picture))}" alt="" width="60" height="60">'
        f"<span>{escape(sample.key)}</span>{small}</button>"
    )
