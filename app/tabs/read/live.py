"""The card and the handles that the page's own engine keeps up to date while a glyph is drawn or moved."""

import gradio as gr

_MOVES = {
    "right": "To the side", "down": "Up and down", "turn": "Turn", "size": "Size", "weight": "Weight of the strokes"
}  # fmt: skip
_HANDLES = "".join(
    f'<label class="move"><span>{words}<output data-move="{name}"></output></span>'
    f'<canvas data-move="{name}"></canvas><input type="range" data-move="{name}"></label>'
    for name, words in _MOVES.items()
)
TEMPLATE = f"""<div class="live by-engine-only"><p class="live-said problem" role="status"></p>
<p class="live-spoken" role="status"></p><div class="live-card"></div>
<p class="then" hidden><button type="button" data-do="ink" title="The same strokes, with a nib as broad as
the corpus has it">Ink it like print</button><button type="button" data-do="finish">Let the model finish it</button>
<span class="then-said" hidden>The pen is like print now. What is still strange about it is the form.</span></p>
<details class="moves"><summary>Move the glyph, and watch its energy</summary>
<p class="fineprint">Each curve is the energy along one move, the dashed line the threshold, the dot where the glyph
is.</p>{_HANDLES}<button type="button" data-do="back">Put it back</button></details></div>"""
_ON_LOAD = "window.glyphImport('tabs/read/live.js').then(({ mount }) => mount(element));"


def live_card() -> gr.HTML:
    """The component; the pad and the lens find it by themselves."""
    return gr.HTML(None, elem_id="live", html_template=TEMPLATE, js_on_load=_ON_LOAD, apply_default_css=False)
