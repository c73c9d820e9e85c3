"""Plot of a benchmark's results, the times of the right names against those of alarms."""

from collections.abc import Sequence
from pathlib import Path

from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.evaluation.benchmark.summary import by_case, summary

from ..shell.charts.chart_file import LIMIT, PALE, SERIES, new_axes, new_figure, save_figure

_TICKS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # minutes; times beyond stand at an end
_WIDTH, _HEAD, _ROW = 16.0, 2.4, 0.44  # inches


def draw_times(path: Path, suite: Suite, results: Sequence[Result]) -> None:
    """Draws a row for each case with a dot for each episode, or ends the command."""
    seeds, cases = sorted({each.seed for each in results}), by_case(results)
    title = f"{suite.file.plant}, suite {suite.name}"
    subtitle = f"seeds {seeds[0]} to {seeds[-1]}, a dot for each episode"
    figure = new_figure(_WIDTH, _HEAD + _ROW * len(cases), title, subtitle)
    axes = new_axes(figure)
    named = "what is right is asked for" if suite.file.respond else "the right name is confirmed"
    kinds = (
        ("symptom_s", "a tag shows the fault", PALE, -0.25),
        ("answered_s", named, SERIES, 0.0),
        ("alarm_s", "first alarm of the plant", LIMIT, 0.25),
    )
    for name, label, colour, offset in kinds:
        times = [
            (min(max(at_s / 60.0, _TICKS[0]), _TICKS[-1]), row + offset)
            for row, found in enumerate(cases.values())
            for each in found
            if (at_s := getattr(each.times, name)) is not None
        ]
        axes.scatter([x for x, _ in times], [y for _, y in times], color=colour, label=label)
    axes.set_xscale("log")
    axes.set_xticks(_TICKS, [f"{each:g}" for each in _TICKS])
    axes.set_yticks(range(len(cases)), [*cases])
    axes.set(xlabel="minutes after the onset", xlim=(_TICKS[0], _TICKS[-1]))
    axes.set_ylim(len(cases) - 0.5, -0.5)
    axes.minorticks_off()
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(kinds), frameon=False)
    for row, found in enumerate(cases.values()):
        right = summary(found).right
        axes.annotate(
            f"{right.count}/{right.of} right", (1.0, row), (8, 0), va="center",
            xycoords=("axes fraction", "data"), textcoords="offset points", annotation_clip=False,
        )  # fmt: skip
    save_figure(path, figure)
