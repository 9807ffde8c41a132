"""The controls of the static site as plain HTML forms; in the explorer Gradio makes them."""

from html import escape

from app.models.loaded import LoadedModel
from app.tabs.print import run
from app.tabs.surface.tab import VIEWS, settings_of


def radios(name: str, choices: dict[str, str], chosen: str) -> str:
    """Radio buttons: value -> words, and the value that is chosen first."""
    buttons = (
        f'<input type="radio" name="{name}" value="{value}"{" checked" if value == chosen else ""}> {words}'
        for value, words in choices.items()
    )
    return " ".join(f"<label>{button}</label>" for button in buttons)


def select(name: str, choices: list[tuple[str, str]], chosen: str | None) -> str:
    """A list to choose from: (words, value), and the value that is chosen first."""
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(words)}</option>'
        for words, value in choices
    )
    return f'<select name="{name}">{options}</select>'


def places(loaded: LoadedModel) -> str:
    """The controls of Surface, as the explorer has them."""
    settings = settings_of(loaded, {})
    selects = "".join(
        f'<label class="knob">{words} {select(name, settings[name]["choices"], settings[name]["value"])}</label>'
        for name, words in (("first", "From"), ("second", "To"), ("third", "And a third, for the plane"))
    )
    return f"{selects}<fieldset><legend>Show the plane as</legend>{radios('view', VIEWS, 'map')}</fieldset>"


def numbers(loaded: LoadedModel) -> str:
    """The controls of how it is printed, at the trained recipe."""
    sampler = loaded.card.sampler
    rows = (
        ("count", "Number of glyphs", run.COUNT, 1, 12),
        ("steps", "Steps", run.STEPS, 16, sampler.print_steps),
        ("step_size", "Step size", (sampler.step_size / 6, 4 * sampler.step_size), "any", sampler.step_size),
        ("noise", "Noise", (0, max(0.1, 4 * sampler.print_noise)), "any", sampler.print_noise),
        ("guidance", "Guidance", run.GUIDANCE, 0.5, 1),
    )
    sliders = "".join(
        f'<label class="knob"><span>{words}<output data-of="{name}">{value:g}</output></span><input type="range" '
        f'name="{name}" min="{low:g}" max="{high:g}" step="{step}" value="{value:g}"></label>'
        for name, words, (low, high), step, value in rows
    )
    return f'{sliders}<label class="knob">Seed <input type="number" name="seed" min="0" value="0"></label>'
