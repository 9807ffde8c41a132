"""The machine: its description, its measured matrix rate and its memory bandwidth."""

import functools
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

REPEATS = 7
_MATRIX_SIDES = {"cpu": (512, 1024, 2048), "cuda": (4096, 8192)}  # the best size depends on the cache
_COPY_BYTES = {"cpu": 256 << 20, "cuda": 2 << 30}  # much larger than any cache


@dataclass(frozen=True)
class Limits:
    """Measured limits of the machine.

    Args:
        multiply_adds: dtype -> multiply-adds per second.
        bandwidth: bytes per second of a large copy.
    """

    multiply_adds: dict[str, float]
    bandwidth: float


def facts(device: str, threads: int) -> dict[str, Any]:
    """The processor, the software and the load at this moment."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "bfloat16": has_bfloat16(device),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def processor() -> str:
    """The processor's name, if the system reports it."""
    return _cpu_field("model name") or platform.processor() or platform.machine()


def has_bfloat16(device: str) -> bool:
    """Whether the hardware multiplies bfloat16, so that torch need not emulate it."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    flags = _cpu_field("flags").split() or _cpu_field("Features").split()
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags))


def _cpu_field(name: str) -> str:
    """The first value of a field of Linux' list of processors; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition("\t")[0].strip() == name), "")


def check_device(device: str) -> None:
    """Raises a ValueError for a device that is not there."""
    if device not in _MATRIX_SIDES:
        raise ValueError(f"The device is cpu or cuda, not {device!r}.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("There is no CUDA device on this machine; --device cpu measures on the processor.")


def limits(device: str, threads: int) -> Limits:
    """Measures the machine with the same number of threads as the suites use.

    The best of several runs counts, because a limit is what the machine reaches without other work.

    Args:
        device: "cpu" or "cuda".
        threads: of torch.

    Returns:
        the limits.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        dtypes = [torch.float32, *([torch.bfloat16] if has_bfloat16(device) else [])]
        rates = {str(dtype).removeprefix("torch."): _matrix_rate(device, dtype) for dtype in dtypes}
        return Limits(rates, _bandwidth(device))
    finally:
        torch.set_num_threads(before)


def _matrix_rate(device: str, dtype: torch.dtype) -> float:
    """Multiply-adds per second of a large square matrix product, of the best size for the machine.

    On a GPU torch's convolutions may round float32 to TF32, so the product may do so too.
    """
    generator = torch.Generator(device).manual_seed(0)
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    rates = []
    try:
        for side in _MATRIX_SIDES[device]:
            a, b = (torch.randn(side, side, generator=generator, device=device).to(dtype) for _ in range(2))
            out = torch.empty_like(a)
            rates.append(side**3 / _best(functools.partial(torch.mm, a, b, out=out), device))
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
    return max(rates)


def _bandwidth(device: str) -> float:
    """Bytes per second of a large copy, counting both bytes read and bytes written."""
    source = torch.ones(_COPY_BYTES[device] // 4, device=device)
    target = torch.empty_like(source)
    return 2 * _COPY_BYTES[device] / _best(lambda: target.copy_(source), device)


def _best(action: Callable[[], object], device: str) -> float:
    """The fewest seconds of several runs, after one to warm up."""
    seconds = []
    for _ in range(1 + REPEATS):
        synchronize(device)
        started = time.perf_counter()
        action()
        synchronize(device)
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])


def synchronize(device: str) -> None:
    """Waits for a GPU, which works asynchronously."""
    if device == "cuda":
        torch.cuda.synchronize()


def resident_bytes(pid: int) -> int:
    """Resident memory of a process.

    Args:
        pid: of the process.

    Returns:
        bytes.

    Raises:
        ValueError: if the system does not report it, or the process has ended.
    """
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()
    except OSError:
        raise ValueError(f"The memory of process {pid} cannot be read: it has ended, or this is not Linux.") from None
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
