"""The command line in a process of its own."""

import subprocess
import sys


def run(*arguments, code=0):
    """Runs python -m ebm; gives its standard output and error."""
    done = subprocess.run(
        [sys.executable, "-m", "ebm", *map(str, arguments)], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr
