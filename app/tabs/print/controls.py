"""The controls of the tab Print: what is printed, and how."""

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr
import numpy as np
from gradio.blocks import Block
from gradio.components import Component

from app.models.loaded import ANY, LoadedModel
from app.parts.panel import QUIET, Context, Settings, Shown, Values, Wishes, number_wish, updates
from app.tabs.print import run as printing
from app.tabs.print.run import WAYS

SEVERAL = 12  # glyphs that are printed first
EXAMPLES = {"combination": "u and v", "word": "gloria"}  # what the text says first
_WAYS = [("one sort", "sort"), ("a combination", "combination"), ("a word", "word"), ("no sort", "straight")]
# That are compared, all of the same length.
SIDE_BY_SIDE = ("trained recipe", "too much noise", "small steps", "no noise")
# What each does to (steps, step size, noise) of the trained recipe, and what to look for. Measured with the jem of
# 2026-11-26 and 24 glyphs of six sorts: all are known as trained (mean energy -0.65), without noise (-0.69) and ten
# times longer (-1.95); none is known with too much noise (33) or with small steps (23).
PRESETS = {
    "trained recipe": (1, 1, 1, "as in training"),
    "too much noise": (
        1,
        1,
        30,
        "thirty times the noise: chains settle in no valley, and no glyph is like a known one",
    ),
    "small steps": (1, 1 / 6, 1, "a sixth of the step: after all steps the letters still lie in noise"),
    "no noise": (1, 1, 0, "straight down into the nearest valley: this model prints as well without noise"),
    "ten times longer": (10, 1, 1, "far beyond the length of printing: lower energies than nearly all known glyphs"),
}


