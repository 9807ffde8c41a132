"""The command line: python -m ebm data | train | adapt | import | generate | evaluate | results | score | page."""

import sys
import warnings
from collections.abc import Callable

import typer

from ebm.commands.adapt import adapt_command
from ebm.commands.data import show_data
from ebm.commands.evaluate import evaluate_command, results_command
from ebm.commands.generate import generate_command
from ebm.commands.import_ import import_command
from ebm.commands.page import page_command
from ebm.commands.score import score_command
from ebm.commands.train import train_command

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Energy-based models of historical printed glyphs.")
COMMANDS: dict[str, Callable[..., None]] = {
    "data": show_data, "train": train_command, "import": import_command, "generate": generate_command,
    "evaluate": evaluate_command, "adapt": adapt_command, "results": results_command, "score": score_command,
    "page": page_command,
}  # fmt: skip
for name, command in COMMANDS.items():
    app.command(name)(command)


def main() -> None:
    """Runs the command line; a ValueError is one sentence and exit code 2, never a traceback."""
    from ebm.system.malloc import keep_freed_memory
    from ebm.training.errors import Diverged, ProcessLost, Stopped

    keep_freed_memory()
    warnings.filterwarnings("ignore", module="PIL")  # about damaged files, which get our own error message
    try:
        app()
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        sys.exit(143)  # the exit code of a process that SIGTERM ended
    except (ValueError, OSError, Diverged, ProcessLost) as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    finally:
        _leave_process_group()


def _leave_process_group() -> None:
    """Closes the connection to other processes, because gloo's threads abort a process that exits while they run."""
    distributed = sys.modules.get("torch.distributed")  # not imported here, because most commands do not need it
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
