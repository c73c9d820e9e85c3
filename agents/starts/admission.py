"""Admission of a candidate by its deadline, the owners of its equipment, and its evidence."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from handwheel.connectors.denial import Denial
from handwheel.playbooks.engine.deadline import begin_by, too_late
from handwheel.playbooks.engine.diagnosis import diagnose
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.tools.requests.timestamps import stamp

from ..agent_context import CaseContext
from ..candidates import Candidate, blocked_by, blocked_by_run, judge_candidate
from ..case import Case
from ..triggers import TriggerWatch


class Admission:
    """Judges candidates of cases.

    Args:
        owned: Equipment that a run of each playbook owns, by the playbook's name with its roles.
    """

    def __init__(self, context: CaseContext, owned: Mapping[str, AbstractSet[str]]) -> None:
        self._context, self._owned = context, owned

    def judge(
        self, case: Case, watch: TriggerWatch, plant: PlantSnapshot, owners: Mapping[str, str]
    ) -> Candidate:
        """Judges a playbook for a case.

        Args:
            owners: Open runs by the equipment that they own.
        """
        now = stamp(self._context.clock().wall)
        by = begin_by(watch.plan, case.triggered.get(watch.name, now))
        plan, found = watch.plan, diagnose(watch.plan, plant)
        if by and by <= now:
            late = blocked_by(plan, found, Denial("deadline", too_late(by)))
            return replace(late, begin_by=by)
        if watch.problem and watch.due is None:
            judged = blocked_by(plan, found, Denial("trigger", watch.problem))
        elif owner := self._owner(watch.name, owners):
            judged = blocked_by_run(plan, found, owner)
        else:
            judged = judge_candidate(plan, found, self._context.check_plan)
        return replace(judged, begin_by=by)

    def _owner(self, name: str, owners: Mapping[str, str]) -> str:
        return next((owners[each] for each in sorted(self._owned[name] & owners.keys())), "")
