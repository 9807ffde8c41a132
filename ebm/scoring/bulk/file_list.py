"""Lists of any number of files: made once, kept on disk, read in pieces, never completely in memory.

Names are the bytes of the system. They need not be text, and may contain newlines. They cannot contain a NUL, so
a NUL separates them in the list.
"""

import heapq
import os
import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

SORTED_AT_ONCE = 100_000
_READ = 1 << 16


class FileList:
    """A list of file names in two files of a folder: `names`, each ended by a NUL, and `ends`, int64 byte offsets.

    It holds no open file, so it can be passed to another process.

    Args:
        folder: of the two files.
    """

    def __init__(self, folder: Path):
        self.names_path, self.ends_path = folder / "names", folder / "ends"

    def write(self, names: Iterable[bytes]) -> int:
        """Writes the list, a name at a time, and returns the number of names."""
        end = count = 0
        with self.names_path.open("wb") as file, self.ends_path.open("wb") as ends:
            array("q", [0]).tofile(ends)
            for name in names:
                end += file.write(name + b"\0")
                count += 1
                array("q", [end]).tofile(ends)
        return count

    def __len__(self) -> int:
        return self.ends_path.stat().st_size // 8 - 1

    def read(self, start: int, stop: int) -> list[bytes]:
        """The names with the numbers start to stop - 1.

        Args:
            start: first number, from 0.
            stop: number after the last one.

        Returns:
            the names.
        """
        ends = np.fromfile(self.ends_path, np.int64, stop - start + 1, offset=8 * start)
        with self.names_path.open("rb") as file:
            file.seek(ends[0])
            return file.read(ends[-1] - ends[0]).split(b"\0")[:-1]


def check_inputs(inputs: Iterable[str]) -> None:
    """Checks that files, folders and @lists exist.

    Args:
        inputs: as in `find_files`.

    Raises:
        ValueError: for the first one that does not exist.
    """
    for given in inputs:
        if given.startswith("@") and not Path(given[1:]).is_file():
            raise ValueError(f"There is no list of files {given[1:]} (after an @ stands the name of a text file).")
        if not given.startswith("@") and not os.path.lexists(given):
            raise ValueError(f"There is no file or folder {given}.")


def find_files(inputs: Iterable[str], leave_out: Path, sorted_at_once: int = SORTED_AT_ONCE) -> Iterator[bytes]:
    """Finds all files of the inputs, in an order that depends only on the names.

    Args:
        inputs: files; folders, for all files in them and in their sub-folders; or @list, a text file with a file
            name a line, or with NULs between the names as `find -print0` writes. Hidden files and folders are
            left out, and links to folders are not followed. A folder that cannot be read is itself in the list.
        leave_out: a folder that is left out.
        sorted_at_once: names of one folder that are sorted in memory; more are sorted in pieces on disk.

    Yields:
        the names as bytes.
    """
    for given in inputs:
        if given.startswith("@"):
            yield from _names_in_list(Path(given[1:]))
        elif os.path.isdir(given):
            yield from _files_below(os.fsencode(given), leave_out, sorted_at_once)
        else:
            yield os.fsencode(given)


def _names_in_list(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        mark = b"\0" if b"\0" in file.read(_READ) else b"\n"
        file.seek(0)
        for name in _split(file, mark):
            name = name if mark == b"\0" else name.removesuffix(b"\r")
            if name:
                yield name


def _split(file: IO[bytes], mark: bytes) -> Iterator[bytes]:
    """The pieces of a file between marks, without reading all of it into memory."""
    rest = b""
    while block := file.read(_READ):
        *pieces, rest = (rest + block).split(mark)
        yield from pieces
    if rest:
        yield rest


def _files_below(top: bytes, leave_out: Path, sorted_at_once: int) -> Iterator[bytes]:
    """Every file below a folder, in the order of the paths' bytes. A stack is used, because nesting may be deep."""
    hidden = os.path.realpath(os.fsencode(leave_out))
    stack = [iter([top.rstrip(b"/") + b"/"])]
    while stack:
        path = next(stack[-1], None)
        if path is None:
            stack.pop()
        elif not path.endswith(b"/"):
            yield path
        elif os.path.realpath(path) != hidden:
            try:
                stack.append(_entries(path, sorted_at_once))
            except OSError:
                yield path.rstrip(b"/")


def _entries(folder: bytes, sorted_at_once: int) -> Iterator[bytes]:
    """Any number of files and folders (with a slash at their end) in one folder, sorted."""
    runs: list[Iterator[bytes]] = []
    with os.scandir(folder) as found:
        paths = (path for entry in found if (path := _path_of(entry)))
        while run := sorted(islice(paths, sorted_at_once)):
            runs.append(iter(run) if len(run) < sorted_at_once else _spilled(run))
    return heapq.merge(*runs)


def _path_of(entry: os.DirEntry[bytes]) -> bytes | None:
    """The path of a file, or of a folder with a slash; None if it is left out."""
    if entry.name.startswith(b"."):
        return None
    if entry.is_dir(follow_symlinks=False):
        return entry.path + b"/"
    # Broken links are kept, so that they are reported. Pipes and sockets would block the reader.
    return entry.path if entry.is_file() or (entry.is_symlink() and not entry.is_dir()) else None


def _spilled(run: list[bytes]) -> Iterator[bytes]:
    """The same names from a temporary file, which is written immediately."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (closed when the names have been read)
    file.writelines(name + b"\0" for name in run)
    file.seek(0)

    def read() -> Iterator[bytes]:
        with file:
            yield from _split(file, b"\0")

    return read()


def to_text(name: bytes) -> str:
    r"""A file name as text, for a table: UTF-8, with other bytes as \xHH and backslashes doubled.

    Different names give different texts. `to_name` is the inverse.
    """
    return name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def to_name(text: str) -> bytes:
    """The file name that `to_text` turned into a text."""
    pieces = re.split(r"(\\\\|\\x[0-9a-f]{2})", text)
    return b"".join(
        piece.encode() if k % 2 == 0 else b"\\" if piece == r"\\" else bytes.fromhex(piece[2:])
        for k, piece in enumerate(pieces)
    )
