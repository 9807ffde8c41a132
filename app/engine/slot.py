"""The engine's place in the page: which model it runs, and what it is told of it."""

import base64
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from safetensors.torch import save

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, on_paper

WAYS = ("page", "server")  # where glyphs are read and printed: by the visitor's browser where it can, or always here
_ON_LOAD = """const open = window.glyphImport('engine/page.js');
const show = async () => { (await open).shows(props.value, server); };
watch('value', show);
show();"""


def slot(models: Models, way: str) -> gr.HTML:
    """The hidden component that tells the page's engine which model is shown; its value is what `shown` gives.

    Args:
        models: the page's.
        way: of `WAYS`.
    """

    def facts(key: object) -> dict[str, Any]:  # nothing for a model that is not, or no longer, here
        try:
            return facts_of(models.get(str(key)))
        except ValueError:
            return {}

    def weights(key: object) -> str:
        try:
            return base64.b64encode(save(models.get(str(key)).model.state_dict())).decode()
        except ValueError:
            return ""

    return gr.HTML(
        shown(models.home, way), elem_id="engine", visible="hidden", html_template="", js_on_load=_ON_LOAD,
        server_functions=[facts, weights],
    )  # fmt: skip


def shown(key: str, way: str) -> dict[str, str]:
    """The slot's value for a model."""
    return {"model": key, "way": way}


def facts_of(loaded: LoadedModel) -> dict[str, Any]:
    """What the page must know of a model to read and print by itself.

    Args:
        loaded: the model.

    Returns:
        architecture, preprocessing, sorts (name, text, title of each), threshold, temperature, the typical glyphs side
        by side as a picture, the sorted energies of known glyphs, the band of nine in ten of them, the trained sampler.
    """
    card = loaded.card
    sampler = card.sampler
    return {
        "architecture": loaded.model.architecture(),
        "preprocessing": card.preprocessing,
        "sorts": [{"name": s, "text": loaded.text(s), "title": loaded.title(s)} for s in card.sorts],
        "threshold": card.threshold,
        "temperature": card.temperature,
        "typical": data_uri(on_paper(torch.cat(list(loaded.typical), 1)), "jpeg") if len(loaded.typical) else None,
        "reference": sorted(round(e, 4) for e in card.reference_energies),
        "band": loaded.band(),
        "sampler": {
            "stepSize": sampler.step_size, "noise": sampler.print_noise,
            "clip": sampler.grad_clip, "start": sampler.start,
        },
    }  # fmt: skip


def modules() -> dict[str, Path]:
    """The files that the page fetches by itself, by their path below app/: its modules, the worker, the engine."""
    app = Path(__file__).parents[1]
    files = sorted(path for kind in ("js", "wasm") for path in app.rglob(f"*.{kind}"))
    return {path.relative_to(app).as_posix(): path for path in files}
