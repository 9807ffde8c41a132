"""The reliability diagram: how often a classifier is right at each level of confidence."""

import numpy as np
import plotly.graph_objects as go
import torch
from torchmetrics.functional.classification import binary_calibration_error

from ebm.figures.scores import KNOWN, THRESHOLD, style
from ebm.scoring.rates import Numbers


def reliability_diagram(confidence: Numbers, correct: Numbers, bins: int = 15) -> go.Figure:
    """How often the classifier is right at each level of confidence, with the expected calibration error.

    Args:
        confidence: highest class probability (N,) in [0, 1]; correct: whether that class was right (N,).
    """
    confidence, correct = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    edges = np.linspace(0, 1, bins + 1)
    where = np.clip(np.digitize(confidence, edges[1:-1], right=True), 0, bins - 1)
    counts = np.bincount(where, minlength=bins)
    safe = np.maximum(counts, 1)
    accuracy = np.bincount(where, weights=correct, minlength=bins) / safe
    stated = np.bincount(where, weights=confidence, minlength=bins) / safe
    error = float(binary_calibration_error(torch.from_numpy(confidence), torch.from_numpy(correct).long(), bins))
    full = counts > 0
    figure = go.Figure()
    figure.add_trace(
        go.Bar(
            x=((edges[:-1] + edges[1:]) / 2)[full],
            y=accuracy[full],
            width=0.92 / bins,
            marker={"color": KNOWN, "opacity": 0.75},
            customdata=np.stack([stated, counts], axis=1)[full],
            name="measured",
            hovertemplate="stated %{customdata[0]:.1%}<br>right %{y:.1%}<br>%{customdata[1]:,} glyphs<extra></extra>",
        )
    )
    line = {"color": THRESHOLD, "width": 1.5, "dash": "dash"}
    figure.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, name="perfectly calibrated", hoverinfo="skip")
    )
    style(figure, f"Reliability (expected calibration error {error:.3f})", "stated confidence", "share that is right")
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.03], tickformat=".0%")
    return figure
