"""Plant as it was recorded up to now, if the gate reads the same values."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import sqrt
from time import monotonic

from handwheel.agents.deviations.continuous_diagnosis import ContinuousDiagnosis
from handwheel.agents.deviations.standing import diagnosis_of
from handwheel.agents.diagnosis.baseline import Baseline
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.historian.recorded_history import RecordedHistory, RecordedScan
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality, StatusCode, Value
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.plant_view import PlantView, RecalledWindows
from handwheel.tools.conditions import History
from handwheel.tools.conditions.operands import is_number
from handwheel.tools.guardrails.approval.plant_snapshot import Reading

OLD_S = 10.0
"""Age of the newest recorded values from which nothing is computed."""
_COMPARED_S = 15.0  # how far back a value of the gate's snapshot may have been recorded
_NOISE = 4.0  # standard deviations within which two readings are the same
_SHARE = 0.005  # of the range within which they are the same in any case
_RECORDS = "the agents record them while they run"
_LATEST_S = 3600.0  # process time that is read of a tag without a window


class NotComputable(HandwheelError):
    """Nothing can be computed from recorded values here. The text is the reason."""


class OtherPlant(NotComputable):
    """The gate reads other values than those that are recorded."""


@dataclass(frozen=True, slots=True)
class RecordedPlant:
    """Plant at its newest recorded values, with the windows before them."""

    diagnosis: ContinuousDiagnosis
    readings: Readings
    history: History  # of the conditions of the diagnosis and of a plan
    until: datetime


class _WatchedHistory(RecordedHistory):
    """Recorded history that keeps its latest scans as they are read."""

    latest: "deque[RecordedScan]"

    def scans(self, reaches: Mapping[str, float]) -> Iterator[RecordedScan]:
        self.latest = deque()
        for scan in super().scans(reaches):
            while self.latest and self.latest[0].before_s > scan.before_s + _COMPARED_S:
                self.latest.popleft()
            if scan.readings:
                self.latest.append(scan)
            yield scan


@dataclass(slots=True)
class _Windows:
    """Windows of several, and tags of which only the latest values are needed."""

    every: Sequence[RecalledWindows]
    latest: frozenset[str]

    @property
    def reaches(self) -> Mapping[str, float]:
        found = dict.fromkeys(self.latest, _LATEST_S)
        for tag, reach_s in (pair for each in self.every for pair in each.reaches.items()):
            found[tag] = max(found.get(tag, 0.0), reach_s)
        return found

    def recall(self, readings: Readings, now_s: float) -> None:
        for each in self.every:
            each.recall(readings, now_s)

    def forget(self) -> None:
        for each in self.every:
            each.forget()


def recorded_plant(
    site: Site,
    hypotheses: Hypotheses,
    baseline: Baseline,
    seen: Mapping[str, Reading],
    plan: BoundPlaybook | None = None,
    others: Sequence[RecalledWindows] = (),
) -> RecordedPlant:
    """Returns the plant as it is recorded up to now.

    Args:
        seen: Readings of the gate's snapshot, which the card shows.
        plan: Playbook whose conditions need history too.
        others: Further windows that the record fills.

    Raises:
        NotComputable: Nothing is recorded, the record is old, or the gate reads other values.
    """
    plans = [plan] if plan else []
    view = PlantView.of_plans(plans, site.clock_tag, hypotheses.conditions)
    names = frozenset(seen) | hypotheses.read_tags | {tag for each in plans for tag in each.tags}
    diagnosis = diagnosis_of(site, hypotheses, view, baseline)
    if diagnosis is None:
        raise NotComputable("the site has no failure modes")
    begun_s, begun = monotonic(), datetime.now(UTC)
    with closing(_WatchedHistory.of(site)) as recorded:
        view.preload(recorded, begun_s, _Windows([diagnosis, *others], names))
        latest = list(recorded.latest)
    if not latest:
        raise NotComputable(f"no values are recorded; {_RECORDS}")
    newest = latest[-1]
    if newest.before_s > OLD_S:
        raise NotComputable(
            f"the newest recorded values are {newest.before_s:.0f} s old; {_RECORDS}"
        )
    if odd := _difference(site.tags, seen, latest):
        raise OtherPlant(odd)
    view.observe(newest.readings, begun_s - newest.before_s)
    if not view.clock.is_readable:
        raise NotComputable("the plant's clock cannot be read")
    until = begun - timedelta(seconds=newest.before_s)
    return RecordedPlant(diagnosis, newest.readings, view.history, until)


def _difference(
    tags: Mapping[str, Tag], seen: Mapping[str, Reading], latest: list[RecordedScan]
) -> str:
    """Returns where the record and the gate's snapshot differ, empty for nowhere."""
    known = [
        name for name in seen if name in tags and any(name in each.readings for each in latest)
    ]
    if not known:
        return "the record has none of the values that the gate reads for this request"
    for name in known:
        found = [each.readings[name] for each in latest if name in each.readings]
        good = [each for each in found if each.quality is Quality.GOOD]
        is_good = StatusCode(seen[name].status).quality is Quality.GOOD
        if is_good != bool(good) or (good and not _is_among(seen[name].value, good, tags[name])):
            shown = tags[name].show(found[-1])
            return f"{name} reads {seen[name].shown} at the gate, and {shown} is recorded"
    return ""


def _is_among(value: Value | None, recorded: Sequence[DataValue], tag: Tag) -> bool:
    """Whether a value lies among the recorded ones, within their noise."""
    numbers = [float(each.value) for each in recorded if is_number(each.value)]
    if not is_number(value) or not numbers:
        return any(each.value == value for each in recorded)
    steps = [after - before for before, after in pairwise(numbers)]
    noise = sqrt(sum(each * each for each in steps) / (2.0 * len(steps))) if steps else 0.0
    low, high = tag.span or (0.0, max(map(abs, numbers)))
    slack = max(_NOISE * noise, _SHARE * (high - low))
    return min(numbers) - slack <= float(value) <= max(numbers) + slack
