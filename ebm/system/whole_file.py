"""Files that are whole or not there: a full disk or a kill while writing leaves the one before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path, *, several_writers: bool = False) -> Iterator[IO[bytes]]:
    """A file to write that takes its place only when all of it is on disk; until then the one before stays.

    Args:
        path: where it will be.
        several_writers: whether other processes may write the same file at the same time, as they may in a cache. Then
            each writes a part of its own, and one that is killed leaves its part behind.

    Raises:
        OSError: where it cannot be written; then nothing of it is left.
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
