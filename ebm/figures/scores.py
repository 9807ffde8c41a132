"""Plotly figures of scores, for the app and the reports.

A higher score always means stranger. Strangers are the positive class.
"""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from ebm.scoring.rates import Numbers, auroc, positive_rate, roc_points, scores_array

KNOWN, STRANGER, THRESHOLD = "#0072B2", "#D55E00", "#2b2520"
# Okabe and Ito's palette, without the blue of the known glyphs and without a yellow that is too pale for paper.
_COLOURS = (STRANGER, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6b6259")
_DASHES = ("solid", "dash", "dot", "dashdot")
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_GRID, _AXIS = "#e4ddd0", "#9a9186"
_CURVE_POINTS = 400
_REACH = 2.0  # how far the histogram goes beyond the known glyphs at most, in their own width


def energy_histogram(
    known: Numbers,
    strangers: Mapping[str, Numbers],
    threshold: float | None,
    mark: float | None = None,
    *,
    score: str = "energy",
) -> go.Figure:
    """Histograms of the known glyphs (filled) and of stranger sets (outlines), with the threshold.

    Args:
        known: scores (N,) of known glyphs.
        strangers: name -> scores (M,).
        threshold: drawn as a vertical line, unless it is None; glyphs above it are called strangers.
        mark: the score of one glyph, drawn as another vertical line, or None.
        score: name of the score, for the x axis.

    Returns:
        the figure.
    """
    known = scores_array(known)
    sets = {name: scores_array(values) for name, values in strangers.items()}
    edges = _edges(known, sets, threshold, mark)
    figure = go.Figure()
    figure.add_trace(_shares(known, edges, "known glyphs", {"color": KNOWN, "width": 1.5}, "rgba(0, 114, 178, 0.28)"))
    for k, (name, values) in enumerate(sets.items()):
        figure.add_trace(_shares(values, edges, name + _beyond(values, edges), _line(k), None))
    if threshold is not None:
        figure.add_vline(threshold, line={"color": THRESHOLD, "width": 2, "dash": "dash"})
        _note(figure, threshold, "threshold", edges)
    if mark is not None:
        at = float(np.clip(mark, edges[0], edges[-1]))
        odd = threshold is not None and mark > threshold
        figure.add_vline(at, line={"color": STRANGER if odd else KNOWN, "width": 3})
        _note(figure, at, "this glyph", edges, y=0.9)
    title = f"{score.capitalize()} of known glyphs" + (" and strangers" if sets else "")
    style(figure, title, f"{score} (further right = stranger)", "share of the set")
    # The outermost bins also hold what lies beyond them, so they may stand out of the figure.
    tall = max((max(trace.y[1:-1]) for trace in figure.data), default=0) or 1
    figure.update_yaxes(tickformat=".0%", range=[0, 1.08 * tall])
    figure.update_xaxes(range=[edges[0], edges[-1]])
    return figure


def roc_curves(known: Numbers, strangers: Mapping[str, Numbers], threshold: float | None = None) -> go.Figure:
    """One ROC curve for each stranger set against the known glyphs, with the area in the legend.

    Args:
        known: scores (N,) of known glyphs.
        strangers: name -> scores (M,).
        threshold: where it is not None, a point on each curve shows the rates at it.

    Returns:
        the figure.
    """
    figure = go.Figure()
    diagonal = {"color": _AXIS, "width": 1, "dash": "dot"}
    figure.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=diagonal, name="guessing", hoverinfo="skip", showlegend=False)
    )
    for k, (name, values) in enumerate(strangers.items()):
        false, true = _thin(*roc_points(known, values))
        label = f"{name} ({auroc(known, values):.3f})"
        hover = "%{y:.1%} of the strangers caught at<br>%{x:.1%} false alarms<extra>" + name + "</extra>"
        figure.add_trace(go.Scatter(x=false, y=true, mode="lines", line=_line(k), name=label, hovertemplate=hover))
        if threshold is not None:
            at = positive_rate(known, threshold), positive_rate(values, threshold)
            point = {"color": _line(k)["color"], "size": 10, "line": {"color": "#ffffff", "width": 1.5}}
            hover = "at the threshold: " + hover
            figure.add_trace(
                go.Scatter(x=at[:1], y=at[1:], mode="markers", marker=point, showlegend=False, hovertemplate=hover)
            )
    style(figure, "ROC curves (area in brackets)", "false positive rate", "true positive rate")
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
    return figure


