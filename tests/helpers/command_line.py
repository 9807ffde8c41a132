"""The command line, `python -m ebm`: in this process, or in one of its own where that is the claim."""

import contextlib
import io
import runpy
import subprocess
import sys
import warnings


def run(*arguments: object, code: int = 0, module: str = "ebm") -> tuple[str, str]:
    """Runs `python -m MODULE` in this process, which spares it the seconds that importing torch takes.

    Args:
        arguments: of the command line, as anything that has a text.
        code: the exit code that it must end with.
        module: ebm or app.

    Returns:
        what it wrote to its standard output and to its standard error.
    """
    out, errors, ended, before = io.StringIO(), io.StringIO(), 0, sys.argv
    sys.argv = [module, *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors), warnings.catch_warnings():
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        ended = end.code or 0
    finally:
        sys.argv = before
    return _checked(ended, code, out.getvalue(), errors.getvalue())


def run_process(*arguments: object, code: int = 0) -> tuple[str, str]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "ebm", *map(str, arguments)], capture_output=True, text=True, timeout=600
    )
    return _checked(done.returncode, code, done.stdout, done.stderr)


def _checked(ended: int, wanted: int, out: str, errors: str) -> tuple[str, str]:
    assert ended == wanted, errors
    assert "Traceback" not in errors
    return out, errors
