"""A static site of what needs no server, for any web server: `python -m app export`.

Its tabs are Read with drawing, Print, Surface and Learn.
"""

import json
import shutil
from html import escape
from pathlib import Path

from safetensors.torch import save

from app.engine.slot import facts_of, modules
from app.models.loaded import LoadedModel, load
from app.models.samples import samples_to_read
from app.page.style import CSS
from app.parts.player import TEMPLATE as PLAYER
from app.site.controls import numbers, places, radios, select
from app.tabs.learn import tour
from app.tabs.learn.lessons import LESSONS, Lesson
from app.tabs.learn.writing import notice, words
from app.tabs.print import by_engine as print_by_engine
from app.tabs.print.controls import EXAMPLES, settings_of, side_by_side
from app.tabs.read import lens, live, pad
from app.tabs.read.shelf import shelf_of
from app.tabs.surface import by_engine as surface_by_engine
from app.tabs.surface.tab import INTRO
from ebm.system.whole_file import whole_file

_HERE = Path(__file__).parent
_STYLES = (
    "page.css",
    "player.css",
    "read.css",
    "print.css",
    "surface.css",
    "learn.css",
)  # of the page; the others need Gradio
_PARTS = ("engine/", "parts/", "tabs/read/", "tabs/print/", "tabs/surface/", "tabs/learn/")
_TABS = ("read", "print", "surface")  # that a door may open
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
        "glyphs.json": json.dumps(surface_by_engine.glyphs_of(loaded)).encode(),
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
    ways = [way for way in _WAYS if loaded.has_sorts or way == "straight"]
    chosen = "sort" if loaded.has_sorts else "straight"
    sorts = settings_of(loaded, {})["sort"]
    parts = {
        "SHELF": shelf_of(samples_to_read(loaded), with_ink=True),
        "PAD": pad.TEMPLATE,
        "LENS": lens.TEMPLATE,
        "LIVE": live.TEMPLATE,
        "PLAYER": PLAYER % ("printed", "Press Print: every glyph starts as noise."),
        "RUN": print_by_engine.TEMPLATE,
        "WAYS": radios("way", {way: _WAYS[way] for way in ways}, chosen),
        "SORTS": select("sort", sorts["choices"], sorts["value"]),
        "EXAMPLES": " ".join(f'data-{way}="{text}"' for way, text in EXAMPLES.items()),
        "NUMBERS": numbers(loaded),
        "RECIPES": escape(json.dumps(side_by_side())),
        "OVERLAYS": radios("overlay", lens.OVERLAYS, "none"),
        "SURFACE": INTRO,
        "TOUR": tour.TEMPLATE,
        "TOUR-START": tour.START,
        "CHOICES": places(loaded),
        "TERRAIN": surface_by_engine.TEMPLATE,
        "LESSONS": "".join(_lesson(number, lesson) for number, lesson in enumerate(LESSONS, 1)),
        "MODEL": escape(loaded.card.name),
        "SOURCE": escape(str(loaded.card.data.get("source") or "unknown data")),
    }
    for name, part in parts.items():
        template = template.replace(f"<!-- {name} -->", part)
    return template


def _lesson(number: int, lesson: Lesson) -> str:
    """A lesson, with the doors to what the site has: one model, and the tabs that need no server."""
    doors = "".join(
        f'<button type="button" class="door" data-door="{escape(json.dumps(door.wishes))}">{escape(door.says)}</button>'
        for door in lesson.doors
        if door.wishes["tab"] in _TABS and "model" not in door.wishes
    )
    return (
        f'<div class="sheet lesson"><div class="words">{words(number, lesson)}</div>'
        f'<div class="see">{notice(lesson)}<p class="doors">{doors}</p></div></div>'
    )
