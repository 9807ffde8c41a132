"""Any number of scans into one case, as scoring in bulk does it: resumable, in several processes, in flat memory."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load
from ebm.model.energy import EnergyNet
from ebm.page.case import lay_out, schema, stage_page
from ebm.page.read import ReadPage, check_turn, read_page
from ebm.scoring.bulk.run import attempt, run
from ebm.scoring.bulk.score_files import checkpoint_digest
from ebm.scoring.bulk.work_folder import WorkFolder
from ebm.system.file_list import check_inputs, digest, find_files, to_text
from ebm.system.processes import Processes

if TYPE_CHECKING:
    import pyarrow as pa

FEW = 3  # scans that this process reads itself, with progress on each
Row = dict[str, Any]  # of `pages.parquet`
Progress = Callable[[str], Callable[[int, int], None]]


def read_pages(
    inputs: Sequence[str],
    out: Path,
    checkpoint: Path,
    processes: Processes,
    *,
    turn: int | None = None,
    tell: Callable[[Row], None] = lambda row: None,
    progress: Progress | None = None,
) -> tuple[int, int] | None:
    """Reads scans into a case as `ebm.page.write_case` writes it; after an interruption the same call continues.

    Args:
        inputs: files, folders and @lists, as in `ebm.system.file_list.find_files`; XML files are left out.
        out: the case, a folder that is new or empty. Nothing is written where no scan can be read.
        checkpoint: a .safetensors file.
        processes: that share the work.
        turn: as in `read_page`.
        tell: called with the row of each page that is read, as in `pages.parquet`.
        progress: called with the name of a scan, where there are few; gives the `progress` of `read_page`.

    Returns:
        the number of scans, and of those that could not be read; None on every process but the first.

    Raises:
        ValueError: for wrong options or inputs, or a work folder that belongs to another run.
        ConnectionError: when another process has ended early.
        ChildProcessError: when a reading process has ended early.
    """
    check_turn(turn)
    check_inputs(given for given in inputs if given.startswith("@"))  # a scan that is not there is a row
    model, card = load(checkpoint)
    work = WorkFolder(out)
    first = list(islice(_scans(inputs, work.path), FEW + 1))
    if not first:
        raise ValueError(f"There are no files in {', '.join(inputs)}.")
    work.open(inputs, {"checkpoint": checkpoint_digest(checkpoint, card), "--turn": turn})
    work.pages.mkdir(exist_ok=True)
    are_few = len(first) <= FEW and processes == Processes(accelerator="cpu")
    job = ReadPages(model, card, turn, work.pages, tell, progress if are_few else None)
    if are_few:
        processes = Processes(0, "cpu")
    return run(job, _scans(inputs, work.path), work, processes, quiet=are_few)


def _scans(inputs: Sequence[str], leave_out: Path) -> Iterator[bytes]:
    """The files, without transcriptions that stand beside scans."""
    return (name for name in find_files(inputs, leave_out) if not name.lower().endswith(b".xml"))


class ReadPages:
    """The job of reading scans of pages.

    Args:
        model: as `ebm.load` gives it.
        card: as `ebm.load` gives it.
        turn: as in `read_page`.
        pictures: the folder for the pictures of the pages.
        tell: as in `read_pages`.
        progress: as in `read_pages`.
    """

    batch = part = 1

    def __init__(
        self, model: EnergyNet, card: Card, turn: int | None, pictures: Path, tell: Callable[[Row], None],
        progress: Progress | None,
    ):  # fmt: skip
        self.model, self.card, self.turn, self.pictures = model, card, turn, pictures
        self.tell, self.progress = tell, progress

    def read(self, names: list[bytes]) -> "pa.Table":
        """The row of a page; its pictures are files already."""
        import pyarrow as pa

        (name,) = names
        file = to_text(name)
        page = attempt(self._page, name)
        if isinstance(page, str):
            return pa.Table.from_pylist([{"file": file, "error": page}], schema())
        return stage_page(page, file, self.pictures / f"{digest(file):016x}")

    def _page(self, file: str) -> ReadPage:
        progress = self.progress(Path(file).name) if self.progress else None
        return read_page(file, self.model, self.card, turn=self.turn, progress=progress)

    def rows(self, names: list[str], read: "pa.Table", device: torch.device) -> "pa.Table":
        """The same row; `tell` is called with it."""
        self.tell(read.drop_columns(["found"]).to_pylist()[0])
        return read

    def finish(self, work: WorkFolder, rank: int, size: int) -> Path | None:
        """The case."""
        work.result.mkdir(exist_ok=True)
        return work.result if lay_out(work.parts(), self.pictures, work.result, rank, size) else None
