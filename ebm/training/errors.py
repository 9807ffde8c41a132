"""Errors that callers are expected to catch by name."""


class Diverged(RuntimeError):
    """Training could not be kept stable; the message says what was seen."""


class Stopped(RuntimeError):
    """Training was told to stop; the message says how to go on."""


class ProcessLost(RuntimeError):
    """Another process of a shared training run is gone; the message says how to go on."""
