"""What visitors send -> glyphs; every refusal is one sentence that shows none of the server's paths."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image
from torch import Tensor

import ebm
from app.models.loaded import LoadedModel
from app.visitors.gate import is_upload
from ebm.data.corpus import SIZE, to_model_space


def path_of(upload: Any) -> str | None:
    """Where Gradio put an uploaded file; None where there is none, or where the path is not an upload's."""
    path = upload.get("path") if isinstance(upload, dict) else getattr(upload, "path", None)
    return path if isinstance(path, str) and is_upload(path) else None


def paths_of(uploads: Any) -> list[str]:
    """Where Gradio put one or several uploaded files.

    Raises:
        ValueError: where there are none.
    """
    listed = uploads if isinstance(uploads, list) else [uploads]
    if not (found := [path for path in map(path_of, listed) if path]):
        raise ValueError("Send at least one picture, or a zip of pictures.")
    return found


def to_glyph(loaded: LoadedModel, picture: str | np.ndarray | Image.Image) -> Tensor:
    """Any picture as a glyph (1, 56, 56).

    Raises:
        ValueError: one sentence without any of the server's paths.
    """
    try:
        return ebm.to_glyph(picture, preprocessing=loaded.card.preprocessing)
    except ValueError as error:
        text = str(error).rstrip(".") + "."
        if isinstance(picture, str) and picture in text:
            raise ValueError(text.replace(picture, Path(picture).name)) from None
        raise ValueError(text[:1].upper() + text[1:]) from None


def glyph_of(picture: Tensor) -> Tensor:
    """An example (56, 56) uint8 as a glyph (1, 56, 56)."""
    return to_model_space(picture.reshape(1, SIZE, SIZE))[0]


class refusals:
    """Turns a ValueError into the one sentence that a program gets."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Words the error."""
        if isinstance(error, ValueError):
            raise gr.Error(str(error), print_exception=False) from None