@dataclass(frozen=True)
class Controls:
    """What a visitor asks for, by the names that these have in links and in `printing.check`."""

    way: gr.Radio
    sort: gr.Dropdown
    text: gr.Textbox
    count: gr.Slider
    steps: gr.Slider
    step_size: gr.Slider
    noise: gr.Slider
    seed: gr.Number
    guidance: gr.Slider

    def by_name(self) -> dict[str, Component]:
        """The controls by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def asked(self, values: Values) -> dict[str, Any]:
        """Their values by name."""
        return {name: values[control] for name, control in self.by_name().items()}


@dataclass(frozen=True)
class Recipes:
    """The presets of how it is printed, which set steps, step size and noise; and the texts of each way of printing.

    Args:
        context: of the tab.
        controls: that are set.
        preset, words: the choice of a preset, and what to look for.
        compare: the button that prints by several presets at once.
        texts: what was typed for each way that takes a text; under "" the present way.
    """

    context: Context
    controls: Controls
    preset: gr.Radio
    words: gr.HTML
    compare: gr.Button
    texts: gr.State

    def show_way(self, values: Values) -> Shown:
        """Shows the controls that a way of printing needs, with the text that was typed for it, or an example."""
        way, texts = values[self.controls.way], dict(values[self.texts])
        needed = _needed(way)
        texts[texts[""]] = values[self.controls.text]
        if way in EXAMPLES:
            needed["text"]["value"] = texts.get(way, EXAMPLES[way])
        return updates(self.controls.by_name(), needed) | {self.texts: texts | {"": way}}

    def use(self, values: Values) -> Shown:
        """Sets the controls as a preset wants them for the model."""
        name = values[self.preset] if values[self.preset] in PRESETS else next(iter(PRESETS))
        steps, size, noise = _preset(self.context.models.get(values[self.context.model]), name)
        return {
            self.controls.steps: steps,
            self.controls.step_size: size,
            self.controls.noise: gr.Slider(value=noise, maximum=max(0.1, noise)),
            self.words: PRESETS[name][-1],
        }

    def follow(self, values: Values) -> Shown:
        """Shows the preset that the controls are set to, or none."""
        controls, loaded = self.controls, self.context.models.get(values[self.context.model])
        return self.showing(loaded, *(values[c] for c in (controls.steps, controls.step_size, controls.noise)))

    def showing(self, loaded: LoadedModel, *how: Any) -> Shown:
        """The preset of these steps, step size and noise, or none."""
        numbers = all(isinstance(value, int | float) for value in how)
        name = next((n for n in PRESETS if numbers and np.allclose(how, _preset(loaded, n), rtol=1e-3)), None)
        return {self.preset: gr.Radio(value=name), self.words: "" if name is None else PRESETS[name][-1]}


def side_by_side() -> list[tuple[str, float, float]]:
    """The recipes that the page compares: name, and how many times the trained step size and noise."""
    return [(name, *PRESETS[name][1:3]) for name in SIDE_BY_SIDE]


def _preset(loaded: LoadedModel, name: str) -> tuple[int, float, float]:
    """Steps, step size and noise of a preset for a model."""
    recipe = loaded.card.sampler
    longer, further, hotter, _ = PRESETS[name]
    hot = min(recipe.print_noise * hotter, printing.NOISE[1])
    return min(int(recipe.print_steps) * longer, printing.STEPS[1]), recipe.step_size * further, hot


def lay_out_what(start: Settings) -> dict[str, Any]:
    """The first column: what is printed."""
    return {
        "way": gr.Radio(_WAYS, **start["way"], label="What to print", elem_id="way"),
        "sort": gr.Dropdown(
            **start["sort"], label="Sort to print", elem_id="sort",
            info="a sort is a piece of type: one letter of the case",
        ),
        "text": gr.Textbox(**start["text"], elem_id="text", max_lines=1, submit_btn=False),
        "count": gr.Slider(
            *printing.COUNT, **start["count"], step=1, label="Number of glyphs", elem_id="count"
        ),
    }  # fmt: skip


def lay_out_how(start: Settings, context: Context, what: dict[str, Any]) -> tuple[Controls, Recipes]:
    """The last column: how it is printed. what: the controls of the first column."""
    preset = gr.Radio(list(PRESETS), value="trained recipe", label="Recipe", elem_id="recipe")
    words = gr.HTML("", elem_id="recipe-words", js_on_load=None)
    compare = gr.Button("Compare recipes side by side", size="sm", elem_id="compare", elem_classes="by-engine-only")
    how: dict[str, Any] = {
        "steps": gr.Slider(
            *printing.STEPS, **start["steps"], step=16, label="Steps", elem_id="steps",
            info="of Langevin dynamics: downhill in energy, plus a little noise",
        ),
        "step_size": gr.Slider(**start["step_size"], label="Step size", elem_id="step-size"),
        "noise": gr.Slider(
            **start["noise"], step=0.001, label="Noise", elem_id="noise",
            info="standard deviation of the noise in each step",
        ),
        "seed": gr.Number(
            **start["seed"], label="Seed", precision=0, elem_id="seed", info="the same seed prints the same glyphs"
        ),
        "guidance": gr.Slider(
            *printing.GUIDANCE, **start["guidance"], step=0.5, label="Guidance", elem_id="guidance",
            info="how much the sort counts: 1 as trained, 0 not at all, more is plainer and less varied",
        ),
    }  # fmt: skip
    controls = Controls(**what, **how)
    return controls, Recipes(context, controls, preset, words, compare, gr.State({"": start["way"]["value"]}))


def wire(recipes: Recipes) -> None:
    """Says what happens when."""
    controls, using = recipes.controls, {"preprocess": False, "queue": False, **QUIET}
    changed = [controls.steps, controls.step_size, controls.noise, recipes.words]
    used = recipes.preset.input(recipes.use, {recipes.context.model, recipes.preset}, changed, **using)
    used.then(None, js="() => document.querySelector('#go').click()", queue=False, **QUIET)  # it is printed at once
    how = [controls.steps, controls.step_size, controls.noise]
    shown = [recipes.preset, recipes.words]
    gr.on([c.input for c in how], recipes.follow, {recipes.context.model, *how}, shown, **using)
    needed = [controls.sort, controls.text, controls.count, controls.guidance]
    asked: set[Block] = {controls.way, controls.text, recipes.texts}
    controls.way.input(recipes.show_way, asked, [*needed, recipes.texts], **using)


def settings_of(loaded: LoadedModel, wishes: Wishes) -> Settings:
    """What the controls show."""
    recipe = loaded.card.sampler
    choices = [(loaded.title(sort), sort) for sort in loaded.card.sorts] if loaded.has_sorts else [("no sort", ANY)]
    wanted = wishes.get("sort", "")
    sort = wanted if wanted in [key for _, key in choices] else first_sort(loaded)
    way = wishes.get("way", "sort") if wishes.get("way") in WAYS else "sort"
    if way == "sort" and (wanted == ANY or not loaded.has_sorts):
        way = "straight"
    needed = _needed(way)
    grain = float(f"{recipe.step_size / 6:.1g}")  # one digit: 0.02, or 2
    widest = min(round(24 * grain, 4), printing.STEP_SIZE[1])
    hot = number_wish(wishes, "noise", float(recipe.print_noise), *printing.NOISE)
    return {
        "way": {"value": way},
        "sort": {"choices": choices, "value": sort, **needed["sort"]},
        "text": {"value": wishes.get("text", EXAMPLES.get(way, EXAMPLES["combination"]))[:200], **needed["text"]},
        "count": {"value": number_wish(wishes, "count", SEVERAL, *printing.COUNT), **needed["count"]},
        "steps": {"value": number_wish(wishes, "steps", int(recipe.print_steps), *printing.STEPS)},
        "step_size": {
            "minimum": grain, "maximum": widest, "step": grain,
            "value": number_wish(wishes, "step_size", float(recipe.step_size), grain, widest),
            "info": "how far downhill a step goes",
        },
        "noise": {"minimum": 0, "maximum": max(0.1, 4 * recipe.print_noise, hot), "value": hot},
        "seed": {"value": number_wish(wishes, "seed", 0, *printing.SEED)},
        "guidance": {"value": number_wish(wishes, "guidance", 1.0, *printing.GUIDANCE), **needed["guidance"]},
    }  # fmt: skip


def _needed(way: str) -> Settings:
    """How the controls look that not every way of printing needs."""
    text = {"label": "Word" if way == "word" else "Combination", "info": WAYS.get(way, "")}
    return {
        "sort": {"visible": way == "sort"},
        "text": {"visible": way in ("combination", "word"), **text},
        "count": {"visible": way != "word"},
        "guidance": {"visible": way in ("sort", "word")},
    }


def first_sort(loaded: LoadedModel) -> str:
    """The sort that the page prints first: an a, which everyone knows; no sort where there are none."""
    if not loaded.has_sorts:
        return ANY
    return "a" if "a" in loaded.card.sorts else loaded.card.sorts[0]
