"""Lists of any number of files, made as they are read. Names are bytes of the system: not always text."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path


def check_inputs(inputs: Iterable[str]) -> None:
    """Raises a ValueError for the first input of `find_files` that does not exist."""
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
        else:
            yield from _files_below(os.fsencode(given), os.path.realpath(os.fsencode(leave_out)))


def _names_in_list(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        mark, end = (b"\0", b"") if b"\0" in file.peek() else (b"\n", b"\r")  # Windows ends a line with both
        rest = b""
        for block in chain(iter(lambda: file.read(1 << 16), b""), [mark]):  # the last name may have no mark
            *names, rest = (rest + block).split(mark)
            yield from filter(None, (name.removesuffix(end) for name in names))


def _files_below(top: bytes, leave_out: bytes) -> Iterator[bytes]:
    folders = [top]  # a stack, because nesting may be deep
    while folders:
        folder, files, inside = folders.pop(), [], []
        if os.path.realpath(folder) == leave_out:
            continue
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    if entry.is_dir(follow_symlinks=False):
                        inside.append(entry.name)
                    # A link to nowhere is listed, so that it is reported. A pipe is not: it would block its reader.
                    elif entry.is_file(follow_symlinks=False) or os.path.isfile(entry) or not os.path.exists(entry):
                        files.append(entry.name)
        except OSError:  # a file that was given by its name, or a folder that cannot be read
            yield folder
            continue
        yield from (os.path.join(folder, name) for name in sorted(files) if not name.startswith(b"."))
        folders += (os.path.join(folder, name) for name in sorted(inside, reverse=True) if not name.startswith(b"."))


def to_text(name: bytes) -> str:
    r"""A file name as text, for a table: UTF-8, with other bytes as \xHH and backslashes doubled.

    Different names give different texts. `to_name` is the inverse.
    """
    return name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def to_name(text: str) -> bytes:
    """The file name that `to_text` turned into a text."""
    return re.sub(rb"\\x(..)|\\\\", lambda found: bytes.fromhex((found[1] or b"5c").decode()), text.encode())


def digest(text: str) -> int:
    """64 bits that stand for a file name in memory."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
