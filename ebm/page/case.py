"""Pages that were read, as files: a case of sorts, a table, and the pages to look at."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ebm.data.folders import CAPITAL, MIN_PICTURES
from ebm.page.overlay import draw_page
from ebm.page.read import ReadGlyph, ReadPage
from ebm.page.web import page_html
from ebm.system.whole_file import whole_file


def folder_of(sort: str) -> str:
    """The folder of a sort: `cap-A` for A, since `a` and `A` are one folder on Windows and macOS."""
    return f"{CAPITAL}{sort}" if sort[:1].isupper() else sort


def write_case(pages: Sequence[ReadPage], out: str | Path) -> None:
    """Writes pages that were read.

    `glyphs/<sort>/` is an image folder as `ebm.data.load` reads it. Sorts with fewer glyphs than it needs are in
    `few/<sort>/`, and what is no sure reading is in `unsure/`. `glyphs.parquet` has a row a glyph; `page.png` and
    `page.html` show each page, with the page's name in theirs where there are several.

    Args:
        pages: as `read_page` gives them.
        out: a folder, new or empty.

    Raises:
        ValueError: the folder holds something.
    """
    out = Path(out)
    check_out(out)
    glyphs = [glyph for page in pages for glyph in page.glyphs]
    counts = Counter(glyph.sort for glyph in glyphs if glyph.is_sure)
    files = []
    for k, glyph in enumerate(glyphs):
        name = f"{k + 1:06d}-line-{glyph.at.line:03d}.png"
        if not glyph.is_sure or glyph.sort is None:
            file = Path("unsure") / name
        else:
            file = Path("glyphs" if counts[glyph.sort] >= MIN_PICTURES else "few") / folder_of(glyph.sort) / name
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(glyph.crop).save(out / file)
        files.append(file.as_posix())
    out.mkdir(parents=True, exist_ok=True)
    _write_table(out / "glyphs.parquet", glyphs, files)
    for number, page in enumerate(pages, 1):
        name = "page" if len(pages) == 1 else f"page-{number:03d}-{page.layout.page}"
        draw_page(page).save(out / f"{name}.png")
        (out / f"{name}.html").write_text(page_html(page), encoding="utf-8")


def check_out(out: Path) -> None:
    """Refuses a folder that holds something, so that nothing of it is lost or mixed in."""
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise ValueError(f"{out} is not empty: give a new folder for the case")


def _write_table(path: Path, glyphs: list[ReadGlyph], files: list[str]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    boxes = [glyph.at.box for glyph in glyphs]
    columns = {
        "file": pa.array(files, pa.string()),
        "page": pa.array([glyph.at.page for glyph in glyphs], pa.string()),
        "line": pa.array([glyph.at.line for glyph in glyphs], pa.int32()),
        "left": pa.array([box.left for box in boxes], pa.int32()),
        "top": pa.array([box.top for box in boxes], pa.int32()),
        "right": pa.array([box.right for box in boxes], pa.int32()),
        "bottom": pa.array([box.bottom for box in boxes], pa.int32()),
        "is_cut": pa.array([glyph.at.is_cut for glyph in glyphs], pa.bool_()),
        "sort": pa.array([glyph.sort for glyph in glyphs], pa.string()),
        "probability": pa.array([glyph.probability for glyph in glyphs], pa.float32()),
        "energy": pa.array([glyph.energy for glyph in glyphs], pa.float32()),
        "p_value": pa.array([glyph.p_value for glyph in glyphs], pa.float64()),
    }
    with whole_file(path) as file:
        parquet.write_table(pa.table(columns), file)
