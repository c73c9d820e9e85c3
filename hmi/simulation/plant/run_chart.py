"""Chart of a plant's run with alarm limits and events."""

from collections.abc import Sequence
from dataclasses import dataclass

from handwheel.connectors.config.durations import format_duration
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import PlantEvent, PlantTag

from ...shell.charts.chart import Axis, Limit, Mark, MarkKind, Panel, TrendChart, round_axis
from .recording import Recording
from .trend_tags import TrendTag, alarms_of, axis_ends

# Events with a mark. A cleared alarm and a refused write have none.
_KINDS: dict[str, MarkKind] = {
    "fault": "fault", "alarm": "alarm", "trip": "trip", "interlock": "trip",
    "field": "hand", "write": "hand",
}  # fmt: skip
_TITLE = 80  # characters at most
_LONGEST = 18  # characters of a mark's label


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """Result of a finished run."""

    recording: Recording
    events: Sequence[PlantEvent]  # in the time of the recording
    verdict: str  # how it ended, for people


def chart_of(plant: Plant, shown: Sequence[TrendTag], run: FinishedRun) -> TrendChart:
    """Returns the chart of a run."""
    times = run.recording.times_s
    tags = {tag.name: tag for tag in plant.tags}
    raised = {event.tag for event in run.events if event.kind == "alarm"}
    length = format_duration(times[-1] - times[0])
    return TrendChart(
        _title(plant, run.events),
        f"{length}, {run.verdict}",
        times,
        [
            _panel(plant, tags[each.tag], each, run.recording.series[each.tag], raised)
            for each in shown
        ],
        [
            Mark(event.time_s, _KINDS[event.kind], _label(event))
            for event in run.events
            if event.kind in _KINDS and times[0] <= event.time_s <= times[-1]
        ],
    )


def _title(plant: Plant, events: Sequence[PlantEvent]) -> str:
    """Returns the plant and its faults, shortened to fit the title."""
    ids = list(dict.fromkeys(event.tag for event in events if event.kind == "fault"))
    if not ids:
        return f"{plant.model}: no fault"
    count = f"{plant.model}: {len(ids)} faults"
    whole = ", ".join(f"{id_} {plant.faults[id_].title}" for id_ in ids)
    titles = (f"{plant.model}: {named}" for named in (whole, ", ".join(ids)))
    return next((title for title in titles if len(title) <= _TITLE), count)


def _panel(
    plant: Plant, tag: PlantTag, shown: TrendTag, values: Sequence[float], raised: set[str]
) -> Panel:
    alarms = alarms_of(plant, tag.name)
    if shown.axis_ends is not None:
        axis = Axis(*shown.axis_ends)
    else:
        limits = [alarm.limit for alarm in alarms if alarm.tag in raised]
        low, high = axis_ends(tag, values)
        axis = round_axis(min([low, *limits]), max([high, *limits]))
    lines = [
        Limit(alarm.limit, alarm.tag) for alarm in alarms if axis.low <= alarm.limit <= axis.high
    ]
    note = ", ".join(part for part in (tag.unit, tag.description) if part)
    return Panel(tag.name, note, values, axis, lines)


def _label(event: PlantEvent) -> str:
    text = f"{event.tag} trips" if event.kind == "trip" else event.tag
    if event.kind == "fault":  # one that grows or axis_ends is limits again
        text += next((f" {end}" for end in ("gone", "full size") if event.text.endswith(end)), "")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