def bounds(known: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """What a figure shows of some scores: all but half a percent, and never so much that the known glyphs are a line.

    Args:
        known: scores (N,) of known glyphs.
        others: scores (M,) of whatever else there is.

    Returns:
        the lowest and the highest score that are shown.
    """
    low, high = map(float, np.quantile(known, (0.005, 0.995)))
    reach = _REACH * (high - low or 1.0)
    ends = np.quantile(others, (0.005, 0.995)).tolist() if len(others) else []
    return max(low - reach, min([low, *ends])), min(high + reach, max([high, *ends]))


def _edges(known: np.ndarray, sets: dict[str, np.ndarray], threshold: float | None, mark: float | None) -> np.ndarray:
    """Common bins, as wide as all sets but for half a percent, and never so wide that the known glyphs are a line."""
    wide = [np.quantile(values, (0.005, 0.995)) for values in sets.values()]
    low, high = bounds(known, np.ravel(wide + ([] if mark is None else [np.array([mark, mark])])))
    low, high = (low, high) if threshold is None else (min(low, threshold), max(high, threshold))
    pad = 0.02 * (high - low) or 0.5
    return np.linspace(low - pad, high + pad, 61)


def _shares(values: np.ndarray, edges: np.ndarray, name: str, line: dict, fill: str | None) -> go.Scatter:
    """A histogram as a stepped line; values beyond the bins count in the outermost bins."""
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    middles = (edges[:-1] + edges[1:]) / 2
    hover = "%{y:.1%} near %{x:.2f}<extra>" + name + "</extra>"
    return go.Scatter(
        x=middles, y=counts / len(values), mode="lines", line={**line, "shape": "hvh"}, name=name,
        fill="tozeroy" if fill else None, fillcolor=fill, hovertemplate=hover,
    )  # fmt: skip


def _beyond(values: np.ndarray, edges: np.ndarray) -> str:
    """Says of a set that most of it lies further out than the figure shows."""
    for share, where in ((np.mean(values > edges[-1]), "right"), (np.mean(values < edges[0]), "left")):
        if share > 0.5:
            return f" ({share:.0%} further {where})"
    return ""


def _line(k: int) -> dict:
    """Colour and dash of the k-th stranger set; either one distinguishes the sets."""
    return {"color": _COLOURS[k % len(_COLOURS)], "width": 2, "dash": _DASHES[k // len(_COLOURS) % len(_DASHES)]}


def _thin(false: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve with at most a few hundred points and the same ends."""
    keep = np.unique(np.linspace(0, len(false) - 1, min(len(false), _CURVE_POINTS)).round().astype(int))
    return false[keep], true[keep]


def _note(figure: go.Figure, x: float, text: str, edges: np.ndarray, y: float = 1.0) -> None:
    """Adds a label next to a vertical line, on the side with room."""
    right = x < (edges[0] + edges[-1]) / 2
    figure.add_annotation(
        x=x, y=y, yref="paper", text=text, showarrow=False, xanchor="left" if right else "right",
        yanchor="top", xshift=5 if right else -5, font={"size": 12}, bgcolor="rgba(255, 253, 248, 0.8)",
    )  # fmt: skip


def style(figure: go.Figure, title: str, x_title: str, y_title: str) -> None:
    """Gives a figure the common look, which fits the width of a phone.

    Args:
        figure: changed in place.
        title: of the figure.
        x_title: of the x axis.
        y_title: of the y axis.
    """
    named = sum(trace.showlegend is not False for trace in figure.data)
    figure.update_layout(
        title={"text": title, "x": 0, "xref": "paper", "xanchor": "left", "font": {"size": 15}},
        font={"family": _FONT, "size": 13, "color": THRESHOLD},
        paper_bgcolor="rgba(0, 0, 0, 0)", plot_bgcolor="rgba(0, 0, 0, 0)", template="none",
        margin={"l": 8, "r": 12, "t": 44, "b": 8}, autosize=True, dragmode=False,
        height=380 + 14 * max(named - 2, 0),  # on a phone the legend has a line for each set
        legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0, "xanchor": "left", "font": {"size": 12}},
    )  # fmt: skip
    small = {"size": 13}
    axis = {
        "gridcolor": _GRID,
        "linecolor": _AXIS,
        "zeroline": False,
        "automargin": True,
        "showline": True,
        "fixedrange": True,
    }
    figure.update_xaxes(
        title={"text": x_title, "standoff": 6, "font": small}, ticks="outside", tickcolor=_AXIS, nticks=8, **axis
    )
    figure.update_yaxes(title={"text": y_title, "standoff": 6, "font": small}, **axis)
