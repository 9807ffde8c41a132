"""The Langevin step compiled for this machine's processor: the fast path of `ebm.sgld` on a CPU.

langevin_step.c is compiled once, in the background, by the machine's own C compiler. Until it is ready, and where it
cannot be compiled, `ebm.model.gradient` does the same work with torch's operators. The distribution and the random
numbers are the same. So a seed gives the same glyphs in both ways, up to rounding.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from ebm.model.energy import EnergyNet
from ebm.model.gradient import InputGradient
from ebm.sampling.native.arrays import Move, weights_in_order
from ebm.sampling.step import StepSettings
from ebm.system.places import cache_folder
from ebm.system.whole_file import whole_file

SOURCES = Path(__file__).parent
FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-std=gnu11", "-shared", "-fPIC", "-pthread")
LEAST_VECTOR = 8  # floats; with shorter vectors torch's operators are faster
TOLERANCE = 1e-3  # of the check at the first use, relative to the largest gradient; rounding gives 1e-6
SWITCH = "GLYPH_EBM_NATIVE"  # 0 in the environment turns all this off
COMPILERS = ("gcc", "clang", "cc")  # the first that is there; $CC goes before them


class Library:
    """Compiles, checks and holds the library.

    Args:
        folder: of the compiled library.
        compilers: as `compile_for_this_machine` takes them.

    Attributes:
        code: the loaded library; None while it is being compiled, or if it cannot be used.
        reason: why it cannot be used; None while this is not known.
    """

    def __init__(self, folder: Path, compilers: Sequence[str] | None = None):
        self.folder, self.compilers = folder, compilers
        self.code: ctypes.CDLL | None = None
        self.reason: str | None = None
        self._worker = threading.Thread(target=self._prepare, daemon=True)
        self._worker.start()

    def wait(self) -> "Library":
        """Waits for the outcome and returns itself; for benchmarks and tests, because sampling never waits."""
        self._worker.join()
        return self

    def _prepare(self) -> None:
        try:
            code = load(compile_for_this_machine(self.folder, self.compilers))
            check(code)
            self.code = code
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self.reason = str(error)
            warnings.warn(
                f"SGLD runs at about half its speed, on torch's operators: {error}", RuntimeWarning, stacklevel=1
            )


@cache
def library() -> Library:
    """The one library of this process; the first call starts the compiler."""
    return Library(cache_folder())


def this_processor() -> str:
    """What the compiler's `-march=native` depends on, so that a machine does not load another one's code."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    flags = next((line for line in facts.splitlines() if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()} {flags}"


