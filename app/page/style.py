"""Theme and style sheets: colours of paper and ink, red for headings, blue for known glyphs, orange for strangers."""

from pathlib import Path

import gradio as gr
from gradio.themes import Color

_SYSTEM = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
_MONO = ["ui-monospace", "SF Mono", "Menlo", "Consolas", "monospace"]
_RUBRIC = Color(
    "#fdf3f1",
    "#fae3df",
    "#f3c5be",
    "#e69d92",
    "#d06f61",
    "#a8352a",
    "#96291f",
    "#7b2119",
    "#621b15",
    "#4d1611",
    "#35100c",
)
_STONE = Color(
    "#fdfbf6",
    "#f7f3ea",
    "#ece5d6",
    "#dcd2be",
    "#b5aa96",
    "#8b8172",
    "#6b6259",
    "#504840",
    "#3a332c",
    "#2b2520",
    "#1c1814",
)

_APP = Path(__file__).parents[1]
_TABS = ("read", "print", "book", "strangers", "surface", "train", "learn")
CSS = [_APP / "page" / "page.css", _APP / "parts" / "player.css", *(_APP / "tabs" / t / f"{t}.css" for t in _TABS)]
HEAD = _APP / "page" / "link.js"

# The reader's own choice of light or dark comes before the system's.
ON_LOAD = """() => {
    document.documentElement.lang = 'en';
    let kept = null;
    try { kept = localStorage.getItem('glyph-theme'); } catch { /* private windows */ }
    if (kept && !new URLSearchParams(location.search).has('__theme')) window.glyphTheme(kept);
    window.glyphLink.watch();
}"""


def theme() -> gr.themes.Base:
    """The theme, with the system's own fonts: nothing is fetched. The colours are those of page.css, light and dark."""
    plain = {
        "body_background_fill": "var(--page)",
        "body_text_color": "var(--text)",
        "body_text_color_subdued": "var(--soft)",
        "background_fill_primary": "var(--card)",
        "background_fill_secondary": "var(--page)",
        "border_color_primary": "var(--line)",
        "block_background_fill": "var(--card)",
        "block_border_color": "var(--line)",
        "block_info_text_color": "var(--soft)",
        "block_label_background_fill": "var(--page)",
        "block_label_text_color": "var(--text)",
        "block_title_text_color": "var(--text)",
        "input_background_fill": "var(--hover)",
        "input_border_color": "var(--axis)",
        "input_placeholder_color": "var(--soft)",
        "button_primary_background_fill": "var(--accent)",
        "button_primary_background_fill_hover": "var(--accent)",
        "button_primary_text_color": "var(--on-accent)",
        "button_secondary_background_fill": "var(--button)",
        "button_secondary_background_fill_hover": "var(--button-hover)",
        "button_secondary_text_color": "var(--text)",
        "checkbox_background_color_selected": "var(--accent)",
        "checkbox_border_color": "var(--axis)",
        "checkbox_border_color_selected": "var(--accent)",
        "checkbox_label_background_fill": "var(--button)",
        "checkbox_label_background_fill_hover": "var(--button-hover)",
        "checkbox_label_background_fill_selected": "var(--button-hover)",
        "checkbox_label_text_color": "var(--text)",
        "checkbox_label_text_color_selected": "var(--text)",
        "slider_color": "var(--accent)",
        "link_text_color": "var(--known-text)",
    }
    base = gr.themes.Base(
        primary_hue=_RUBRIC,
        secondary_hue=_RUBRIC,
        neutral_hue=_STONE,
        font=_SYSTEM,
        font_mono=_MONO,
        radius_size="md",
        spacing_size="md",
        text_size="md",
    )
    both = plain | {f"{name}_dark": value for name, value in plain.items()}
    return base.set(**both, block_border_width="1px", input_border_width="1px", block_shadow="none")
