"""Builds engine.wasm from the sources of the compiled step, by clang and lld: `python -m app.engine.build`.

The built file ships, so that nobody needs a compiler to open the explorer. It carries the digest of what it was built
from, in a section of its own, which a test compares with the sources.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ebm.sampling.native import SOURCES
from ebm.system.whole_file import whole_file

ENGINE = Path(__file__).with_name("engine.wasm")
FLAGS = (
    "--target=wasm32", "-msimd128", "-mbulk-memory", "-O3", "-std=gnu11", "-ffreestanding", "-fno-math-errno",
    "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", "-Wl,-z,stack-size=262144",
)  # fmt: skip
_MAGIC = b"\0asm\1\0\0\0"
_SECTION = b"glyph-ebm-sources"


def digest() -> str:
    """What the engine is built from, in 64 hexadecimal digits: its C sources and the flags."""
    sources = [path for path in sorted(SOURCES.glob("*.[ch]")) if path.name != "langevin_step.c"]
    content = b"".join(path.name.encode() + b"\0" + path.read_bytes() + b"\0" for path in sources)
    return hashlib.sha256(content + repr(FLAGS).encode()).hexdigest()


def digest_in(wasm: bytes) -> str:
    """The digest that a built engine carries; "" where there is none."""
    mark = bytes([len(_SECTION)]) + _SECTION
    at = wasm.find(mark)
    return wasm[at + len(mark) : at + len(mark) + 64].decode("ascii", "replace") if at >= 0 else ""


def build(target: Path = ENGINE) -> None:
    """Builds the engine into a file.

    Args:
        target: replaced as a whole.

    Raises:
        ValueError: one sentence, where there is no clang or it fails.
    """
    clang = shutil.which("clang")
    if clang is None or shutil.which("wasm-ld") is None:
        raise ValueError(
            "The engine is built by clang and wasm-ld (Debian's packages clang and lld); they are not here."
        )
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "engine.wasm"
        command = [clang, *FLAGS, str(SOURCES / "engine.c"), "-o", str(made)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise ValueError(f"clang says: {done.stderr.strip()[-500:]}")
        wasm = made.read_bytes()
    assert wasm.startswith(_MAGIC)
    body = bytes([len(_SECTION)]) + _SECTION + digest().encode()  # a custom section: its name, and its content
    with whole_file(target) as file:
        file.write(wasm + bytes([0, len(body)]) + body)


if __name__ == "__main__":
    try:
        build()
    except ValueError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    print(f"{ENGINE.name}: {ENGINE.stat().st_size:,} bytes")
