"""Playbooks that may answer a case, each judged on one snapshot."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from math import inf

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.timestamps import stamp

from ..agent_context import CaseContext
from ..deviations.case import Case
from ..deviations.deviation import Deviation
from ..deviations.triggers import Occasion, TriggerWatch
from ..planning.candidates import Candidate, is_answer, is_test_step, lowest_class, why_asked
from ..planning.situation import Situation
from .admission import Admission
from .case_deviations import CaseDeviations
from .schedules import Watches


class CaseCandidates:
    """Candidates of the cases of a site.

    Args:
        deviations: `None` without failure modes.

    Attributes:
        compose: Composes a plan that achieves what a prevented playbook would.
    """

    compose: Callable[[BoundPlaybook, PlantSnapshot], BoundPlaybook | None] | None = None

    def __init__(
        self,
        context: CaseContext,
        watches: Watches,
        deviations: CaseDeviations | None,
    ) -> None:
        self.admission = Admission(context)
        self._context, self._deviations = context, deviations
        self._every, self._watches = watches, watches.by_name
        self._stands_for: dict[str, str] = {}  # the prevented playbook, by a composed one's name

    def known(self, case: Case) -> list[TriggerWatch]:
        """Returns the playbooks whose trigger has opened or joined a case."""
        return [self._watches[each] for each in case.playbooks if each in self._watches]

    def triggered(self, case: Case) -> list[TriggerWatch]:
        """Returns those of `known` whose trigger stands, which no order or schedule is."""
        plant = self._context.plant
        own = (each for each in self.known(case) if not isinstance(each.due, Occasion))
        return [each for each in own if not each.is_gone(plant)]

    def is_ordered(self, case: Case) -> bool:
        """Whether a person has ordered a run of a case."""
        found = (each.due for each in self.known(case))
        return any(isinstance(each, Occasion) and each.place == case.case_id for each in found)

    def minutes_left(self, case: Case) -> tuple[float, float]:
        """Returns when a case trips something and when it reaches a limit, infinite for never."""
        own = self._deviations
        return own.minutes_left(case, self.known(case)) if own else (inf, inf)

    def hold_back(self, faults: Iterable[str]) -> None:
        """Lets these faults open no case, since their work is ordered."""
        if self._deviations is not None:
            self._deviations.hold_back(faults)

    def reopen(self, fault: str, text: str) -> None:
        """Lets a fault open a case that says this, and its playbooks answer it again."""
        if (own := self._deviations) is None:
            return
        own.reopen(fault, text)
        for each in self._watches.values():
            each.is_armed |= fault in own.answered_by(each)

    def is_about(self, watch: TriggerWatch, case: Case) -> bool:
        """Whether a playbook owns equipment of a case, or answers a deviation of it."""
        if any(not watch.owned.isdisjoint(each.owned) for each in self.known(case)):
            return True
        own = self._deviations
        return own is not None and any(own.is_about(each, watch) for each in own.of(case))

    def wanted(self, case: Case) -> list[TriggerWatch]:
        """Returns the playbooks whose trigger is due now and that have not completed for it."""
        return [
            each
            for each in self.known(case)
            if each.is_armed and (each.due or each.problem) and each.name not in case.done
        ]

    def names(self, case: Case) -> tuple[str, ...]:
        """Returns the names of `wanted`."""
        return tuple(each.name for each in self.wanted(case))

    def judge(self, case: Case, plant: PlantSnapshot, owners: Mapping[str, str]) -> list[Candidate]:
        """Returns the playbooks that are due, then those that answer a confirmed fault.

        Then come those that the evidence of the others suggests, and last the test steps that
        would decide, each once for a case unless its run has failed.
        """
        wanted, judge = self.wanted(case), self.admission.judge
        found = [judge(case, each, plant, owners) for each in wanted]
        more = [
            each
            for each in self._watches.values()
            if each.is_armed and each.name not in case.done and each not in wanted
        ]
        faults = (
            {each.name: self._deviations.wants(case, each) for each in more}
            if self._deviations
            else {}
        )
        found += [
            replace(judge(case, each, plant, owners), condition=faults[each.name])
            for each in more
            if faults.get(each.name)
        ]
        suggested = {each.suggests for each in found if each.suggests}
        found += [
            judge(case, each, plant, owners)
            for each in more
            if each.plan.id in suggested and not faults.get(each.name)
        ]
        for check in self._deviations.test_steps(case) if self._deviations else ():
            found += [
                replace(judge(case, each, plant, owners), condition=why_asked(check))
                for each in more
                if is_test_step(each.plan, check)
            ]
        return [*found, *self._composed(case, found, plant, owners)]

    def _composed(
        self, case: Case, found: list[Candidate], plant: PlantSnapshot, owners: Mapping[str, str]
    ) -> Iterator[Candidate]:
        """Yields a composed plan for each named fault whose own playbook a permissive prevents."""
        named = self._deviations.named(case) if self._deviations else ()
        for each in found if self.compose else ():
            is_own = any(is_answer(each.plan, fault) for fault in named)
            if not is_own or each.code != "permissive" or self.compose is None:
                continue
            if (plan := self.compose(each.plan, plant)) is None:
                continue
            watch = self._every.of(plan)
            self._stands_for[watch.name] = each.name
            if watch.name not in case.done:
                judged = self.admission.judge(case, watch, plant, owners)
                yield replace(judged, condition=f"composed, since {each.name}: {each.reason}")

    def situation(
        self,
        case: Case,
        candidates: list[Candidate],
        plant: PlantSnapshot,
        owners: Mapping[str, str],
    ) -> Situation:
        """Returns what a deliberation about a case starts from."""
        policy = self._context.ledger.context.policy
        risks = {
            each.name: lowest_class(policy, each.plan, plant.readings)
            for each in candidates
            if not each.code
        }
        bind = partial(self._bind, case, plant, owners) if self._context.rebind else None
        at, own, view = stamp(self._context.clock().wall), self._deviations, self._context.plant
        known = self.known(case)
        if own is None:
            fired = [
                {"id": f"trigger {each.name}", "text": each.condition(view),
                 "since": case.triggered.get(each.name, case.opened_at)}
                for each in known
                if each.due is not None
            ]  # fmt: skip
            return Situation(at, candidates, plant.readings, fired, risks=risks, bind=bind)
        names = [each.name for each in candidates]
        return Situation(
            at, candidates, plant.readings, own.fields(case, known, view),
            own.explaining(case, known), [each.id for each in own.named(case)],
            {each: own.answered_by(self._watches[self._stands_for.get(each, each)])
             for each in names},
            risks, bind,
        )  # fmt: skip

    def _bind(
        self,
        case: Case,
        plant: PlantSnapshot,
        owners: Mapping[str, str],
        name: str,
        values: Mapping[str, str],
    ) -> Candidate:
        """Judges a candidate with other values. Raises `HandwheelError` if they do not fit."""
        rebind, watch = self._context.rebind, self._watches[name]
        if rebind is None:
            raise InvalidArguments("no values can be bound here")
        plan = rebind(watch.plan.id, watch.plan.roles, {**watch.plan.given, **values})
        bound = replace(watch, plan=plan)
        bound.name = name  # its place in a queue, and the time of its trigger
        return replace(self.admission.judge(case, bound, plant, owners), base=name)

    def key(self, case: Case, candidates: list[Candidate]) -> str:
        """Returns a text that changes when the judgement of a case does."""
        lines, own = [each.key for each in candidates], self._deviations
        return "\n".join(lines if own is None else [*lines, own.key(case)])

    def has_answered(self, deviation: Deviation) -> bool:
        """Whether a playbook that answers a fault has completed, and its trigger still stands."""
        own = self._deviations
        spent = (each for each in self._watches.values() if not each.is_armed)
        return own is not None and any(own.is_answer(each, deviation) for each in spent)

    def is_unanswered(self, case: Case, name: str) -> bool:
        """Whether something of a case is left, once a playbook has answered the rest of it."""
        if any(each.name != name for each in self.wanted(case)):
            return True
        own, watch = self._deviations, self._watches.get(name)
        if own is None or watch is None:
            return False
        if name != case.opener and own.is_test_step(watch.plan.id):
            return True  # what it has shown is still to be judged
        return any(not is_answer(watch.plan, each) for each in own.named(case))
