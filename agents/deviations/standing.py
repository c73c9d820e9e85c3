"""Deviations that stand at a site, its active alarms and the faults that are confirmed."""

from collections.abc import Iterable

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import NOT_GOOD
from handwheel.playbooks.execution.plant_view import PlantView

from ..diagnosis.baseline import NO_BASELINE, Baseline
from ..diagnosis.hypotheses import Hypotheses
from ..diagnosis.weigh import Weighed
from .continuous_diagnosis import CONFIRMED, ContinuousDiagnosis
from .deviation import ALARM, HYPOTHESIS, STEADY_S, Deviation

_ACTIVE = ".active"


class StandingDeviations:
    """Deviations of a site beside the triggers of its playbooks. `observe` takes each scan.

    Attributes:
        by_id: Those that stand with the latest scan.
        measured: Tag that each alarm is about, by the alarm's tag.
    """

    def __init__(self, site: Site, diagnosis: ContinuousDiagnosis) -> None:
        self.by_id: dict[str, Deviation] = {}
        self.diagnosis = diagnosis
        self.now_s = 0.0
        self._left_s: dict[str, float] = {}  # since when an alarm that stands is inactive
        self._site = site
        self._alarms = {each.name: _about(site, each) for each in alarm_tags(site)}
        self.measured = {each.name: measured_by(each) for each in alarm_tags(site)}

    def observe(self, plant: PlantView) -> bool:
        """Takes a scan. Returns whether the plant was diagnosed.

        While its clock cannot be read nothing is, since the time is a guess that may be ahead.
        """
        clock = plant.clock
        is_back = clock.is_readable and clock.shown_s < self.diagnosis.windows.now_s
        if is_back or clock.is_restarted:  # it is another plant
            self.diagnosis.forget()
            self.by_id.clear()
            self._left_s.clear()
        self.now_s = clock.shown_s
        is_diagnosed = clock.is_readable and self.diagnosis.observe(plant.readings, self.now_s)
        self._look_at_alarms(plant)
        if is_diagnosed:
            self._take_hypotheses()
        return is_diagnosed

    def _look_at_alarms(self, plant: PlantView) -> None:
        """Takes the alarms. One that cannot be read stays as it was.

        One that is inactive stands for a while still, since it may chatter.
        """
        for name, equipment in self._alarms.items():
            reading = plant.readings.get(name)
            if reading is None or reading.status & NOT_GOOD:
                continue
            id_ = ALARM + name.removesuffix(_ACTIVE)
            if not reading.value:
                if id_ in self.by_id:
                    left_s = self._left_s.setdefault(id_, self.now_s)
                    if self.now_s - left_s >= STEADY_S:
                        del self.by_id[id_], self._left_s[id_]
                continue
            self._left_s.pop(id_, None)
            if id_ not in self.by_id:
                label = self._site.tags[name].label
                text = f"{name} [{label}]" if label else name
                self.by_id[id_] = Deviation(id_, text, equipment, equipment, self.now_s)

    def _take_hypotheses(self) -> None:
        diagnosis = self.diagnosis
        known = {HYPOTHESIS + each for each in diagnosis.standing}
        for each in [each for each in self.by_id if each.startswith(HYPOTHESIS)]:
            if each not in known:
                del self.by_id[each]
        for weighed in diagnosis.ranking.weighed if diagnosis.ranking else ():
            name = weighed.hypothesis.id
            if name in diagnosis.standing:
                self.by_id[HYPOTHESIS + name] = self._of(weighed, diagnosis.standing[name])

    def _of(self, weighed: Weighed, since_s: float) -> Deviation:
        hypothesis = weighed.hypothesis
        seen_at = {self._site.tags[tag].equipment for each in weighed.met for tag in each.tags}
        equipment = frozenset(hypothesis.equipment)
        return Deviation(
            HYPOTHESIS + hypothesis.id, hypothesis.title, equipment,
            equipment | (seen_at - {""}), since_s,
            is_named=hypothesis.id in self.diagnosis.named,
        )  # fmt: skip

    def opens(self, deviation: Deviation) -> bool:
        """Whether a deviation opens a case. An alarm waits for the diagnosis that explains it."""
        alone_s = CONFIRMED * self.diagnosis.hypotheses.every_s
        is_alarm = deviation.id.startswith(ALARM)
        return not is_alarm or self.now_s - deviation.since_s >= alone_s


def alarm_tags(site: Site) -> list[Tag]:
    """Returns the alarms of a site about known equipment."""
    tags = (each for each in site.tags.values() if each.kind == "bool")
    return [each for each in tags if each.name.endswith(_ACTIVE) and _about(site, each)]


def _about(site: Site, alarm: Tag) -> frozenset[str]:
    """Returns the equipment of an alarm, else that of what it measures."""
    measured = site.tags.get(measured_by(alarm))
    equipment = alarm.equipment or (measured.equipment if measured else "")
    return frozenset({equipment} - {""})


def measured_by(alarm: Tag) -> str:
    """Returns the name of the tag that an alarm is about, which its label begins with."""
    return f"{alarm.label.partition(' ')[0]}.pv"


def diagnosis_of(
    site: Site, hypotheses: Hypotheses, view: PlantView, baseline: Baseline = NO_BASELINE
) -> ContinuousDiagnosis | None:
    """Returns the continuous diagnosis of a site, `None` without failure modes.

    Args:
        view: It keeps the history of the hypotheses' conditions.
    """
    if not hypotheses.every:
        return None
    limited = limited_tags(site.tags.values())
    return ContinuousDiagnosis(hypotheses, view.history, baseline, more_tags=limited)


def diagnosed_tags(site: Site, hypotheses: Hypotheses) -> set[str]:
    """Returns the tags that the diagnosis of a site looks at, none without failure modes."""
    if not hypotheses.every:
        return set()
    alarms = {each.name for each in alarm_tags(site)}
    return {*hypotheses.read_tags, *alarms, *limited_tags(site.tags.values())}


def limited_tags(tags: Iterable[Tag]) -> frozenset[str]:
    """Returns the tags that have an alarm or a trip."""
    none = (None, None)
    return frozenset(each.name for each in tags if each.alarm != none or each.trip != none)
