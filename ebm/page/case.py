"""Pages that were read, as files: a case of sorts, its tables, and the pages to look at.

Every page is first staged: a Parquet file of one row with its glyphs inside, its picture and its HTML. A case is laid
out from staged pages, one after the other, when all are there: then it is known how many glyphs each sort has.
"""

import io
import os
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from ebm.data.folders import CAPITAL, MIN_PICTURES
from ebm.page.overlay import draw_page
from ebm.page.read import ReadGlyph, ReadPage
from ebm.page.web import page_html

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST = 60  # characters of a page's name that go into the names of its files


def folder_of(sort: str) -> str:
    """The folder of a sort: `cap-A` for A, since `a` and `A` are one folder on Windows and macOS."""
    return f"{CAPITAL}{sort}" if sort[:1].isupper() else sort


def write_case(pages: Sequence[ReadPage], out: str | Path) -> None:
    """Writes pages that were read.

    `glyphs/<sort>/` is an image folder as `ebm.data.load` reads it. Sorts with fewer glyphs than it needs are in
    `few/<sort>/`, and what is no sure reading is in `unsure/`. `glyphs.parquet` has a row a glyph, `pages.parquet`
    a row a page; `page.png` and `page.html` show each page, with the page's name in theirs where there are several.

    Args:
        pages: as `read_page` gives them.
        out: a folder, new or empty.

    Raises:
        ValueError: the folder holds something.
    """
    from pyarrow import parquet

    out = Path(out)
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise ValueError(f"{out} is not empty: give a new folder for the case")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".staged-", dir=out) as name:
        staged = [Path(name) / f"{k:06}.parquet" for k in range(len(pages))]
        for page, path in zip(pages, staged, strict=True):
            parquet.write_table(stage_page(page, page.layout.page, path.with_suffix("")), path)
        lay_out(staged, Path(name), out)


def schema() -> "pa.Schema":
    """The columns of a staged page; one that could not be read has nulls and the reason, `error`."""
    import pyarrow as pa

    whole = dict.fromkeys(("line", "left", "top", "right", "bottom"), pa.int32())
    glyph = whole | {
        "is_cut": pa.bool_(), "sort": pa.string(), "probability": pa.float32(), "energy": pa.float32(),
        "p_value": pa.float64(), "is_sure": pa.bool_(), "png": pa.binary(),
    }  # fmt: skip
    about = {"file": pa.string(), "page": pa.string()} | dict.fromkeys(("lines", "glyphs", "sure", "cut"), pa.int32())
    words = {"warning": pa.string(), "error": pa.string(), "staged": pa.string()}
    return pa.schema(about | words | {"found": pa.list_(pa.struct(list(glyph.items())))})


def stage_page(page: ReadPage, file: str, path: Path) -> "pa.Table":
    """Writes a page's picture and its HTML.

    Args:
        page: as `read_page` gives it.
        file: name of the scan, for the table.
        path: of the two files, without their endings.

    Returns:
        the page's row, with the columns of `schema`.
    """
    import pyarrow as pa

    draw_page(page).save(path.with_name(f"{path.name}.png"), compress_level=3)  # 4 % larger, in half the time
    path.with_name(f"{path.name}.html").write_text(page_html(page), encoding="utf-8", errors="backslashreplace")
    row = {
        "file": file, "page": page.layout.page.encode("utf-8", "backslashreplace").decode(),
        "lines": len(page.layout.lines), "glyphs": len(page.glyphs), "warning": page.warning, "staged": path.name,
        "sure": sum(glyph.is_sure for glyph in page.glyphs), "cut": sum(glyph.at.is_cut for glyph in page.glyphs),
        "found": list(map(_fields, page.glyphs)),
    }  # fmt: skip
    return pa.Table.from_pylist([row], schema())


def _fields(glyph: ReadGlyph) -> dict[str, object]:
    png = io.BytesIO()
    Image.fromarray(glyph.crop).save(png, "PNG")
    box = glyph.at.box
    return {
        "line": glyph.at.line, "left": box.left, "top": box.top, "right": box.right, "bottom": box.bottom,
        "is_cut": glyph.at.is_cut, "sort": glyph.sort, "probability": glyph.probability, "energy": glyph.energy,
        "p_value": glyph.p_value, "is_sure": glyph.is_sure, "png": png.getvalue(),
    }  # fmt: skip


