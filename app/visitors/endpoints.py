"""Endpoints for programs: typed functions, offered through `gr.api` under their own names."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, cast, get_args

import gradio as gr
from gradio import FileData
from gradio.data_classes import ListFiles


def offer(function: Callable[..., Any], **queue: Any) -> None:
    """Offers a function to programs.

    Args:
        function: its name is the endpoint's, its type hints are what programs are shown.
        queue: where its calls wait, as arguments of `gr.api`.
    """
    streams = inspect.isgeneratorfunction(function)
    gr.api(_yields(function) if streams else function, api_name=function.__name__, **queue)


def _yields(function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """The same generator, whose hint is what it yields: Gradio takes `Iterator[tuple[A, B]]` for a single output."""

    @wraps(function)
    def stream(*values: Any) -> Iterator[Any]:
        yield from function(*values)

    signature = inspect.signature(function)
    (each,) = get_args(signature.return_annotation)
    setattr(stream, "__signature__", signature.replace(return_annotation=each))  # noqa: B010 (mypy knows no such name)
    return stream


def sent(path: Path) -> FileData:
    """A file as an endpoint hands it out; Gradio copies it, so it need not outlive the call."""
    return FileData(path=str(path), orig_name=path.name)


def all_sent(paths: Sequence[Path]) -> list[FileData]:
    """Several files, as `sent`; Gradio finds them in this class of its own only, which is a list to programs."""
    return cast(list[FileData], ListFiles(root=[sent(path) for path in paths]))