def compile_for_this_machine(
    folder: Path, compilers: Sequence[str] | None = None, processor: str | None = None
) -> Path:
    """Compiles the library into a folder, unless it is already there.

    Args:
        folder: of the compiled library, made if it is missing.
        compilers: commands, of which the first that is there is used; None = $CC and `COMPILERS`.
        processor: what names the kind of processor that the code is for; None = this machine's.

    Returns:
        its path; the name is a digest of sources, flags, compiler and processor.

    Raises:
        ValueError: for another system than Linux, no compiler, or an error of the compiler.
    """
    if os.environ.get(SWITCH) == "0":
        raise ValueError(f"{SWITCH}=0 turns the compiled step off.")
    if not sys.platform.startswith("linux"):
        raise ValueError("the compiled step is for Linux.")
    names = (os.environ.get("CC", ""), *COMPILERS) if compilers is None else compilers
    compiler = next((found for name in names if name and (found := shutil.which(name))), None)
    if compiler is None:
        raise ValueError("there is no C compiler (gcc or clang) to compile the step with.")
    sources = [path.read_bytes() for path in sorted(SOURCES.glob("*.[ch]"))]
    digest = hashlib.sha256(
        b"".join(sources) + repr((FLAGS, compiler, processor or this_processor())).encode()
    ).hexdigest()[:16]
    path = folder / f"langevin-step-{digest}.so"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            made = Path(scratch) / path.name
            command = [compiler, *FLAGS, str(SOURCES / "langevin_step.c"), "-o", str(made), "-lm"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            if done.returncode:
                said = done.stderr.strip().splitlines()[-1:] or done.returncode
                raise ValueError(f"{Path(compiler).name} says: {said}")
            with whole_file(path, several_writers=True) as file:
                file.write(made.read_bytes())
    return path


def load(path: Path) -> ctypes.CDLL:
    """Loads the library and declares the types of its functions.

    Args:
        path: of the compiled library.

    Returns:
        the library.

    Raises:
        ValueError: where this processor's vectors are too short for it to be faster.
        OSError: where it cannot be loaded.
    """
    code = ctypes.CDLL(str(path))
    pointer, whole = ctypes.c_void_p, ctypes.c_long
    for name, result, takes in (
        ("vector_size", whole, []),
        ("net_bytes", whole, []),
        ("open_net", None, [pointer, whole, whole, whole]),
        ("packed_size", whole, [pointer]),
        ("fill_net", None, [pointer] * 3),
        ("scratch_size", whole, [pointer]),
        ("fill_uniform", None, [ctypes.c_uint64, whole, pointer]),
        ("fill_normal", None, [ctypes.c_uint64, whole, whole, pointer]),
        ("read_glyphs", None, [pointer, whole, *[pointer] * 4]),
        ("langevin_step", None, [pointer, whole, *[pointer] * 8, whole]),
    ):
        function = getattr(code, name)
        function.restype, function.argtypes = result, takes
    if code.vector_size() < LEAST_VECTOR:
        raise ValueError("this processor's vectors are too short for the compiled step.")
    return code


def check(code: ctypes.CDLL) -> None:
    """Compares the library with torch's operators, because a compiler may be wrong.

    Args:
        code: the loaded library.

    Raises:
        ValueError: where the gradients differ.
    """
    generator = torch.Generator().manual_seed(0)
    width = code.vector_size()
    with torch.random.fork_rng(devices=()):  # the weights are drawn from the global stream, which belongs to the user
        torch.manual_seed(0)
        net = EnergyNet(width, 3)
    x = torch.rand((2, 1, 56, 56), generator=generator) * 2 - 1
    for y in (None, torch.tensor([2, 0])):
        energy, gradient = NativeStep(code, net, 1)(x, y)
        expected, slope = InputGradient(net)(x, y)
        if not torch.allclose(gradient, slope, atol=TOLERANCE * float(slope.abs().max()), rtol=0) or not torch.allclose(
            energy, expected, atol=1e-4
        ):
            raise ValueError("the compiled step gives other gradients than torch does; it is not used.")


class NativeStep:
    """Steps of one network; its present weights are copied into the library's layout.

    Args:
        code: of a `Library`.
        net: of a width that `fits`.
        threads: number of threads that share the glyphs.
    """

    def __init__(self, code: ctypes.CDLL, net: EnergyNet, threads: int):
        self.code, self.threads, self.outputs = code, threads, net.outputs
        self.net = ctypes.create_string_buffer(code.net_bytes())
        code.open_net(self.net, net.width, net.outputs, net.head == "pool")
        self.packed = torch.empty(code.packed_size(self.net))
        weights = weights_in_order(net)
        code.fill_net(self.net, weights.data_ptr(), self.packed.data_ptr())
        self.scratch = torch.zeros(threads * code.scratch_size(self.net))

    def __call__(
        self, x: Tensor, y: Tensor | None = None, settings: StepSettings | None = None, noise: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The energies of glyphs, and the glyphs after a step.

        Args:
            x: float32 (N, 1, 56, 56).
            y: classes (N,) int64, or None.
            settings: of the step; None computes the gradient instead.
            noise: standard normal, of x's shape, or None.

        Returns:
            the energies (N,), and the glyphs after the step or dE/dx (N, 1, 56, 56).
        """
        x, out, energy = x.contiguous(), torch.empty_like(x, memory_format=torch.contiguous_format), x.new_empty(len(x))
        noise = None if noise is None else noise.contiguous()
        move = None if settings is None else Move.of(settings)
        y = None if y is None else y.contiguous()
        self.code.langevin_step(
            self.net, len(x), x.data_ptr(), None if y is None else y.data_ptr(), None,
            None if move is None else ctypes.addressof(move), None if noise is None else noise.data_ptr(),
            out.data_ptr(), energy.data_ptr(), self.scratch.data_ptr(), self.threads,
        )  # fmt: skip
        return energy, out


def fits(model: object, x: Tensor) -> bool:
    """Whether the library can run this model and these chains, on any processor.

    Args:
        model: of any kind.
        x: the chains.

    Returns:
        whether it can.
    """
    return (
        type(model) is EnergyNet
        and x.device.type == "cpu"
        and x.dtype == torch.float32
        and model.width % 16 == 0
        and next(model.parameters()).dtype == torch.float32
        and next(model.parameters()).device.type == "cpu"
        and all(isinstance(layer, nn.Conv2d | nn.SiLU) for layer in model.features)
    )
