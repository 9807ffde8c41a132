"""The command line: python -m ebm data | train | adapt | import | generate | evaluate | results | score | page."""

import sys
import warnings
from dataclasses import dataclass
from importlib import import_module

import typer


@dataclass(frozen=True)
class Command:
    """Where a command's function is, and the first sentence of its docstring, which `--help` shows."""

    module: str
    function: str
    says: str


# Only the command that is asked for is imported, because most of them bring torch in, which takes seconds.
COMMANDS = {
    "data": Command(
        "ebm.commands.data", "show_data",
        "Makes or loads a corpus, shows what is in it, and draws its contact sheet (exercise 3.1).",
    ),
    "train": Command(
        "ebm.commands.train", "train_command",
        "Trains a model and exports it with its card. With no arguments: a JEM of the pen data.",
    ),
    "import": Command(
        "ebm.commands.import_", "import_command",
        "Turns a student's Lightning checkpoint into one for the explorer, running nothing in it (all exercises).",
    ),
    "generate": Command(
        "ebm.commands.generate", "generate_command",
        "Prints new glyphs from noise: a grid, one chain at chosen steps, an animation (exercise 3.5).",
    ),
    "evaluate": Command(
        "ebm.commands.evaluate", "evaluate_command",
        "Scores the test split and every stranger set; real print, samples, robustness, likelihood (exercise 3.6).",
    ),
    "adapt": Command(
        "ebm.commands.adapt", "adapt_command",
        "Adapts a model to a fount: shown one glyph of each sort or more, it reads the rest of the book.",
    ),
    "results": Command(
        "ebm.commands.evaluate", "results_command",
        "Writes the tables of the results page from the figures in the checkpoints' cards.",
    ),
    "score": Command(
        "ebm.commands.score", "score_command",
        "Prints energy, p-value, verdict and the five likeliest sorts of pictures. Exits 1 if one could not be read.",
    ),
    "page": Command(
        "ebm.commands.page", "page_command",
        "Finds the glyphs of scanned pages, reads them and sorts them into a case.",
    ),
}  # fmt: skip


def command_line(asked: str | None) -> typer.Typer:
    """The command line, with the one command that is asked for; the others only have their line of help.

    Args:
        asked: name of the command; None or an unknown name brings none in.
    """
    app = typer.Typer(
        add_completion=False, no_args_is_help=True, help="Energy-based models of historical printed glyphs."
    )
    for name, command in COMMANDS.items():
        if name == asked:
            app.command(name)(getattr(import_module(command.module), command.function))
        else:
            app.command(name, help=command.says)(_not_asked)
    return app


def _not_asked() -> None:
    """Stands for a command that was not asked for."""


def main() -> None:
    """Runs the command line; a ValueError is one sentence and exit code 2, never a traceback."""
    asked = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
    app = command_line(asked)
    if asked in COMMANDS:
        from ebm.system.malloc import keep_freed_memory

        keep_freed_memory()
    warnings.filterwarnings("ignore", module="PIL")  # about damaged files, which get our own error message
    try:
        app()
    except Exception as error:
        sys.exit(_told(error))
    finally:
        _leave_process_group()


def _told(error: Exception) -> int:
    """The exit code of an error that is told in one sentence; raises any other."""
    from ebm.training.errors import Diverged, ProcessLost, Stopped

    if isinstance(error, Stopped):
        print(error, file=sys.stderr)
        return 143  # the exit code of a process that SIGTERM ended
    if isinstance(error, ValueError | OSError | Diverged | ProcessLost):
        print(f"Error: {error}", file=sys.stderr)
        return 2
    raise error


def _leave_process_group() -> None:
    """Closes the connection to other processes, because gloo's threads abort a process that exits while they run."""
    distributed = sys.modules.get("torch.distributed")  # not imported here, because most commands do not need it
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
