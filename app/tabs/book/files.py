"""A page that was read, as files to take home: its case as a zip, its table for spreadsheets."""

import csv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ebm.page.read import ReadPage

COLUMNS = (
    "number", "line", "left", "top", "right", "bottom", "is_cut", "sort", "probability", "energy", "p_value", "is_sure"
)  # fmt: skip


def write_files(folder: Path, page: "ReadPage") -> list[Path]:
    """Writes a page into an empty folder.

    Args:
        folder: to write into.
        page: as it was read; a glyph that the visitor named has no probability.

    Returns:
        the case as a zip, and the table.
    """
    from ebm.page.case import write_case  # scikit-image: not before someone brings a page

    case, table = folder / "case.zip", folder / "glyphs.csv"
    write_case([page], folder / "case")
    with zipfile.ZipFile(case, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted((folder / "case").rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    with table.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(COLUMNS)
        for k, glyph in enumerate(page.glyphs):
            box = glyph.at.box
            rows.writerow([
                k + 1, glyph.at.line, box.left, box.top, box.right, box.bottom, int(glyph.at.is_cut), glyph.sort or "",
                _digits(glyph.probability), _digits(glyph.energy), _digits(glyph.p_value), int(glyph.is_sure),
            ])  # fmt: skip
    return [case, table]


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