def lay_out(staged: Sequence[Path], folder: Path, case: Path, rank: int = 0, world: int = 1) -> int:
    """Lays out a case from staged pages; the same pages in the same order give the same names.

    Args:
        staged: Parquet files of a page each, in the case's order.
        folder: of the pages' pictures.
        case: an existing folder.
        rank: number of this process, which writes the pictures of every `world`-th page; 0 also writes the tables.
        world: how many processes there are.

    Returns:
        the number of pages that could be read.
    """
    from ebm.scoring.bulk.work_folder import write_table  # brings pyarrow

    pages, pictures, folders = _survey(staged)
    several = sum(page is not None for page in pages)
    numbers = accumulate(page is not None for page in pages)
    shown = [
        None if page is None else "page" if several == 1 else f"page-{number:03d}-{page[:_LONGEST]}"
        for page, number in zip(pages, numbers, strict=True)
    ]

    def laid() -> Iterator["pa.Table"]:
        glyphs = 0
        for k, (path, name) in enumerate(zip(staged, shown, strict=True)):
            if name is not None:
                rows = _glyph_rows(path, folders, glyphs + 1)
                glyphs += len(rows)
                if k % world == rank:
                    _write_pictures(rows, case)
                    for ending in (".png", ".html"):
                        _link(folder / (pictures[k] + ending), case / (name + ending))
                yield rows.select(_glyph_schema().names)

    if rank == 0:
        write_table(case / "glyphs.parquet", _glyph_schema(), laid())
        write_table(case / "pages.parquet", _page_schema(), _page_rows(staged, shown))
    else:
        deque(laid(), maxlen=0)
    return several


def _survey(staged: Sequence[Path]) -> tuple[list[str | None], list[str], dict[str, str]]:
    """Of each page its name, None for one that could not be read, and its pictures; of each sort its folder."""
    from pyarrow import parquet

    columns = ["page", "error", "staged", "found.list.element.sort", "found.list.element.is_sure"]
    pages, pictures, counts = [], [], Counter[str]()
    for path in staged:
        (row,) = parquet.ParquetFile(path).read(columns).to_pylist()
        pages.append(None if row["error"] else row["page"])
        pictures.append(row["staged"])
        counts.update(glyph["sort"] for glyph in row["found"] or () if glyph["is_sure"])
    kinds = {sort: "glyphs" if count >= MIN_PICTURES else "few" for sort, count in counts.items()}
    return pages, pictures, {sort: f"{kind}/{folder_of(sort)}" for sort, kind in kinds.items()}


def _glyph_schema() -> "pa.Schema":
    """The columns of `glyphs.parquet`."""
    import pyarrow as pa

    found = pa.schema(list(schema().field("found").type.value_type))
    kept = [field for field in found if field.name not in ("is_sure", "png")]
    return pa.schema([("file", pa.string()), ("page", pa.string()), *kept, ("scan", pa.string())])


def _page_schema() -> "pa.Schema":
    """The columns of `pages.parquet`."""
    import pyarrow as pa

    return pa.schema([*list(schema())[:8], ("shown_as", pa.string())])


def _page_rows(staged: Sequence[Path], shown: Sequence[str | None]) -> Iterator["pa.Table"]:
    import pyarrow as pa
    from pyarrow import parquet

    for path, name in zip(staged, shown, strict=True):
        row = parquet.ParquetFile(path).read(_page_schema().names[:-1])
        yield row.append_column("shown_as", pa.array([name], pa.string()))


def _glyph_rows(path: Path, folders: dict[str, str], first: int) -> "pa.Table":
    """The glyphs of a staged page, with the names of their files, numbered from the first one on."""
    import pyarrow as pa
    from pyarrow import parquet

    row = parquet.ParquetFile(path).read(["file", "page", "found"])
    found = pa.Table.from_struct_array(row["found"].combine_chunks().flatten())
    files = [
        f"{folders[glyph['sort']] if glyph['is_sure'] else 'unsure'}/{number:06d}-line-{glyph['line']:03d}.png"
        for number, glyph in enumerate(found.select(["line", "sort", "is_sure"]).to_pylist(), first)
    ]
    rows = found.append_column("file", pa.array(files, pa.string()))
    for column, source in (("page", "page"), ("scan", "file")):
        rows = rows.append_column(column, pa.repeat(row[source][0], len(rows)))
    return rows


def _write_pictures(rows: "pa.Table", case: Path) -> None:
    for file, png in zip(rows["file"].to_pylist(), rows["png"], strict=True):
        (case / file).parent.mkdir(parents=True, exist_ok=True)
        (case / file).write_bytes(png.as_py())


def _link(source: Path, target: Path) -> None:
    """One file under two names, so that a case can be laid out again; a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
