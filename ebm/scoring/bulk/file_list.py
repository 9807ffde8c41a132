"""Lists of any number of files, made as they are read. Names are bytes of the system: not always text."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_READ = 1 << 16


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


def find_files(inputs: Iterable[str], leave_out: Path) -> Iterator[bytes]:
    """Finds all files of the inputs; the names of one folder are in memory at a time.

    Args:
        inputs: files; folders, for all files in them and in their sub-folders; or @list, a text file with a file
            name a line, or with NULs between the names as `find -print0` writes. Hidden files and folders are
            left out, and links to folders are not followed. A folder that cannot be read is itself in the list.
        leave_out: a folder that is left out.

    Yields:
        the names as bytes. A folder's own files come first, sorted, then its sub-folders, sorted.
    """
    for given in inputs:
        if given.startswith("@"):
            yield from _names_in_list(Path(given[1:]))
        elif os.path.isdir(given):
            yield from _files_below(os.fsencode(given), os.path.realpath(os.fsencode(leave_out)))
        else:
            yield os.fsencode(given)


def _names_in_list(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        mark = b"\0" if b"\0" in file.read(_READ) else b"\n"
        file.seek(0)
        rest = b""
        while block := file.read(_READ):
            *names, rest = (rest + block).split(mark)
            yield from _cleaned(names, mark)
        yield from _cleaned([rest], mark)


def _cleaned(names: list[bytes], mark: bytes) -> Iterator[bytes]:
    """The names without the rest of a line's end as Windows writes it, and without empty ones."""
    yield from filter(None, names if mark == b"\0" else (name.removesuffix(b"\r") for name in names))


def _files_below(top: bytes, leave_out: bytes) -> Iterator[bytes]:
    """Every file below a folder. A stack is used, because nesting may be deep."""
    folders = [top]
    while folders:
        folder = folders.pop()
        if os.path.realpath(folder) == leave_out:
            continue
        try:
            with os.scandir(folder) as found:
                entries = sorted((e for e in found if not e.name.startswith(b".")), key=lambda entry: entry.name)
        except OSError:
            yield folder
            continue
        yield from (entry.path for entry in entries if _is_listed(entry))
        folders += [entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]


def _is_listed(entry: os.DirEntry[bytes]) -> bool:
    """Whether it is a file or a broken link, so that this is reported. Pipes and sockets would block the reader."""
    try:
        return entry.is_file() or (entry.is_symlink() and not entry.is_dir())
    except OSError:  # for instance a link to itself
        return True


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
