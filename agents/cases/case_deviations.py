"""Deviations of the cases of a site, beside the triggers of their playbooks."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from handwheel.playbooks.execution.plant_view import PlantView

from ..agent_context import CaseContext
from ..deviations.case import Case
from ..deviations.continuous_diagnosis import ContinuousDiagnosis
from ..deviations.deviation import HYPOTHESIS, Deviation, Motion, motions
from ..deviations.standing import StandingDeviations
from ..deviations.triggers import Occasion, TriggerWatch
from ..diagnosis.check_names import check_name
from ..diagnosis.hypotheses import Hypothesis
from ..diagnosis.ranking import DecidingCheck
from ..planning.candidates import is_answer

_MOST_MOTIONS = 3


class CaseDeviations:
    """Alarms and confirmed faults, and the case that each belongs to.

    Deviations over the same equipment, or that the same named fault explains, are one case.
    """

    def __init__(self, context: CaseContext, diagnosis: ContinuousDiagnosis) -> None:
        self._standing = StandingDeviations(context.ledger.context.site, diagnosis)
        self._diagnosis, self._tags = diagnosis, context.ledger.context.site.tags
        self._by_id = {each.id: each for each in diagnosis.hypotheses.every}
        self._answered = set[str]()  # those that a run has answered and that stand still
        self._held_back = frozenset[str]()  # faults that open no case
        self._reopened: dict[str, str] = {}  # what is said of each that opens one again

    def resume(self, cases: Iterable[Case]) -> None:
        """Lets the faults of cases that the last process left open stand until they are refuted."""
        names = {name for case in cases for name in case.deviations}
        for name in names:
            hypothesis = name.removeprefix(HYPOTHESIS)
            if name.startswith(HYPOTHESIS) and hypothesis in self._by_id:
                self._diagnosis.standing.setdefault(hypothesis, 0.0)

    def observe(self, plant: PlantView, cases: Iterable[Case]) -> list[Deviation]:
        """Takes a scan. Returns the deviations that belong to no case."""
        self._standing.observe(plant)
        standing = self._standing.by_id
        self._answered &= standing.keys()
        known = {name for case in cases for name in case.deviations}
        self._reopened = {n: text for n, text in self._reopened.items() if n in standing}
        new = [each for name, each in standing.items() if name not in known | self._answered]
        texts = self._reopened
        return [
            replace(each, text=f"{each.text}; {texts[each.id]}") if each.id in texts else each
            for each in new
        ]

    @property
    def faults(self) -> Mapping[str, str]:
        """Methods that failed in the latest diagnosis, with the reason."""
        return dict(self._diagnosis.ranking.faults) if self._diagnosis.ranking else {}

    def opens(self, deviation: Deviation) -> bool:
        """Whether a deviation that joins no case opens one."""
        return deviation.id not in self._held_back and self._standing.opens(deviation)

    def hold_back(self, faults: Iterable[str]) -> None:
        """Lets these faults open no case, since their work is ordered."""
        self._held_back = frozenset(HYPOTHESIS + each for each in faults)

    def reopen(self, fault: str, text: str) -> None:
        """Lets a fault open a case that says this, though a run has answered it."""
        name = HYPOTHESIS + fault
        self._answered.discard(name)
        self._held_back -= {name}
        self._reopened[name] = text

    def note_answered(self, case: Case) -> None:
        """Lets the deviations of a case open none while they stand, since a run answered them."""
        self._answered |= case.deviations.keys() & self._standing.by_id.keys()

    def of(self, case: Case) -> list[Deviation]:
        """Returns the deviations of a case that stand."""
        standing = self._standing.by_id
        return [standing[name] for name in case.deviations if name in standing]

    def joins(self, new: Deviation, case: Case, known: Iterable[TriggerWatch]) -> bool:
        """Whether a deviation belongs to a case."""
        return any(self.is_about(new, each) for each in known) or any(
            _is_one(new, each) for each in self.of(case)
        )

    def is_about(self, deviation: Deviation, watch: TriggerWatch) -> bool:
        """Whether a playbook owns equipment of a deviation, or answers it."""
        is_there = not deviation.equipment.isdisjoint(watch.owned)
        return is_there or self.is_answer(watch, deviation)

    def is_answer(self, watch: TriggerWatch, deviation: Deviation) -> bool:
        """Whether a playbook answers the fault that a deviation is."""
        hypothesis = self._hypothesis(deviation)
        return hypothesis is not None and is_answer(watch.plan, hypothesis)

    def _hypothesis(self, deviation: Deviation) -> Hypothesis | None:
        return self._by_id.get(deviation.id.removeprefix(HYPOTHESIS))

    # --- what is judged -----------------------------------------------------------------------

    def named(self, case: Case) -> list[Hypothesis]:
        """Returns the confirmed faults of a case, without those that rival each other."""
        found = (self._hypothesis(each) for each in self.of(case) if each.is_named)
        return [each for each in found if each is not None]

    def test_steps(self, case: Case) -> list[DecidingCheck]:
        """Returns the test steps that would decide between rivals of a case that is not named.

        Rivals that stood before a restart are tested only once they are suspected again.
        """
        own = {each.id.removeprefix(HYPOTHESIS) for each in self.of(case)}
        ranking = self._diagnosis.ranking
        if ranking is None or self.named(case):
            return []
        rivals = [each for each in ranking.suspected if each.hypothesis.id in own]
        found = self._diagnosis.deciding_checks(rivals) if len(rivals) > 1 else ()
        return [each for each in found if each.spec.playbook]

    def is_test_step(self, playbook: str) -> bool:
        """Whether a playbook is the test step of a check."""
        checks = self._diagnosis.hypotheses.checks.values()
        return any(each.playbook == playbook for each in checks)

    def wants(self, case: Case, watch: TriggerWatch) -> str:
        """Returns the confirmed fault of a case that a playbook answers, empty for none."""
        found = (each for each in self.named(case) if is_answer(watch.plan, each))
        return next((each.title for each in found), "")

    def answered_by(self, watch: TriggerWatch) -> list[str]:
        """Returns the ids of all faults that a playbook answers."""
        return [name for name, each in self._by_id.items() if is_answer(watch.plan, each)]

    def explaining(self, case: Case, known: Collection[TriggerWatch]) -> list[str]:
        """Returns the ids of the hypotheses that explain a deviation of a case."""
        own = self.of(case)
        tags = {tag for each in known for tag in self._trigger_tags(each)}
        tags |= {self._standing.measured.get(self._alarm(each), "") for each in own}
        names = {each.id.removeprefix(HYPOTHESIS) for each in own}
        ranking = self._diagnosis.ranking
        for each in ranking.weighed if ranking else ():
            if each.hypothesis.id in names:
                tags |= {tag for one in each.met for tag in one.tags}
        return [
            name
            for name, each in self._by_id.items()
            if name in names
            or not tags.isdisjoint(each.tags)
            or any(is_answer(watch.plan, each) for watch in known)
        ]

    @staticmethod
    def _alarm(deviation: Deviation) -> str:
        return f"{deviation.id.partition(' ')[2]}.active"

    def _trigger_tags(self, watch: TriggerWatch) -> Iterator[str]:
        """Yields the tags of a trigger that is due, for an alarm what it is about."""
        if watch.due is None or isinstance(watch.due, Occasion):
            return
        for tag in watch.due.condition.tags:
            yield self._standing.measured.get(tag, tag)

    def key(self, case: Case) -> str:
        """Text that changes when the verdict on a case does."""
        names = ", ".join(sorted(each.id for each in self.of(case)))
        answered = ", ".join(map(check_name, sorted(self._diagnosis.answers)))
        return f"{names}: {', '.join(sorted(each.id for each in self.named(case)))}: {answered}"

    def fields(
        self, case: Case, known: Sequence[TriggerWatch], plant: PlantView
    ) -> list[dict[str, Any]]:
        """Returns what fired in a case as plain JSON, with its rates and times to a limit."""
        found: list[dict[str, Any]] = [
            {"id": f"trigger {each.name}", "text": each.condition(plant),
             "since": case.triggered.get(each.name, case.opened_at),
             "motions": self._told(self._trigger_tags(each))}
            for each in known
            if each.due is not None
        ]  # fmt: skip
        found += [
            {"id": each.id, "text": each.text, "since": case.deviations[each.id],
             "motions": self._told(self._seen_in(each))}
            for each in self.of(case)
        ]  # fmt: skip
        return found

    def minutes_left(self, case: Case, known: Iterable[TriggerWatch]) -> tuple[float, float]:
        """Returns when a case trips something and when it reaches a limit, infinite for never."""
        names = [tag for each in known for tag in self._trigger_tags(each)]
        names += [tag for each in self.of(case) for tag in self._seen_in(each)]
        found = self._motions(names)
        limits = (each.in_min[0] for each in found if each.limit is not None)
        return min((each.trip_min for each in found), default=inf), min(limits, default=inf)

    def _seen_in(self, deviation: Deviation) -> Iterator[str]:
        hypothesis = self._hypothesis(deviation)
        if hypothesis is None:
            yield self._standing.measured.get(self._alarm(deviation), "")
            return
        yield from sorted(hypothesis.tags)

    def _motions(self, names: Iterable[str]) -> list[Motion]:
        windows = self._diagnosis.windows
        known = [each for each in dict.fromkeys(names) if each in windows.tags]
        return motions(known, self._tags, windows)

    def _told(self, names: Iterable[str]) -> list[dict[str, Any]]:
        return [each.fields for each in self._motions(names)[:_MOST_MOTIONS]]


def _is_one(new: Deviation, old: Deviation) -> bool:
    """Whether two deviations are of one case. Two named faults are so only in one place."""
    if not new.equipment.isdisjoint(old.equipment):
        return True
    if new.is_named and old.is_named:
        return False
    is_fault = [each.id.startswith(HYPOTHESIS) for each in (new, old)]
    if all(is_fault):
        return not new.reach.isdisjoint(old.reach)
    return not new.equipment.isdisjoint(old.reach) or not new.reach.isdisjoint(old.equipment)
