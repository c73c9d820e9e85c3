"""Sources of answers that hold what a test gives them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from handwheel.agents.deviations.case import Case
from handwheel.agents.lookahead.prediction import Prediction
from handwheel.agents.lookahead.twin import Course as Foretold
from handwheel.agents.questions.sources import (
    FoundPlans,
    PlannedLine,
    PossiblePlan,
    Ruled,
    SentWrite,
    Sources,
)
from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, Value
from handwheel.tools.guardrails.ledger.listing import ListedRequest, ListedWrite
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.maintenance.work_order_database import Closing, WorkOrder
from handwheel.tools.requests.timestamps import Instant, parse_stamp

Course = Callable[[float], float]  # value at some seconds before now
NOW = datetime(2026, 11, 30, 21, 0, tzinfo=UTC)
RUN: Mapping[str, str | int] = {
    "run_id": "U-7K3MQ2XA", "playbook": "cw/x", "version": "1.0.0", "segment": 1,
}  # fmt: skip
_SIGN = {
    "id": "dp", "text": "the strainer's dp has grown by 23.2 times", "truth": "true",
    "measured": 23.2, "unit": "", "threshold": 3.0, "weight_db": 17.0, "tags": ["PDT-101.pv"],
    "window_s": 600.0, "source": "own",
}  # fmt: skip
_DIAGNOSIS = {
    "named": ["strainer-plugged S-101"],
    "hypotheses": [
        {"id": "strainer-plugged S-101", "title": "Strainer plugged", "total_db": 15.0,
         "coverage": 1.0, "evidence": [_SIGN]},
    ],
    "checks": [{"title": "Look at the strainer's 2 gauges"}],
}  # fmt: skip


def _slot(course: Course, before_s: float, span_s: float) -> RecordedSlot:
    values = [course(before_s - span_s * n / 20) for n in range(20)]
    return RecordedSlot(before_s, span_s, sum(values) / 20, min(values), max(values), 1.0)


@dataclass
class KnownSite(Sources):
    """Everything that is known of a site, as the test says it."""

    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    slopes: Mapping[str, float] = field(default_factory=dict[str, float])  # per slot
    courses: Mapping[str, Course] = field(default_factory=dict[str, Course])
    written: str = "PIC-102.sp"  # tag of the only write
    is_down: bool = False
    no_agents: str = ""  # why none judge
    has_case: bool = True
    has_plan: bool = True
    verdict: str = "reject"
    plan: Mapping[str, Any] = field(default_factory=dict[str, Any])  # fields of the plan

    @classmethod
    def of(cls, site: Site, **said: Any) -> "KnownSite":
        nothing: Any = None
        known = cls(site, NOW, nothing, nothing, nothing, **said)
        known.plant = known
        return known

    def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        status = BAD_NO_COMMUNICATION if self.is_down else GOOD
        return {each.name: DataValue(self._value(each), status, None, None, 0.0) for each in tags}

    def _value(self, tag: Tag) -> Value:
        usual: Mapping[str, Value] = {"bool": False, "enum": 1, "float": 351.25, "int": 3}
        return self.values.get(tag.name, usual.get(tag.kind, "text"))

    def window(self, tag: str, last_s: float, slots: int) -> Sequence[RecordedSlot]:
        if (course := self.courses.get(tag)) is not None:
            return [
                _slot(course, last_s * (slots - n) / slots, last_s / slots) for n in range(slots)
            ]
        end, slope = float(self.values.get(tag, 20.0)), self.slopes.get(tag, 0.0)
        width_s = last_s / slots
        found: list[RecordedSlot] = []
        for n in range(slots):
            value = end - slope * (slots - 1 - n)
            found.append(RecordedSlot(last_s - n * width_s, width_s, value, value, value, 1.0))
        return found

    def cases(self) -> Sequence[Case]:
        if not self.has_case:
            return []
        judgement = {
            "diagnosis": _DIAGNOSIS,
            "candidates": [
                {
                    "equipment": ["S-101"],
                    "playbook": "cw/strainer-blocked",
                    "code": "busy",
                    "reason": "another run holds S-101",
                },
            ],
        }
        return [Case("C-338DBDB1", condition="PDT-101.pv > 25 kPa", judgement=judgement,
                     opened_at="2026-11-30T20:50:00.000Z",
                     run_id="U-7K3MQ2XA", judged_at="2026-11-30T20:59:00.000Z")]  # fmt: skip

    def case_names(self) -> Sequence[str]:
        return [each.case_id for each in self.cases()]

    def case(self, name: str) -> Case:
        return next(each for each in self.cases() if each.case_id == name)

    def playbooks(self) -> Sequence[str]:
        return ["cw/strainer-blocked", "cw/change-over"]

    def handed_over(self) -> str:
        return "2026-11-30T20:00:00.000Z"

    def ago_s(self, at: str) -> float:
        return (self.now - parse_stamp(at)).total_seconds()

    def missing_agents(self) -> str:
        return self.no_agents

    def requests(self) -> Sequence[ListedRequest]:
        filed = datetime(2026, 11, 30, 20, 55, tzinfo=UTC)
        write = ListedWrite(
            "R-7K3MQ2XA/c1", "command", "P-101B.run_cmd", "true", "", "01", True, None
        )
        return [
            ListedRequest(
                "R-7K3MQ2XA", "0" * 64, "R2", ("operator",), 1, "anna", False, "try it",
                "2026-11-30T20:55:00.000Z", 1800.0, RUN, (write,), (), RequestState.PENDING, "",
                Instant(filed, "b", 0), (),
            )
        ]  # fmt: skip

    def decisions(self, request_id: str) -> Any:
        at = "2026-11-30T20:56:07.000Z"
        word = SimpleNamespace(signed_at=at, person="ben", verdict=self.verdict, attended=True,
                               comment="not in the 3rd shift")  # fmt: skip
        return [word, SimpleNamespace(**{**vars(word), "person": "cleo", "attended": False})]

    def writes(self, last_s: float) -> Sequence[SentWrite]:
        at = "2026-11-30T20:50:00.000Z"
        return [SentWrite(at, self.written, "355", "kPa", "R-7K3MQ2XA", "anna", 41, 600.0)]

    def work_orders(self) -> Sequence[WorkOrder]:
        return [
            WorkOrder.model_validate({
                "workorder_id": "W-G6H2RQ43", "key": "k", "site": "cw", "asset": "S-101",
                "class": "corrective", "priority": 2, "title": "Clean strainer S-101: 36.1 kPa",
                "due": "2026-12-01T00:00:00.000Z", "opened_at": "2026-11-30T20:00:00.000Z",
                "run_id": "U-7K3MQ2XA", "playbook": "cw/strainer-blocked",
            })
        ]  # fmt: skip

    def closed_orders(self) -> Sequence[tuple[WorkOrder, Closing]]:
        (order,) = self.work_orders()
        at = "2026-11-30T20:30:00.000Z"
        return [(order, Closing(key=order.workorder_id, at=at, by="anna", found="nothing"))]

    def alike(self, case_id: str) -> Sequence[str]:
        return ["C-R60XR27W of 2026-11-12: 2 of 2 signs alike"]

    def ruled(self, tag: Tag, text: str) -> Ruled:
        denial = f"{tag.name}: {text} lies outside the limits 280 .. 420 {tag.unit}"
        return Ruled((denial,), (f"{tag.name} is in the lease of R-7K3MQ2XA",))

    def foretold(self, tag: Tag, text: str) -> Prediction:
        times = [0.0, 3600.0]
        without = Foretold(times, {"PT-102.pv": [350.0, 350.0]})
        with_it = Foretold(times, {"PT-102.pv": [350.0, 379.5 + 1 / 3]}, trip=(1800.0, "I-02"))
        return Prediction("cw-100", 3600.0, without, with_it, (), 0.01, 0.03, ())

    def plans(self, equipment: str) -> FoundPlans:
        line = PlannedLine("write", f"{equipment}.mode", "remote", "maintenance", "cool-down 10 s")
        roles = {"duty": equipment}
        found = PossiblePlan("cw/change-over", "Change over", roles, False, [line])
        return FoundPlans([replace(found, **self.plan)] if self.has_plan else [], ())
