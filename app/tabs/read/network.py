"""The way of a glyph through the network: its maps after every convolution, the outputs, and what is made of them."""

import base64
from html import escape

import gradio as gr
import torch
from torch import Tensor

import ebm
from app.models.library import Models
from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, number, on_paper
from app.visitors.uploads import glyph_of
from ebm.data.corpus import SIZE, to_bytes

_SHOWN = 8  # maps of each layer
TEMPLATE = """<details class="network"><summary>The glyph on its way through the network</summary>
<div class="network-view" role="region" aria-label="The network" tabindex="0"></div></details>"""
_ON_LOAD = """window.glyphImport('tabs/read/network.js').then(({ mount }) => {
    mount(element, (key, ink) => server.look({ key, ink }));
});"""


def network(models: Models) -> gr.HTML:
    """The component, which asks for what it shows as long as it is open.

    Args:
        models: the page's.
    """

    def look(asked: object) -> str:  # nothing for a model that is not here, or for what is no glyph
        try:
            key, ink = (str(asked[name]) for name in ("key", "ink")) if isinstance(asked, dict) else ("", "")
            pixels = base64.b64decode(ink[: 2 * SIZE * SIZE], validate=True)
            if len(pixels) != SIZE * SIZE:
                return ""
            return drawn(models.get(key), glyph_of(torch.frombuffer(bytearray(pixels), dtype=torch.uint8)))
        except (KeyError, ValueError):
            return ""

    return gr.HTML(
        None, elem_id="network", html_template=TEMPLATE, js_on_load=_ON_LOAD, apply_default_css=False,
        server_functions=[look],
    )  # fmt: skip


def layers(model: ebm.EnergyNet, glyph: Tensor) -> list[Tensor]:
    """What the network makes of a glyph, layer by layer.

    Args:
        model: the network.
        glyph: (1, 56, 56) in [-1, 1].

    Returns:
        the maps (C, H, W) after each SiLU, then the outputs (K,).
    """
    found, x = [], glyph[None]
    with torch.no_grad():
        for layer in model.features:
            x = layer(x)
            if isinstance(layer, torch.nn.SiLU):
                found.append(x[0])
        return [*found, model.classifier(x)[0]]


def drawn(loaded: LoadedModel, glyph: Tensor) -> str:
    """The way of a glyph (1, 56, 56) as HTML, from left to right."""
    *maps, outputs = layers(loaded.model, glyph)
    picture = on_paper(to_bytes(glyph[None])[0])
    stages = [_stage(f'<img class="whole" src="{data_uri(picture)}" alt="the glyph">', "x", f"{SIZE} x {SIZE} pixels")]
    stages += [
        _stage(_maps(found), f"layer {k}", f"{len(found)} maps of {found.shape[1]} x {found.shape[2]}")
        for k, found in enumerate(maps, 1)
    ]
    stages += [_outputs(loaded, outputs), _end(loaded, outputs)]
    return (
        "<p class='fineprint'>Each layer slides small filters over the maps before it (a convolution), about halves "
        f"their size, and lets positive values through (SiLU). Of each layer the {_SHOWN} maps are shown that differ "
        "most from place to place; dark is strong. The last layer weighs what is left and gives the outputs.</p>"
        f"<div class='stages'>{'<span aria-hidden=true>&rarr;</span>'.join(stages)}</div>"
    )


def _stage(body: str, title: str, words: str) -> str:
    return f"<figure>{body}<figcaption><b>{title}</b> {words}</figcaption></figure>"


def _maps(found: Tensor) -> str:
    """The maps (C, H, W) of a layer that differ most from place to place, on one scale."""
    strongest = found.flatten(1).std(1).topk(min(_SHOWN, len(found))).indices.sort().values
    ink = (255 * found.clamp_min(0) / found.max().clamp_min(1e-9)).round().to(torch.uint8)
    return f"<span class='maps'>{''.join(_image(ink[k], int(k)) for k in strongest)}</span>"


def _image(ink: Tensor, k: int) -> str:
    return f'<img src="{data_uri(on_paper(ink))}" alt="map {k + 1}" title="map {k + 1}">'


def _outputs(loaded: LoadedModel, outputs: Tensor) -> str:
    """The outputs as bars, the largest marked."""
    low, span = float(outputs.min()), float(outputs.max() - outputs.min()) or 1.0
    best = int(outputs.argmax())
    names = [loaded.title(sort) for sort in loaded.card.sorts] or ["f(x)"]
    bars = "".join(
        f'<i class="{"best" if k == best else ""}" style="width:{4 + 96 * (float(value) - low) / span:.1f}%" '
        f'title="{escape(name)}: {number(float(value))}"></i>'
        for k, (name, value) in enumerate(zip(names, outputs, strict=True))
    )
    words = f"largest: {escape(names[best])}, {number(float(outputs[best]))}"
    title = "one output" if len(outputs) == 1 else f"{len(outputs)} outputs f(x)[y]"
    return _stage(f'<span class="bars" role="img" aria-label="{title}; {words}">{bars}</span>', title, words)


def _end(loaded: LoadedModel, outputs: Tensor) -> str:
    """What is made of the outputs: the energy of all together, and the share of each."""
    energy = -float(torch.logsumexp(outputs, 0))
    body = f"<span class='result'>{number(energy)}</span>"
    if len(outputs) == 1:
        return _stage(body, "energy", "minus the output")
    share, k = (outputs / loaded.card.temperature).softmax(0).max(0)
    body += f"<span class='result'>{escape(loaded.text(loaded.card.sorts[int(k)]))} {float(share):.0%}</span>"
    return _stage(
        body, "energy and sort", "minus the logarithm of the sum of all e<sup>f(x)[y]</sup>; the largest share"
    )
