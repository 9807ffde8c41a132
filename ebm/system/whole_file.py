"""Files that are complete or not there: after a full disk or a kill the previous file is still there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path, *, several_writers: bool = False) -> Iterator[IO[bytes]]:
    """A file to write that replaces the previous one only when all of it is on disk.

    Args:
        path: of the file.
        several_writers: whether other processes may write the same file at the same time, for instance in a cache.
            Then each process writes its own temporary file. A process that is killed leaves that file behind.

    Yields:
        the open file, for bytes.

    Raises:
        OSError: when it cannot be written; then no part of it is left.
    """
    owner = f".{os.getpid()}" if several_writers else ""
    part = path.with_name(f"{path.name}{owner}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
