"""The tab Surface: the energy between glyphs."""

from typing import Any

import gradio as gr

from app.drawing import message
from app.models import Models
from app.panel import Panel


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab, processor: dict[str, Any]) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""
    gr.HTML(message("Not built yet."), js_on_load=None)
    return Panel("surface")
