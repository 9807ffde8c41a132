"""Errors for callers to catch by name."""


class Diverged(RuntimeError):
    """Training stayed unstable; the message says what was seen."""


class Stopped(RuntimeError):
    """Training received SIGTERM; the message says how to resume."""


class ProcessLost(RuntimeError):
    """Another process of a shared training run has ended; the message says how to resume."""
