"""Plot of a benchmark's results, the times of the right names against those of alarms."""

from collections.abc import Iterator, Sequence

from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.evaluation.benchmark.summary import by_case, summary

from ..shell.charts.png_strips import DotKind, Strip, StripChart, draw_strips

_TICKS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # minutes
_LEGEND: dict[DotKind, str] = {
    "seen": "a tag shows the fault",
    "named": "the right name is confirmed",
    "alarm": "first alarm of the plant",
}
_ACTING: dict[DotKind, str] = {**_LEGEND, "named": "what is right is asked for"}


def png_of(suite: Suite, results: Sequence[Result]) -> bytes:
    """Returns the plot as a PNG file."""
    seeds = sorted({each.seed for each in results})
    return draw_strips(
        StripChart(
            f"{suite.file.plant}, suite {suite.name}",
            f"seeds {seeds[0]} to {seeds[-1]}, a dot for each episode",
            _ACTING if suite.file.respond else _LEGEND,
            "minutes after the onset",
            _TICKS,
            [
                Strip(case, _note(found), [*_dots(found)])
                for case, found in by_case(results).items()
            ],
        )
    )


def _note(results: Sequence[Result]) -> str:
    right = summary(results).right
    return f"{right.count}/{right.of} right"


def _dots(results: Sequence[Result]) -> Iterator[tuple[DotKind, float]]:
    for times in (each.times for each in results):
        found: dict[DotKind, float | None] = {
            "seen": times.symptom_s, "alarm": times.alarm_s, "named": times.answered_s,
        }  # fmt: skip
        for kind, at_s in found.items():
            if at_s is not None:
                yield kind, at_s / 60.0
