"""The command line's help: true to the commands, and there at once because it brings nothing heavy in."""

import subprocess
import sys
from importlib import import_module

import pytest
from helpers.command_line import run

from ebm.__main__ import COMMANDS

CODE = """
import sys
from ebm.__main__ import main
sys.argv = ["ebm", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(sorted({"torch", "numpy", "PIL", "scipy"} & set(sys.modules)))
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_line_of_help_is_the_command_s_own(name: str) -> None:
    command = COMMANDS[name]
    function = getattr(import_module(command.module), command.function)
    assert function.__doc__.startswith(command.says)


@pytest.mark.parametrize("arguments", [["--help"], [], ["no-such-command"]])
def test_help_brings_nothing_heavy_in(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Traceback" not in done.stderr


def test_help_names_every_command_and_a_command_its_options() -> None:
    everything, _ = run("--help")
    assert all(f" {name} " in everything for name in COMMANDS)
    assert "--checkpoint" in run("score", "--help")[0]


def test_an_unknown_command_is_named() -> None:
    assert "no-such-command" in run("no-such-command", code=2)[1]
