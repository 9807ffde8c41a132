"""The tour through the lessons: a bar says what to notice behind a lesson's door, and leads back and on."""

import gradio as gr

START = (
    '<button type="button" class="tour-start" data-do="tour" title="Six stops, half a minute each">'
    "New here? Three minutes</button>"
)
TEMPLATE = """<aside class="tour" aria-label="The tour" hidden><p class="tour-title" role="status"></p>
<div class="tour-notice"></div><div class="tour-tools"><button type="button" data-do="next"></button>
<button type="button" data-do="back">Back to the lesson</button>
<button type="button" data-do="close">End the tour</button></div></aside>"""
_ON_LOAD = "window.glyphImport('tabs/learn/tour.js').then(({ mount }) => mount(element));"


def tour() -> gr.HTML:
    """The component; `START` starts it from wherever it stands."""
    return gr.HTML(None, elem_id="tour", html_template=TEMPLATE, js_on_load=_ON_LOAD, apply_default_css=False)
