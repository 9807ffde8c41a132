"""Lines and their text from a PAGE-XML or ALTO file beside a scan."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ebm.page.layout import Box

MAX_BYTES = 20_000_000
MAX_LINES = 5_000
_MAX_TEXT = 2_000  # characters of a line


@dataclass(frozen=True)
class KnownLine:
    """A line of the file: its box in the scan's pixels and its text, None where it has none."""

    box: Box
    text: str | None


Transcription = list[KnownLine]


def read_transcription(path: str | Path) -> Transcription:
    """Reads the lines of a PAGE-XML or ALTO file.

    Args:
        path: of the file, at most 20 MB.

    Raises:
        ValueError: too large, no XML, of entities or another DTD, of neither form, or with coordinates that are none.
    """
    from defusedxml import DefusedXmlException, ElementTree

    path = Path(path)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.name} has more than {MAX_BYTES // 10**6} MB: too much for the lines of a page")
    try:
        root = ElementTree.parse(path, forbid_dtd=True).getroot()
    except DefusedXmlException:
        raise ValueError(f"{path.name} defines entities or a DTD, which is not safe to read: take them out") from None
    except (ElementTree.ParseError, ValueError, LookupError):
        raise ValueError(f"{path.name} is not whole XML: give PAGE-XML or ALTO, or take it away") from None
    kinds = {"alto": _alto_line, "PcGts": _page_line}
    read = kinds.get(_tag(root))
    if read is None:
        raise ValueError(f"{path.name} is neither PAGE-XML nor ALTO: give one of them, or take it away")
    lines = [element for element in root.iter() if _tag(element) == "TextLine"]
    if len(lines) > MAX_LINES:
        raise ValueError(f"{path.name} has {len(lines):,} lines: a page has at most {MAX_LINES:,}")
    try:
        return [read(line) for line in lines]
    except (KeyError, ValueError, OverflowError, StopIteration):
        raise ValueError(f"{path.name} has a line without coordinates in whole pixels") from None


def text_of(known: Transcription | None, box: Box) -> str | None:
    """The text of the line whose rows agree most with a box, more than half of them, and that stands beside it."""
    best, found = 0.5, None
    for line in known or ():
        across = min(line.box.right, box.right) - max(line.box.left, box.left)
        if across > 0.5 * min(line.box.width, box.width) and (share := rows_shared(line.box, box)) > best:
            best, found = share, line.text
    return found


def rows_shared(one: Box, other: Box) -> float:
    """The rows that two boxes share, over the rows that they cover together."""
    both = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0, both) / max(1, max(one.bottom, other.bottom) - min(one.top, other.top))


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _alto_line(element: Any) -> KnownLine:
    left, top, width, height = (round(float(element.attrib[name])) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    words = [child.get("CONTENT", "") for child in element if _tag(child) == "String"]
    return KnownLine(Box(left, top, left + width, top + height), " ".join(words)[:_MAX_TEXT] or None)


def _page_line(element: Any) -> KnownLine:
    points = next(child for child in element if _tag(child) == "Coords").attrib["points"]
    across, down = zip(*(map(int, map(float, point.split(","))) for point in points.split()), strict=True)
    box = Box(min(across), min(down), max(across), max(down))
    own = [child for child in element if _tag(child) == "TextEquiv"]  # words have texts of their own
    texts = [part.text for child in own for part in child if _tag(part) == "Unicode"]
    return KnownLine(box, (texts[0] or "")[:_MAX_TEXT] or None if texts else None)
