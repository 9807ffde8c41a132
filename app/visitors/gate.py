"""The gate of the page: only files uploaded here come in, and every failure goes out as one sentence."""

import logging
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

_FORM = "What was sent does not have the form that this asks for; the page's API description says which it is."
_FOREIGN = "Upload the file first: neither a path on this server nor an address elsewhere is read."
_FAULT = "Something went wrong on the server; what you sent is still yours. Try again, or try something simpler."
log = logging.getLogger("glyph_ebm.faults")


class Page(gr.Blocks):
    """A page whose functions get no path but an upload's, whoever calls them.

    Gradio checks paths too, but only after `launch`, and a mounted page never launches; and it would fetch an
    address that stands where a path should.
    """

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        """Checks what came before Gradio touches it.

        Raises:
            gr.Error: one sentence, for too few or too many values, a wrong form, or a path that is no upload's.
        """
        if (given := len(inputs)) != (needed := len(block_fn.inputs)):
            raise gr.Error(f"This takes {needed} values; {given} were sent.", print_exception=False)
        for path in _paths_in(inputs):
            if not is_upload(path):
                raise gr.Error(_FOREIGN, print_exception=False)
        try:
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except gr.Error:
            raise
        except Exception as error:
            log.info("refused a call of %s: %s", block_fn.api_name, type(error).__name__)
            raise gr.Error(_FORM, print_exception=False) from None

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Runs one call; a fault of ours goes to the log, and the caller gets one sentence.

        Raises:
            gr.Error: for anything that went wrong.
        """
        try:
            return await super().process_api(*args, **kwargs)
        except gr.Error:
            raise
        except Exception:
            log.exception("a call failed")
            raise gr.Error(_FAULT, print_exception=False) from None


def is_upload(path: object) -> bool:
    """Whether a path is one that Gradio gave to an uploaded file, links followed."""
    if not isinstance(path, str) or "\0" in path or "://" in path:
        return False
    folder, found = Path(get_upload_folder()).resolve(), Path(path).resolve()
    return found.is_relative_to(folder) and found.is_file()


def _paths_in(value: Any) -> list[Any]:
    """Every "path" in what a caller sent, however deep; no recursion, because the caller chooses the depth."""
    found, left = [], [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            if item.get("path") is not None:
                found.append(item["path"])
            left.extend(item.values())
        elif isinstance(item, list | tuple):
            left.extend(item)
    return found
