"""Looks: old paper, black ink, one red for the rubrics; blue for known glyphs, orange for strangers."""

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

CSS = Path(__file__).with_name("page.css")

# The page is light on purpose: ink on paper.
ON_LOAD = "() => { document.body.classList.remove('dark'); document.documentElement.lang = 'en'; }"


def theme() -> gr.themes.Base:
    """The theme, with the system's own fonts: nothing is fetched."""
    return gr.themes.Base(
        primary_hue=_RUBRIC,
        secondary_hue=_RUBRIC,
        neutral_hue=_STONE,
        font=_SYSTEM,
        font_mono=_MONO,
        radius_size="md",
        spacing_size="md",
        text_size="md",
    ).set(
        body_background_fill="#f4efe4",
        block_background_fill="#fffdf8",
        block_border_color="#dfd6c4",
        block_border_width="1px",
        block_label_background_fill="#f7f3ea",
        block_label_text_color="#504840",
        block_title_text_color="#3a332c",
        body_text_color="#2b2520",
        body_text_color_subdued="#6b6259",
        input_background_fill="#ffffff",
        input_border_color="#cfc4ae",
        input_border_width="1px",
        button_primary_background_fill="#96291f",
        button_primary_background_fill_hover="#7b2119",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill="#f1eadc",
        button_secondary_background_fill_hover="#e6dcc8",
        block_shadow="none",
        slider_color="#96291f",
        checkbox_background_color_selected="#96291f",
        checkbox_border_color_selected="#96291f",
    )
