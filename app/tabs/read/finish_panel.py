"""The lower part of the tab Read: the press finishes the glyph in the lens, live."""

import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import torch
from PIL import Image

from app.models.library import Models
from app.models.loaded import ANY, LoadedModel
from app.parts.drawing import message, number
from app.parts.pace import paced
from app.parts.player import Reel, player
from app.tabs.panel import PRINTING, QUIET, READING, Panel, Wishes, number_wish
from app.tabs.print.run import band
from app.tabs.read.finishing import AS_READ, PRESETS, STEPS, finish
from app.tabs.read.lens import glyph_in, mask_in, showing
from app.visitors.uploads import path_of, refusals, to_glyph
from ebm.data.corpus import SIZE, to_bytes
from ebm.data.picture.decode import read_grey
from ebm.data.picture.grid import to_image

_FRAMES_A_SECOND = 24
_SEED = (0, 2**31 - 1)


def build(
    models: Models, model: gr.Dropdown, view: gr.HTML, result: gr.HTML, overlay: gr.Radio,
    read: Callable[..., tuple[Any, Any]],
) -> Panel:  # fmt: skip
    """Puts the components into the tab; read: as `read_tab._read`, without the models."""

    def press(key: str, held: Any, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        try:
            loaded, glyph, mask, order = models.get(key), glyph_in(held), mask_in(held), _order(*wishes)
            if glyph is None:
                raise ValueError("There is no glyph to finish: draw one, bring one, or click an example.")
            steps = finish(loaded, glyph, mask, **order)
            reel = Reel(uuid.uuid4().hex, order["steps"], band(loaded))
            first = last = next(steps)
            reel.add(0, to_bytes(first.x), first.energy.tolist())
            yield reel.value(), message("The press is at work\u2026"), None, gr.Button(interactive=False)
            for last in paced(steps, _FRAMES_A_SECOND):
                reel.add(last.index, to_bytes(last.x), last.energy.tolist())
                yield reel.value(), gr.skip(), gr.skip(), gr.skip()
        except ValueError as error:
            yield gr.skip(), message(str(error), "problem"), gr.skip(), gr.skip()
            return
        words = _told(loaded, glyph, last.x[0], mask is not None)
        yield reel.value(done=True), message(words), showing(last.x[0]), gr.Button(interactive=True)

    def use(key: str, over: str, held: Any, made: Any) -> tuple[Any, Any]:
        return read(key, lambda loaded: glyph_in(made), over, held)

    def restore(
        picture: Any, mask: Any = None, sort: str = AS_READ, preset: str = "mend", steps: int = 24, seed: int = 0,
        model: str = "",
    ) -> Iterator[tuple[Any, ...]]:  # fmt: skip
        """Restores the picture of a glyph: (report with the energies before and after, PNG of 56 x 56).

        mask: a picture whose light parts are to be filled in, or nothing; sort: a sort, "as read" or "any".
        """
        with refusals():
            loaded, path, covered = models.get(model), path_of(picture), path_of(mask)
            if path is None:
                raise ValueError("Send the picture of one glyph.")
            glyph = to_glyph(loaded, path)
            free = None if covered is None else _mask(covered)
            *_, last = finish(loaded, glyph, free, **_order(preset, sort, steps, seed))
        before, after = loaded.verdict(glyph), loaded.verdict(last.x[0])
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "restored.png"
            to_image(last.x, gap=0).save(file)
            yield {"before": before.energy, "after": after.energy, "threshold": after.threshold}, str(file)

    def show(loaded: LoadedModel, wishes: Wishes) -> list[Any]:
        return [type(component)(**given) for component, given in zip(controls, _view(loaded, wishes), strict=True)]

    first = iter(_view(models.first, {}))
    with gr.Accordion("Let the press finish it", open=True, elem_id="finish"), gr.Row(elem_classes="areas two"):
        with gr.Column(elem_classes="area-a", min_width=0):
            preset = gr.Radio(
                list(PRESETS), **next(first), label="How", elem_id="finish-preset",
                info="; ".join(f"{name}: {how.words}" for name, how in PRESETS.items()),
            )  # fmt: skip
            sort = gr.Dropdown(
                **next(first), label="Towards which sort", elem_id="finish-sort",
                info="with a mask it helps to say what the letter is",
            )  # fmt: skip
            steps = gr.Slider(
                *STEPS, **next(first), step=4, label="How far", elem_id="finish-steps", info="steps down the energy"
            )
            seed = gr.Number(**next(first), label="Seed", precision=0, elem_id="finish-seed", info="of the noise")
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Let the press finish it", variant="primary", elem_id="finish-go", min_width=160)
                take = gr.Button("Read the result", elem_id="finish-use", interactive=False, min_width=120)
        with gr.Column(elem_classes="area-b", min_width=0):
            shown = player(
                "finished",
                "The press starts from the glyph in the lens and goes downhill in energy. Paint a mask in the lens, "
                "and it fills in only that.",
            )
            said = gr.HTML("", elem_id="finish-said", js_on_load=None)
    controls = [preset, sort, steps, seed]
    made = gr.State(None)
    preset.input(
        lambda name: PRESETS[name].steps if name in PRESETS else gr.skip(), preset, steps, queue=False,
        preprocess=False, **QUIET,
    )  # fmt: skip
    go.click(press, [model, view, *controls], [shown, said, made, take], preprocess=False, **QUIET, **PRINTING)
    take.click(use, [model, overlay, view, made], [result, view], preprocess=False, **QUIET, **READING)
    report, file = gr.JSON(visible=False), gr.File(visible=False)
    given = [gr.Image(visible=False, label="picture"), gr.Image(visible=False, label="mask")]
    words = [gr.Textbox(AS_READ, visible=False, label="sort"), gr.Textbox("mend", visible=False, label="preset")]
    numbers = [gr.Number(24, visible=False, label="steps"), gr.Number(0, visible=False, label="seed")]
    which = gr.Textbox("", visible=False, label="model")
    gr.Button(visible=False).click(
        restore, [*given, *words, *numbers, which], [report, file], preprocess=False, api_name="restore", **PRINTING
    )
    state = dict(zip(("preset", "towards", "far", "finish_seed"), controls, strict=True))
    return Panel("read", controls, show, state)


def _view(loaded: LoadedModel, wishes: Wishes) -> list[dict[str, Any]]:
    """What preset, sort, steps and seed show, as their components' arguments."""
    preset = wishes.get("preset", "mend") if wishes.get("preset") in PRESETS else "mend"
    choices = [(AS_READ, AS_READ), ("any: downhill for the glyph alone", ANY)]
    choices = choices + [(loaded.title(s), s) for s in loaded.card.sorts] if loaded.has_sorts else choices[1:]
    asked = wishes.get("towards", "")
    sort = asked if asked in [key for _, key in choices] else choices[0][1]
    return [
        {"value": preset},
        {"choices": choices, "value": sort},
        {"value": number_wish(wishes, "far", PRESETS[preset].steps, *STEPS)},
        {"value": number_wish(wishes, "finish_seed", 0, *_SEED)},
    ]


def _order(preset: Any, sort: Any, steps: Any, seed: Any) -> dict[str, Any]:
    """Checked settings of `finish`; it checks the rest.

    Raises:
        ValueError: for what is no whole number.
    """
    try:
        return {"preset": str(preset), "sort": str(sort), "steps": int(steps), "seed": int(seed) % 2**31}
    except (TypeError, ValueError, OverflowError):
        raise ValueError("Steps and seed must be whole numbers.") from None


def _told(loaded: LoadedModel, before: Any, after: Any, masked: bool) -> str:
    """What became of the glyph, in a sentence."""
    was, now = loaded.verdict(before), loaded.verdict(after)
    text = f"Energy {number(was.energy)} before, {number(now.energy)} after"
    if now.top:
        text += f"; read as {loaded.title(was.top[0][0])} before, as {loaded.title(now.top[0][0])} after"
    return text + ("; only the mask has moved." if masked else ".")


def _mask(path: str) -> Any:
    """A mask picture of any size as bool (56, 56): True where it is light."""
    try:
        grey = read_grey(path)
    except ValueError as error:
        raise ValueError(str(error).replace(path, Path(path).name).rstrip(".") + ".") from None
    scaled = Image.fromarray((255 * (grey / max(float(grey.max()), 1e-9))).astype(np.uint8)).resize((SIZE, SIZE))
    return torch.from_numpy(np.array(scaled) > 127)
