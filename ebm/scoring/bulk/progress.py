"""The progress of a long run."""

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress


class Progress:
    """Shows files done, rate and time left on standard error: a bar on a terminal, otherwise a line now and then.

    Args:
        total: number of all files.
        done: number of files that earlier runs have done.
        whose: words at the end of the label.
        every: seconds between two lines.
    """

    def __init__(self, total: int, done: int, whose: str = "", every: float = 5.0):
        self.total, self.before, self.done, self.whose, self.every = total, done, done, whose, every
        self.begun = self.told = time.monotonic()
        self.bar = self._bar() if sys.stderr.isatty() else None

    def _bar(self) -> "rich.progress.Progress":
        from rich import progress
        from rich.console import Console

        words = "{task.completed:,.0f} of {task.total:,.0f}{task.fields[rate]}"
        bar = progress.Progress(
            progress.TextColumn(f"Scored{self.whose}"), progress.BarColumn(), progress.TextColumn(words),
            progress.TimeRemainingColumn(), console=Console(stderr=True),
        )  # fmt: skip
        bar.add_task("", total=self.total, completed=self.done, rate="")
        bar.start()
        return bar

    def advance(self, files: int) -> None:
        """Adds to the number of files that are done."""
        self.done += files
        now = time.monotonic()
        rate = (self.done - self.before) / max(now - self.begun, 1e-9)
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=self.done, rate=f", {rate:,.0f} files/s,")
        elif now - self.told >= self.every or self.done == self.total:
            self.told = now
            left = timedelta(seconds=round((self.total - self.done) / rate))
            print(
                f"Scored {self.done:,} of {self.total:,} files{self.whose}, {rate:,.0f} files/s, {left} left",
                file=sys.stderr, flush=True,
            )  # fmt: skip

    def close(self) -> None:
        """Ends the bar."""
        if self.bar is not None:
            self.bar.stop()
