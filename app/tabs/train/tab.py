"""The tab Train: a small model of a few sorts learns while you watch."""

import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from app.models.library import Models
from app.models.loaded import load
from app.parts.drawing import data_uri, message, tile_grid
from app.tabs.panel import QUIET, Panel, Wishes, number_wish
from app.tabs.train.view import curves, ledger
from ebm.data.synthetic.sorts import SORTS

_NOTHING = torch.empty((0, 56, 56), dtype=torch.uint8)  # the pictures of moments that are over
AT_ONCE = 1  # trainings in the whole process: each takes all the processor it gets
_SECONDS = (10, 180)
_MODES = {"jem": "a joint model, sort by sort", "ebm": "an EBM without classes"}
_FIRST = ["a", "o", "p"]
_INTRO = (
    "Choose a few sorts and press Start: glyphs of them are written and printed, and a network learns to read them and "
    "to find the way to them from noise. Then Langevin chains begin to dream. Each dream's energy is pushed up, each "
    "real glyph's pulled down, until the two cannot be told apart. Letters stand out of the noise within half a minute."
)


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""
    running = threading.BoundedSemaphore(AT_ONCE)
    stopped: set[str] = set()

    def stop(session: gr.Request) -> None:
        stopped.add(str(session.session_hash))

    def start(session: gr.Request, sorts: Any, mode: Any, seconds: Any, lr: Any, steps: Any, alpha: Any, seed: Any
    ) -> Iterator[tuple[Any, ...]]:  # fmt: skip
        who = str(session.session_hash)
        stopped.discard(who)
        if not running.acquire(blocking=False):
            yield (
                *_told("Another training is under way on this machine: try again in a few minutes.", "problem"),
                *_idle(),
            )
            return
        try:
            yield (
                *_told("Writing and printing the glyphs\u2026"),
                gr.Button(interactive=False),
                gr.Button(interactive=True),
                gr.skip(),
            )
            yield from _watch(lambda: who in stopped, models, sorts, mode, seconds, lr, steps, alpha, seed)
        finally:
            stopped.discard(who)
            running.release()

    def train(sorts: list[str], mode: str = "jem", seconds: float = 60, seed: int = 0) -> Iterator[tuple[Any, ...]]:
        """Trains a small model of a few sorts: what is to be seen, twice a second; then its two files, to be kept."""
        if not running.acquire(blocking=False):
            raise gr.Error("Another training is under way on this machine: try again later.", print_exception=False)
        try:
            yield from _for_programs(sorts, mode, seconds, seed)
        finally:
            running.release()

    def show(loaded: Any, wishes: Wishes) -> list[Any]:
        return [type(c)(**given) for c, given in zip(controls, _view(wishes), strict=True)]

    first = iter(_view({}))
    gr.HTML(f'<p class="fineprint">{_INTRO}</p>', js_on_load=None)
    with gr.Row(elem_id="train", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            names = [
                (sort.name if sort.text == sort.name else f"{sort.name} ({sort.text})", sort.name) for sort in SORTS
            ]
            sorts = gr.Dropdown(
                names, **next(first), multiselect=True, max_choices=8, label="Sorts", elem_id="train-sorts",
                info="up to eight; few learn faster",
            )  # fmt: skip
            mode = gr.Radio(
                [(words, name) for name, words in _MODES.items()], **next(first), label="What learns",
                elem_id="train-mode",
            )  # fmt: skip
            seconds = gr.Slider(
                *_SECONDS, **next(first), step=10, label="Seconds", elem_id="train-seconds", info="you can stop earlier"
            )
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Start", variant="primary", elem_id="train-go", min_width=90)
                halt = gr.Button("Stop", elem_id="train-stop", interactive=False, min_width=90)
            with gr.Accordion("Settings", open=False):
                lr = gr.Slider(
                    1e-5, 5e-3, **next(first), step=1e-5, label="Learning rate", elem_id="train-lr",
                    info="too large, and training has to be rolled back",
                )  # fmt: skip
                steps = gr.Slider(
                    1, 60, **next(first), step=1, label="SGLD steps", elem_id="train-steps",
                    info="that chains run before each update",
                )  # fmt: skip
                alpha = gr.Slider(
                    0, 1, **next(first), step=0.05, label="L2 of energies (alpha)", elem_id="train-alpha",
                    info="keeps energies near zero; without it they drift",
                )  # fmt: skip
                seed = gr.Number(**next(first), label="Seed", precision=0, elem_id="train-seed", info="of everything")
        with gr.Column(elem_classes="area-b", min_width=0):
            said = gr.HTML(message("Nothing has been trained yet: press Start."), elem_id="train-said", js_on_load=None)
            view = gr.HTML("", elem_id="train-view", js_on_load=None)
    kept = gr.State("")
    controls = [sorts, mode, seconds, lr, steps, alpha, seed]
    use = gr.Button("Use this model in the other tabs", elem_id="train-use", interactive=False)
    outputs = [said, view, go, halt, kept]
    event = go.click(
        start, controls, outputs, preprocess=False, concurrency_id="training", concurrency_limit=AT_ONCE + 1, **QUIET
    )
    event.then(lambda key: gr.Button(interactive=bool(key)), kept, use, queue=False, **QUIET)
    halt.click(stop, queue=False, **QUIET)
    page.unload(stop)
    report, files = gr.JSON(visible=False), gr.File(visible=False, file_count="multiple")
    named = gr.JSON(_FIRST, visible=False, label="sorts")
    kind, time = gr.Textbox("jem", visible=False, label="mode"), gr.Number(60, visible=False, label="seconds")
    chance = gr.Number(0, visible=False, label="seed")
    gr.Button(visible=False).click(
        train, [named, kind, time, chance], [report, files], preprocess=False, api_name="train",
        concurrency_id="training", concurrency_limit=AT_ONCE + 1,
    )  # fmt: skip
    state = dict(zip(("sorts", "mode", "seconds", "lr", "sgld", "alpha", "train_seed"), controls, strict=True))
    return Panel("train", controls, show, state, chosen=(use, kept))


def _watch(is_stopped: Callable[[], bool], models: Models, *wishes: Any) -> Iterator[tuple[Any, ...]]:
    """A training on the page, moment by moment; ends in a model that can be chosen."""
    from ebm.training.errors import Diverged
    from ebm.training.live import Trained, train_live  # Lightning: not before someone trains

    sorts, mode, seconds, lr, steps, alpha, seed = wishes
    moments: list[Any] = []
    trained, run = None, None
    try:
        numbers = _numbers(seconds=seconds, lr=lr, steps=steps, alpha=alpha, seed=seed)
        limit = numbers.pop("seconds")
        if not _SECONDS[0] <= limit <= _SECONDS[1]:
            raise ValueError(f"A training takes {_SECONDS[0]} to {_SECONDS[1]} seconds.")
        run = train_live(
            list(sorts or []), mode=str(mode), seconds=limit, seed=int(numbers.pop("seed")) % 2**31, **numbers
        )  # fmt: skip
        for seen in run:
            if isinstance(seen, Trained):
                trained = seen
                break
            moments = [*moments[:-1], *(replace(m, buffer=_NOTHING, fresh=_NOTHING) for m in moments[-1:]), seen]
            stage = "It learns the way from noise to glyphs" if seen.stage == "matching" else "The chains are running"
            yield *_told(f"{stage}: step {seen.step}, {seen.seconds:.0f} of {limit:.0f} s."), *[gr.skip()] * 3
            yield gr.skip(), _picture(moments), *[gr.skip()] * 3
            if is_stopped():
                run.stop()
    except (ValueError, Diverged) as error:
        yield *_told(str(error), "problem"), *_idle()
        return
    finally:
        if run is not None:
            run.close()
    assert trained is not None
    yield *_told("Measuring it and writing its card\u2026"), *[gr.skip()] * 3
    key = _keep(models, trained)
    words = f"Trained for {trained.steps} steps in {trained.seconds:.0f} s. It is kept for you, and not for long."
    yield message(words), _picture(moments), gr.Button(interactive=True), gr.Button(interactive=False), key


def _for_programs(sorts: Any, mode: Any, seconds: Any, seed: Any) -> Iterator[tuple[Any, ...]]:
    """The moments of a training without its pictures, then the checkpoint's files."""
    from ebm.training.errors import Diverged
    from ebm.training.live import Trained, keep, train_live

    run = None
    try:
        numbers = _numbers(seconds=seconds, seed=seed)
        if not isinstance(sorts, list) or not _SECONDS[0] <= numbers["seconds"] <= _SECONDS[1]:
            raise ValueError(f"Send a list of sorts, and {_SECONDS[0]} to {_SECONDS[1]} seconds.")
        run = train_live(sorts, mode=str(mode), seconds=numbers["seconds"], seed=int(numbers["seed"]) % 2**31)
        for seen in run:
            if isinstance(seen, Trained):
                break
            yield {"step": seen.step, "seconds": seen.seconds, "stage": seen.stage, "losses": seen.losses}, None
    except (ValueError, Diverged) as error:
        raise gr.Error(str(error), print_exception=False) from None
    finally:
        if run is not None:
            run.close()
    assert isinstance(seen, Trained)
    with tempfile.TemporaryDirectory() as folder:
        path = keep(Path(folder) / "trained.safetensors", seen)
        yield {"steps": seen.steps, "seconds": seen.seconds}, [str(path), str(path.with_suffix(".json"))]


def _keep(models: Models, trained: Any) -> str:
    """The trained network among the models that a visitor may choose: its key."""
    from ebm.training.live import keep

    with tempfile.TemporaryDirectory() as folder:
        path = keep(Path(folder) / f"live-{uuid.uuid4().hex[:4]}.safetensors", trained)
        return models.add(load(path))


def _picture(moments: list[Any]) -> str:
    """The moment as HTML: fresh chains, buffer, curves, numbers."""
    now = moments[-1]
    grids = ""
    for ink, title, note in (
        (now.fresh, "Fresh chains", "from noise, by the averaged weights; looked at every four seconds"),
        (now.buffer, "Replay buffer", "where training's chains rest between two updates"),
    ):
        if len(ink):
            grids += (
                f'<figure class="dreams"><figcaption><b>{title}</b> <small>{note}</small></figcaption>'
                f'<img src="{data_uri(tile_grid(ink), "jpeg")}" alt="{len(ink)} glyphs: {title.lower()}"></figure>'
            )
    waiting = "" if grids else message("No chains yet: the network learns to read first.")
    grids = f'<div class="grids">{waiting}{grids}</div>'
    return f'<section class="training sheet">{ledger(now)}{curves(moments)}{grids}</section>'


def _numbers(**given: Any) -> dict[str, float]:
    """The page's numbers as numbers.

    Raises:
        ValueError: for what is none.
    """
    try:
        return {name: float(value) for name, value in given.items()}
    except (TypeError, ValueError):
        raise ValueError("Seconds, learning rate, steps, alpha and seed must be numbers.") from None


def _told(text: str, kind: str = "hint") -> tuple[Any, Any]:
    return message(text, kind), gr.skip()


def _idle() -> tuple[Any, ...]:
    return gr.Button(interactive=True), gr.Button(interactive=False), gr.skip()


def _view(wishes: Wishes) -> list[dict[str, Any]]:
    """What the controls show, in their order, as their components' arguments."""
    names = [sort.name for sort in SORTS]
    sorts = [name for name in wishes.get("sorts", "").split(",") if name in names][:8] or _FIRST
    return [
        {"value": sorts},
        {"value": wishes["mode"] if wishes.get("mode") in _MODES else "jem"},
        {"value": number_wish(wishes, "seconds", 90, *_SECONDS)},
        {"value": number_wish(wishes, "lr", 4e-4, 1e-5, 5e-3)},
        {"value": number_wish(wishes, "sgld", 20, 1, 60)},
        {"value": number_wish(wishes, "alpha", 0.1, 0, 1)},
        {"value": number_wish(wishes, "train_seed", 0, 0, 2**31 - 1)},
    ]
