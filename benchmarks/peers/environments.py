"""The peers: their pinned environments, and the processes that their samplers run in."""

import json
import os
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-peers"
# name -> the pinned packages of its environment; in addition it needs only torch, from our environment.
PACKAGES = {"torchebm": ["torchebm==0.8.9"], "ebmkit": ["ebmkit==0.16.0"]}
BUILT_IN = ("ours", "notebook")


def python_of(peer: str) -> Path:
    """The Python that runs a peer."""
    if peer in BUILT_IN:
        return Path(sys.executable)
    return FOLDER / peer / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _site(peer: str) -> Path:
    """Where a peer's own packages lie."""
    home = str(FOLDER / peer)
    return Path(sysconfig.get_path("purelib", "venv", {"base": home, "platbase": home}))


def installed(peer: str) -> str | None:
    """The version of a peer in its environment; None where it is not installed."""
    if peer in BUILT_IN:
        return "this repository"
    if not python_of(peer).exists():
        return None
    found = (package.version for package in distributions(name=peer, path=[str(_site(peer))]))
    return next(found, None)


def missing(peer: str) -> str | None:
    """One sentence on why a peer is left out; None where it is there in the pinned version."""
    version, wanted = installed(peer), PACKAGES.get(peer, [""])[0].partition("==")[2]
    if version is None:
        return f"{peer} is left out: it is not installed; `python -m benchmarks setup` installs it."
    if peer in PACKAGES and version != wanted:
        return f"{peer} is left out: {version} is installed, not {wanted}; `python -m benchmarks setup` corrects it."
    return None


def check(names: list[str]) -> None:
    """Raises a ValueError for a peer that does not exist."""
    known = ["notebook", *PACKAGES]
    for name in names:
        if name not in known:
            raise ValueError(f"There is no peer {name!r}; there are: {', '.join(known)}.")


def install(peer: str) -> None:
    """Makes a peer's environment: its own packages first, then those of the environment that runs this.

    Args:
        peer: its name.

    Raises:
        ValueError: when one of the commands fails.
    """
    site = _site(peer)
    _call(f"The environment of {peer} could not be made", "venv", "--without-pip", "--clear", str(FOLDER / peer))
    (FOLDER / ".gitignore").write_text("*\n")
    (site / "shared.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    _call(
        f"{peer} could not be installed", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--target", str(site), *PACKAGES[peer],
    )  # fmt: skip


def _call(failure: str, *command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise ValueError(f"{failure}: {reason}")


class Worker:
    """A peer's process, which does one thing at a time when it is asked to.

    Args:
        peer: its name.
        device: "cpu" or "cuda".
        threads: of torch.
        keep_memory: whether glibc keeps freed memory there (`ebm.system.malloc`), as in `python -m ebm`.
    """

    def __init__(self, peer: str, *, device: str, threads: int, keep_memory: bool):
        settings = json.dumps({"device": device, "threads": threads, "keep_memory": keep_memory})
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), PYTHONDONTWRITEBYTECODE="1")
        environment.pop("PYTHONPATH", None)
        if peer == "ours":
            environment["PYTHONPATH"] = str(ROOT)
        self.peer = peer
        self.process = subprocess.Popen(
            [str(python_of(peer)), str(ROOT / "benchmarks" / "peers" / "worker"), peer, settings],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT / "benchmarks",
        )  # fmt: skip

    def ask(self, do: str, **wish: Any) -> dict[str, Any]:
        """Sends a request and waits for the answer.

        Args:
            do: name of the worker's method.
            **wish: arguments of the method.

        Returns:
            the answer.

        Raises:
            RuntimeError: when the request failed, or the process has ended.
        """
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            print(json.dumps({"do": do, **wish}), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"The process of {self.peer} has ended (exit code {self.process.wait()}).")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.peer} failed: {answer['error']}")
        return answer

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the process by closing its input."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
