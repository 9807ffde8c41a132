"""Plotly figures of the energy between glyphs: along a path, and over a plane."""

import numpy as np
import plotly.graph_objects as go
from torch import Tensor

from ebm.figures.scores import KNOWN, STRANGER, THRESHOLD, style

# From low to high energy, as on a map: depths are dark blue, heights are pale.
_MIDDLE = "#8b8172"  # seen on light and on dark paper, where style sheets do not reach (WebGL)
_LAND = [[0.0, "#08306b"], [0.35, "#2f7fb8"], [0.6, "#9ecae1"], [0.8, "#f1e7cf"], [1.0, "#b5562b"]]


def path_figure(straight: Tensor, lowest: Tensor, threshold: float | None, names: tuple[str, str]) -> go.Figure:
    """Energies along the straight line and along the path of lowest energy between two glyphs, with the threshold.

    Args:
        straight: energies (n,) along the straight line.
        lowest: energies (n,) along the path of lowest energy.
        threshold: above it a glyph is a stranger; None draws no threshold.
        names: of the two ends.

    Returns:
        the figure.
    """
    figure = go.Figure()
    for energies, name, line in (
        (straight, "straight line", {"color": STRANGER, "width": 2.5, "dash": "dash"}),
        (lowest, "lowest path found", {"color": KNOWN, "width": 3}),
    ):
        share = np.linspace(0, 1, len(energies))
        hover = "%{x:.0%} of the way<br>energy %{y:.2f}<extra>" + name + "</extra>"
        figure.add_trace(
            go.Scatter(x=share, y=energies.tolist(), mode="lines+markers", line=line, name=name, hovertemplate=hover)
        )
    if threshold is not None:
        figure.add_hline(threshold, line={"color": THRESHOLD, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=1, xref="paper", y=threshold, text="threshold", showarrow=False, xanchor="right", yanchor="bottom",
            font={"size": 12},
        )  # fmt: skip
    style(figure, f"Energy on the way from {names[0]} to {names[1]}", "share of the way", "energy (low = likely)")
    figure.update_xaxes(tickformat=".0%", range=[-0.02, 1.02])
    return figure


def plane_figure(
    axis: Tensor, energy: Tensor, threshold: float | None, names: tuple[str, str, str], relief: bool = False
) -> go.Figure:
    """The energy over the plane through three glyphs, as a map or as a relief.

    Args:
        axis: coordinates (n,) of the grid along u and along v.
        energy: (n, n), with v along the first dimension.
        threshold: drawn as a contour on the map, unless it is None.
        names: of the glyphs at (0, 0), (1, 0) and (0, 1).
        relief: whether to draw a surface in three dimensions, which needs WebGL.

    Returns:
        the figure.
    """
    figure, at = go.Figure(), axis.tolist()
    low, high = float(energy.min()), float(energy.max())
    hover = "u %{x:.2f}, v %{y:.2f}<br>energy %{z:.2f}<extra></extra>"
    shades = {"colorscale": _LAND, "zmin": low, "zmax": high} if not relief else {}
    bar = {"title": {"text": "energy", "side": "right"}, "thickness": 12, "outlinewidth": 0}
    if relief:
        figure.add_trace(
            go.Surface(
                x=at, y=at, z=energy.tolist(), colorscale=_LAND, colorbar=bar, hovertemplate=hover,
                contours={"z": {"show": True, "usecolormap": False, "color": "rgba(0,0,0,.25)", "width": 1,
                                "start": low, "end": high, "size": (high - low) / 14 or 1}},
            )
        )  # fmt: skip
    else:
        figure.add_trace(
            go.Contour(
                x=at, y=at, z=energy.tolist(), colorbar=bar, hovertemplate=hover, ncontours=16,
                line={"width": 0.6, "color": "rgba(0,0,0,.35)"}, **shades,
            )
        )  # fmt: skip
        if threshold is not None:
            figure.add_trace(
                go.Contour(
                    x=at, y=at, z=energy.tolist(), showscale=False, hoverinfo="skip", name="threshold",
                    contours={"type": "constraint", "operation": "=", "value": threshold},
                    line={"width": 2.5, "color": STRANGER, "dash": "dash"},
                )
            )  # fmt: skip
    _corners(figure, axis, energy, names, relief)
    style(figure, "Energy over the plane", "u: from the first to the second", "v: to the third")
    figure.update_layout(height=460, showlegend=False)
    if relief:
        figure.update_layout(
            dragmode="turntable", margin={"l": 0, "r": 0, "t": 40, "b": 0},
            scene={axis: {"title": words, "color": _MIDDLE, "gridcolor": _MIDDLE}
                   for axis, words in (("xaxis", "u"), ("yaxis", "v"), ("zaxis", "energy"))}
            | {"aspectratio": {"x": 1, "y": 1, "z": 0.6}},
        )  # fmt: skip
    return figure


def _corners(figure: go.Figure, axis: Tensor, energy: Tensor, names: tuple[str, str, str], relief: bool) -> None:
    """Marks the places of the three glyphs."""
    u, v = [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]
    look = {
        "mode": "markers+text", "text": list(names), "textposition": "top center", "hoverinfo": "skip",
        "marker": {"size": 6 if relief else 11, "color": "#ffffff", "line": {"color": "#1c1814", "width": 2}},
    }  # fmt: skip
    if not relief:
        figure.add_trace(go.Scatter(x=u, y=v, textfont={"size": 17, "color": "#ffffff", "weight": 700}, **look))
        return
    near = [
        float(energy[int((axis - y).abs().argmin()), int((axis - x).abs().argmin())]) for x, y in zip(u, v, strict=True)
    ]
    figure.add_trace(go.Scatter3d(x=u, y=v, z=near, textfont={"size": 14, "color": _MIDDLE}, **look))
