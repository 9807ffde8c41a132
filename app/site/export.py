"""A static site of what needs no server, Read with drawing and Print, for any web server: `python -m app export`."""

import base64
import json
import shutil
from html import escape
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from app.engine.slot import facts_of, modules
from app.models.loaded import ANY, LoadedModel, load
from app.page.style import CSS
from app.parts.drawing import data_uri, on_paper
from app.parts.player import TEMPLATE as PLAYER
from app.tabs.print import desk, run
from app.tabs.read import lens, live, pad
from ebm.system.whole_file import whole_file

_HERE = Path(__file__).parent
_STYLES = ("page.css", "player.css", "read.css", "print.css")  # of the page; the others need Gradio
_PARTS = ("engine/", "parts/", "tabs/read/", "tabs/print/")
_WAYS = {"sort": "one sort", "combination": "a combination", "word": "a word", "straight": "no sort"}


def export(checkpoint: str | Path, folder: str | Path) -> Path:
    """Writes the site into a folder; files of the same names are replaced, others stay.

    Args:
        checkpoint: the .safetensors file of the one model that it shows.
        folder: made if it is missing.

    Returns:
        the path of its index.html.

    Raises:
        ValueError: one sentence, for a checkpoint that cannot be used.
        OSError: where the folder cannot be written.
    """
    loaded, folder = load(checkpoint), Path(folder)
    for name, path in modules().items():
        if not name.startswith(_PARTS):
            continue
        target = folder / "modules" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    styles = [path.read_text(encoding="utf-8") for path in CSS if path.name in _STYLES]
    styles.append((_HERE / "site.css").read_text(encoding="utf-8"))
    files = {
        "model.safetensors": save(loaded.model.state_dict()),
        "facts.json": json.dumps(facts_of(loaded)).encode(),
        "site.css": "\n".join(styles).encode(),
        "site.js": (_HERE / "site.js").read_bytes(),
        "index.html": _page(loaded).encode(),
    }
    for name, content in files.items():
        with whole_file(folder / name) as file:
            file.write(content)
    return folder / "index.html"


def _page(loaded: LoadedModel) -> str:
    """The one page, with the templates of the explorer's own parts."""
    template = (_HERE / "site.html").read_text(encoding="utf-8")
    shelf = "".join(_example(caption, picture) for caption, picture in loaded.samples_to_read())
    sorts = "".join(
        f'<option value="{escape(name)}"{" selected" if name == "a" else ""}>{escape(loaded.title(name))}</option>'
        for name in loaded.card.sorts
    )
    ways = [way for way in _WAYS if loaded.has_sorts or way == "straight"]
    chosen = "sort" if loaded.has_sorts else "straight"
    parts = {
        "SHELF": shelf,
        "PAD": pad.TEMPLATE,
        "LENS": lens.TEMPLATE,
        "LIVE": live.TEMPLATE,
        "PLAYER": PLAYER % ("printed", "Press Print: every glyph starts as noise."),
        "DESK": desk.TEMPLATE,
        "WAYS": "".join(
            f'<label><input type="radio" name="way" value="{way}"{" checked" if way == chosen else ""}> '
            f"{_WAYS[way]}</label>"
            for way in ways
        ),
        "SORTS": f'<option value="{ANY}">any</option>{sorts}',
        "NUMBERS": _numbers(loaded),
        "MODEL": escape(loaded.card.name),
        "SOURCE": escape(str(loaded.card.data.get("source") or "unknown data")),
    }
    for name, part in parts.items():
        template = template.replace(f"<!-- {name} -->", part)
    return template


def _example(caption: str, picture: Tensor) -> str:
    ink = base64.b64encode(picture.numpy().tobytes()).decode()
    image = f'<img src="{data_uri(on_paper(picture))}" alt="" width="60" height="60">'
    return f'<button type="button" data-ink="{ink}">{image}<span>{escape(caption)}</span></button>'


def _numbers(loaded: LoadedModel) -> str:
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
