"""The tab Strangers: how well the scores tell strangers from known glyphs, and at which threshold."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.parts.drawing import message
from app.tabs.panel import QUIET, WORKING, Panel, Wishes, number_wish
from app.tabs.strangers import tables
from app.tabs.strangers.export import as_csv, as_page
from app.tabs.strangers.own_set import MOST, NAME, OwnSet, read, with_own
from app.visitors.uploads import path_of, refusals

# While the slider moves, so does the line in the histogram; the figure itself is redrawn on release.
_DRAG = """(threshold) => {
    const figure = document.querySelector('#histogram .js-plotly-plot');
    const axis = figure?._fullLayout?.xaxis, line = figure?.querySelector('.shapelayer path');
    if (axis?.l2p && line) {
        const x = axis._offset + axis.l2p(threshold);
        line.setAttribute('d', line.getAttribute('d').replace(/([ML])[^,]+,/g, `$1${x},`));
    }
}"""
_MISSING = "This checkpoint came without scores of stranger sets: there is nothing to draw. Training again adds them."
_TWIN = "twin"  # the classifier-only network that a joint model is compared with


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""

    def strangers(set: str, threshold: float, model: str = "") -> dict[str, Any]:
        """Rates of one stranger set at an energy threshold, and its AUROC by every score; stranger = positive."""
        with refusals():
            return tables.rates(models.get(model), set, threshold)

    def strangers_own(files: list[Any], threshold: Any = None, model: str = "") -> dict[str, Any]:
        """Rates and AUROC of your own pictures as a stranger set, every picture's energy, and the bad ones' reasons."""
        with refusals():
            loaded = models.get(model)
            own = read(_paths(files), loaded.card.preprocessing)
            scored = with_own(loaded, own)
            rates = tables.rates(scored, NAME, loaded.card.threshold if threshold is None else threshold)
            energies = scored.card.set_scores[NAME]["energy"]
            rows = [{"file": name, "energy": e, "is_stranger": e > rates["threshold"]}
                    for name, e in zip(own.names, energies, strict=True)]  # fmt: skip
            return rates | {"files": rows, "refused": [list(pair) for pair in own.bad]}

    def loaded_of(key: str, own: OwnSet | None) -> LoadedModel:
        return with_own(models.get(key), own)

    def twin_of(key: str, own: OwnSet | None) -> LoadedModel | None:
        return loaded_of(_TWIN, own) if _TWIN in models.shipped() and key != _TWIN else None

    def look(key: str, own: Any, chosen: list[str], score: str, threshold: float) -> tuple[Any, ...]:
        loaded = loaded_of(key, own)
        return (
            tables.rates_table(loaded, chosen, score, threshold),
            tables.histogram(loaded, chosen, score, threshold),
            tables.roc(loaded, chosen, score),
            tables.examples(loaded, chosen),
        )

    def move(key: str, own: Any, chosen: list[str], score: str, threshold: float) -> str:
        return tables.rates_table(loaded_of(key, own), chosen, score, threshold)

    def redraw(key: str, own: Any, chosen: list[str], score: str, threshold: float) -> Any:
        return tables.histogram(loaded_of(key, own), chosen, score, threshold)

    def change_score(key: str, own: Any, chosen: list[str], score: str) -> tuple[Any, ...]:
        span = tables.span(loaded_of(key, own), score)
        return gr.Slider(**span), *look(key, own, chosen, score, span["value"])[:3]

    def bring(key: str, files: Any) -> tuple[Any, ...]:
        if not files:
            return None, message(""), *_fresh(loaded_of(key, None), twin_of(key, None))
        try:
            own = read(_paths(files), models.get(key).card.preprocessing)
        except ValueError as error:
            return gr.skip(), message(str(error), "problem"), *[gr.skip()] * len(outputs)
        return own, message(own.words()), *_fresh(loaded_of(key, own), twin_of(key, own), {"sets": NAME})

    def export(key: str, own: Any, chosen: list[str], score: str, threshold: float) -> Iterator[Any]:
        loaded = loaded_of(key, own)
        with tempfile.TemporaryDirectory() as folder:
            csv, html = Path(folder) / "strangers.csv", Path(folder) / "strangers.html"
            csv.write_text(as_csv(loaded, own, chosen), encoding="utf-8")
            html.write_text(as_page(loaded, chosen, score, threshold), encoding="utf-8")
            yield gr.File(value=[str(csv), str(html)], visible=True)

    def _fresh(loaded: LoadedModel, twin: LoadedModel | None, wishes: Wishes | None = None) -> list[Any]:
        fresh = _view(loaded, wishes or {}, twin)
        return [type(component)(**given) for component, given in zip(outputs, fresh, strict=True)]

    def show(loaded: LoadedModel, wishes: Wishes) -> list[Any]:
        twin = models.get(_TWIN) if _TWIN in models.shipped() and loaded.card.mode != "classifier" else None
        return [None, "", *_fresh(loaded, twin, wishes)]

    first = iter(_view(models.first, {}, twin_of(models.home, None)))
    said = gr.HTML(**next(first), elem_id="no-strangers", js_on_load=None)
    with gr.Row(elem_id="strangers", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            sets = gr.CheckboxGroup(**next(first), label="Stranger sets", elem_id="sets")
            with gr.Accordion("Your own pictures", open=False, elem_id="own"):
                files = gr.File(
                    file_count="multiple", label=f"Pictures of single letters, or a zip of them (at most {MOST})",
                    elem_id="own-files", height=120,
                )  # fmt: skip
                folder = gr.UploadButton("Choose a folder", file_count="directory", size="sm", elem_id="own-folder")
                told = gr.HTML("", elem_id="own-said", js_on_load=None)
            score = gr.Dropdown(
                **next(first), label="Score", elem_id="score",
                info="every score is turned so that higher means stranger",
            )  # fmt: skip
            threshold = gr.Slider(
                **next(first), label="Threshold", elem_id="threshold",
                info="what scores higher is called a stranger",
            )  # fmt: skip
            table = gr.HTML(**next(first), elem_id="rates", js_on_load=None)
            save = gr.Button("Export what is shown (CSV, HTML)", size="sm", elem_id="export")
            saved = gr.File(visible=False, label="Exported", elem_id="exported", interactive=False)
        with gr.Column(elem_classes="area-b", min_width=0):
            histogram = gr.Plot(**next(first), show_label=False, elem_id="histogram")
            roc = gr.Plot(**next(first), show_label=False, elem_id="roc")
        with gr.Column(elem_classes="area-c", min_width=0):
            areas = gr.HTML(**next(first), elem_id="auroc", js_on_load=None)
            pictures = gr.HTML(**next(first), elem_id="strips", js_on_load=None)
    outputs = [said, sets, score, threshold, table, histogram, roc, areas, pictures]
    held = gr.State(None)
    wishes = [model, held, sets, score, threshold]
    alike: dict[str, Any] = {"preprocess": False, **QUIET}
    sets.change(look, wishes, [table, histogram, roc, pictures], **alike)
    score.input(change_score, [model, held, sets, score], [threshold, table, histogram, roc], **alike)
    threshold.input(move, wishes, table, trigger_mode="always_last", **alike)
    threshold.input(None, threshold, None, js=_DRAG, queue=False, **QUIET)
    threshold.release(redraw, wishes, histogram, trigger_mode="always_last", **alike)
    gr.on([files.upload, files.clear], bring, [model, files], [held, told, *outputs], **alike, **WORKING)
    folder.upload(bring, [model, folder], [held, told, *outputs], **alike, **WORKING)
    save.click(export, wishes, saved, **alike)
    gr.api(strangers, api_name="strangers")
    answer, given = gr.JSON(visible=False), gr.File(visible=False, file_count="multiple", label="files")
    cut, which = gr.Number(None, visible=False, label="threshold"), gr.Textbox("", visible=False, label="model")
    gr.Button(visible=False).click(
        strangers_own, [given, cut, which], answer, preprocess=False, api_name="strangers_own", **WORKING
    )
    state = {"sets": sets, "score": score, "threshold": threshold}
    return Panel("strangers", [held, told, *outputs], show, state)


def _paths(files: Any) -> list[str]:
    """Where Gradio put the uploaded files.

    Raises:
        ValueError: where there are none.
    """
    listed = files if isinstance(files, list) else [files]
    if not (found := [path for path in map(path_of, listed) if path]):
        raise ValueError("Send at least one picture, or a zip of pictures.")
    return found


def _view(loaded: LoadedModel, wishes: Wishes, twin: LoadedModel | None = None) -> list[dict[str, Any]]:
    """What every component of the tab shows at first, in the order of its `outputs`, as their arguments."""
    names = loaded.sets()
    if not names or not loaded.card.set_scores.get("test", {}).get("energy"):
        nothing: list[dict[str, Any]] = [
            {"choices": [], "value": []},
            {"choices": []},
            {},
            {"value": ""},
            {"value": None, "visible": False},
            {"value": None, "visible": False},
        ]
        pictures = tables.examples(loaded, loaded.examples)
        return [{"value": message(_MISSING, "problem")}, *nothing, {"value": ""}, {"value": pictures}]
    chosen = [name for name in wishes.get("sets", "").split(",") if name in names] or _at_first(loaded, names)
    scores = [(label, name) for name, label in tables.SCORES.items() if name in loaded.card.set_scores["test"]]
    score = wishes.get("score", "energy") if wishes.get("score") in dict(scores).values() else "energy"
    span = tables.span(loaded, score)
    span["value"] = number_wish(wishes, "threshold", span["value"], span["minimum"], span["maximum"])
    at = (loaded, chosen, score, span["value"])
    pieces = (
        tables.rates_table(*at), tables.histogram(*at),
        tables.roc(loaded, chosen, score), tables.auroc_table(loaded, [name for _, name in scores], twin),
        tables.examples(loaded, chosen),
    )  # fmt: skip
    controls: list[dict[str, Any]] = [{"choices": names, "value": chosen}, {"choices": scores, "value": score}, span]
    return [{"value": ""}, *controls, *({"value": piece, "visible": True} for piece in pieces)]


def _at_first(loaded: LoadedModel, names: list[str]) -> list[str]:
    """The sets shown at first: two near, two far ones where the card tells them apart."""
    near = [name for name in names if loaded.describe(name)[0] == "near"][:2]
    far = [name for name in names if loaded.describe(name)[0] == "far"][:2]
    return near + far or names[:4]
