"""The player: shows chains while they run, and lets the visitor pause, step and scrub through what was recorded."""

from typing import Any

import gradio as gr
import torch
from torch import Tensor

from app.parts.drawing import GAP, columns, data_uri, tile_grid
from ebm.data.corpus import SIZE

TEMPLATE = """<section class="player sheet" data-name="%s" data-empty="true">
<div class="stage"><div class="tiles">
<canvas role="img" aria-label="No glyphs yet"></canvas><div class="letters"></div></div>
<p class="empty hint">%s</p></div>
<div class="chart"><div class="head"><span>mean energy</span><b></b><small class="aimed"></small></div>
<canvas role="img" aria-label="Energy along the steps"></canvas></div>
<div class="controls" role="group" aria-label="Playback">
<button type="button" data-do="play" aria-label="Play or pause" title="Play or pause">&#9654;</button>
<button type="button" data-move="-10" aria-label="Ten frames back" title="Ten frames back">&#8722;10</button>
<button type="button" data-move="-1" aria-label="One frame back" title="One frame back">&#8722;1</button>
<button type="button" data-move="1" aria-label="One frame on" title="One frame on">+1</button>
<button type="button" data-move="10" aria-label="Ten frames on" title="Ten frames on">+10</button>
<input type="range" min="0" max="0" value="0" aria-label="Step to look at">
<output></output>
<button type="button" class="when-live" data-do="branch" title="Goes on from the state that is shown, with other noise">
Branch here</button>
<button type="button" data-do="full" title="Full screen" aria-label="Full screen">
<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M1 6V1h5M10 1h5v5M15 10v5h-5M6 15H1v-5"
fill="none" stroke="currentColor" stroke-width="2"/></svg></button></div></section>"""
_ON_LOAD = """window.glyphImport('parts/player.js').then(({ mount }) => {
    const player = mount(element);
    watch('value', () => player.take(props.value));
    player.take(props.value);
});"""


def player(elem_id: str, empty: str) -> gr.HTML:
    """A player without a recording; its value is what `Reel.value` gives.

    Args:
        elem_id: of the component.
        empty: the sentence it shows before anything was recorded.
    """
    return gr.HTML(
        None,
        label="Player",
        html_template=TEMPLATE % (elem_id, empty),
        js_on_load=_ON_LOAD,
        apply_default_css=False,
        elem_id=elem_id,
    )


class Reel:
    """The recording of one run, as the player takes it.

    Args:
        run: tells this run from others of the same visitor.
        of: the last step, if nothing stops the run before.
        band: where nine in ten known glyphs' energies lie; None where that means nothing.
        y: what the curve shows.
        x: what a frame is counted in.
        aim: the name of the energy that the chains go down, where it is another one.
    """

    def __init__(
        self, run: str, of: int, band: tuple[float, float] | None = None, y: str = "energy", x: str = "step",
        aim: str = "",
    ):  # fmt: skip
        self.about = {"run": run, "of": of, "band": band, "y": y, "x": x, "aim": aim, "cell": SIZE, "gap": GAP}
        self.frames: list[tuple[float, str, list[float], list[float] | None]] = []
        self.tiles = 0

    def add(self, step: float, ink: Tensor, energy: list[float], aimed: list[float] | None = None) -> None:
        """Records one state.

        Args:
            step: how far it is.
            ink: uint8 (N, 56, 56), 255 = ink.
            energy: E(x) of the N glyphs.
            aimed: the energies that the chains go down, where they have another name.
        """
        self.tiles = len(ink)
        second = [round(e, 3) for e in aimed] if aimed and self.about["aim"] else None
        self.frames.append((step, data_uri(tile_grid(ink), "jpeg"), [round(e, 3) for e in energy], second))

    def value(
        self, *, done: bool = False, letters: list[tuple[str, bool | None]] | None = None, at: int | None = None
    ) -> dict[str, Any]:
        """What the player shows next: the latest frame while it runs, all of them once it is done.

        Args:
            done: whether the run has ended.
            letters: for each glyph of the last frame a short text and whether it is a known glyph (None: nobody knows).
            at: the frame to rest on when done; by default the last.
        """
        frames = self.frames if done else self.frames[-1:]
        return self.about | {
            "tiles": self.tiles, "wide": columns(self.tiles), "frames": frames, "done": done,
            "letters": letters or [], "at": at,
        }  # fmt: skip


def still(ink: Tensor, energy: Tensor | list[float], run: str = "still", **about: Any) -> dict[str, Any]:
    """One state without a run, as the player takes it: ink uint8 (N, 56, 56), energies (N,)."""
    reel = Reel(run, 0, **about)
    reel.add(0, ink, energy.tolist() if isinstance(energy, torch.Tensor) else energy)
    return reel.value(done=True)
