"""Reliability diagram as a file."""

from math import log10
from pathlib import Path

from matplotlib.ticker import PercentFormatter

from handwheel.evaluation.calibration.reliability import Reliability

from ..shell.charts.chart_file import PALE, SERIES, new_axes, new_figure, save_figure

_SIDE = 10.0  # inches
_RADIUS, _GROWS = 6.0, 4.0  # points


def draw_reliability(path: Path, found: Reliability) -> None:
    """Draws predicted probability across and the true share up, or ends the command."""
    subtitle = f"{found.n} predictions in {found.cases} cases; the more, the larger the dot"
    figure = new_figure(_SIDE, _SIDE, "Reliability of the diagnosis", subtitle)
    axes = new_axes(figure)
    axes.plot([0.0, 1.0], [0.0, 1.0], color=PALE, linewidth=1.5)
    for each in found.bins:
        low, high = each.interval
        axes.errorbar(
            each.predicted, each.true, [[each.true - low], [high - each.true]], color=SERIES,
            marker="o", markersize=_RADIUS + _GROWS * log10(each.n), capsize=6,
        )  # fmt: skip
    axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), xlabel="said by the diagnosis", ylabel="true")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    save_figure(path, figure)
