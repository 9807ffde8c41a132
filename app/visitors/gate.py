"""Which paths may come in: those that Gradio gave to files uploaded here, and no others."""

from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder


def is_upload(path: object) -> bool:
    """Whether a path is one that Gradio gave to an uploaded file, links followed."""
    if not isinstance(path, str) or "\0" in path or "://" in path:
        return False
    folder, found = Path(get_upload_folder()).resolve(), Path(path).resolve()
    return found.is_relative_to(folder) and found.is_file()


def paths_in(value: Any) -> list[Any]:
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
