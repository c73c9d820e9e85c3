"""Case of a deviation, folded from its rows in the journal."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.messages.run_events import (
    RecordEvent,
)
from handwheel.tools.guardrails.ledger.journal_rows import subjects_of
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.requests.canonical import canonical, parse_canonical
from handwheel.tools.requests.timestamps import stamp
from handwheel.tools.safe_text import printable

PREFIX = "case."
"""What stands before the kind of a case's event in the journal."""
LETTER: Final = "C"
"""First letter of the ids of cases."""
SHADOW: Final = "shadow"
"""Folder in a site's state folder with the ledger of its shadow, which no gate opens."""
_LONG = 200  # characters


class CaseEvent(StrEnum):
    """Kind of an event of a case. The journal's kind is `case.` followed by this."""

    ORDERED = "ordered"
    OPENED = "opened"
    JOINED = "joined"
    JUDGED = "judged"
    RETURNED = "returned"
    ESCALATED = "escalated"
    ANSWERED = "answered"
    PROMISED = "promised"
    MEASURED = "measured"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Case:
    """Deviation that stands, and what was judged about it."""

    case_id: str
    opened_at: str = ""  # stamp
    condition: str = ""  # the trigger that opened it, with its values
    opener: str = ""  # the playbook whose trigger opened it; empty if a diagnosis or an alarm did
    playbooks: tuple[str, ...] = ()  # those whose triggers belong to it, by `plan_name`
    deviations: Mapping[str, str] = field(default_factory=dict[str, str])  # other ones' stamps
    triggered: Mapping[str, str] = field(default_factory=dict[str, str])  # their stamps, by name
    judgement: Mapping[str, Any] = field(default_factory=dict[str, Any])  # body of the latest
    judged_at: str = ""  # stamp
    run_id: str = ""  # the run that answers it now; empty for none
    returned: Mapping[str, Any] = field(default_factory=dict[str, Any])  # of the latest run's end
    returned_at: str = ""  # stamp; empty if no run has given it back
    done: frozenset[str] = frozenset()  # playbooks that have completed for it
    failures: int = 0  # runs in a row that were rejected, stopped or aborted
    escalated: frozenset[str] = frozenset()  # escalations that were sent since it is undecided
    is_closed: bool = False
    asked_at: str = ""  # stamp at which a shadow would first have asked; empty for never
    asked_for: str = ""  # the playbook by which it would have asked

    @property
    def runs(self) -> set[str]:
        """The run that answers it, and the one that gave it back and may be resumed."""
        return {self.run_id, str(self.returned.get("run_id", ""))} - {""}

    @property
    def undecided_since(self) -> str:
        """Stamp since which no run answers it."""
        return max(self.opened_at, self.returned_at)

    @property
    def outcome(self) -> dict[str, Any]:
        """Outcome of the case so far, as plain JSON."""
        state = "closed" if self.is_closed else "answered" if self.run_id else "undecided"
        returned = {key: self.returned.get(key, "") for key in ("run_id", "state", "reason")}
        return {
            "state": state, "run_id": self.run_id, "failures": self.failures,
            **({"returned": returned} if self.returned else {}),
        }  # fmt: skip

    def after(self, kind: CaseEvent, body: Mapping[str, Any], at: str) -> "Case":
        """Returns the case after an event."""
        match kind:
            case CaseEvent.OPENED:
                return replace(
                    self._with(body, at), opened_at=at, condition=str(body["condition"]),
                    opener=str(body["playbook"]),
                )  # fmt: skip
            case CaseEvent.JOINED:
                return self._with(body, at)
            case CaseEvent.JUDGED:
                run_id = str(body.get("run_id", ""))
                is_first = "asks" in body and not self.asked_at
                asked = (at, str(body["choice"])) if is_first else (self.asked_at, self.asked_for)
                return replace(
                    self, judgement=body, judged_at=at, run_id=run_id,
                    asked_at=asked[0], asked_for=asked[1],
                )  # fmt: skip
            case CaseEvent.RETURNED:
                is_done = body["state"] == "COMPLETE"
                done = self.done | {str(body["playbook"])} if is_done else self.done
                failures = self.failures + bool(body.get("is_failure"))
                return replace(
                    self, run_id="", returned=body, returned_at=at, done=done, judgement={},
                    escalated=frozenset(), failures=0 if is_done else failures,
                )  # fmt: skip
            case CaseEvent.ESCALATED:
                return replace(self, escalated=self.escalated | {str(body["key"])})
            case _:  # an answer or a promise changes nothing of it
                return replace(self, is_closed=self.is_closed or kind is CaseEvent.CLOSED)

    def _with(self, body: Mapping[str, Any], at: str) -> "Case":
        """Returns the case with the playbook or the deviation that has joined it."""
        name = str(body["playbook"])
        if not name:
            return replace(self, deviations={**self.deviations, str(body["deviation"]): at})
        playbooks = tuple(dict.fromkeys((*self.playbooks, name)))
        triggered = {**self.triggered, name: at}
        return replace(self, playbooks=playbooks, triggered=triggered, done=self.done - {name})


def plan_name(plan: BoundPlaybook) -> str:
    """Returns a playbook's id with its equipment, and the values that are not the default."""
    bound = [*plan.roles.values(), *(f"{name} {plan.given[name]}" for name in plan.given)]
    return f"{plan.id} ({', '.join(bound)})" if bound else plan.id


def load_case(database: Ledger, case_id: str) -> Case:
    """Returns a case from its rows. Damaged ones raise `LedgerError`."""
    case = Case(case_id)
    for row in database.find_rows(case_id):
        try:
            fields = row.fields
            kind = str(fields["kind"])
            if kind.startswith(PREFIX):
                event = CaseEvent(kind.removeprefix(PREFIX))
                case = case.after(event, fields["body"], str(fields["at"]))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            message = printable(f"{type(error).__name__}: {error}", _LONG)
            raise LedgerError(f"case {case_id} is damaged at row {row.seq}: {message}") from None
    return case


def case_ids(database: Ledger, *, only_open: bool = True) -> list[str]:
    """Returns the ids of the cases of a site, in the order in which they were opened."""
    opened = subjects_of(database, f"{PREFIX}{CaseEvent.OPENED}")
    if not only_open:
        return opened
    closed = set(subjects_of(database, f"{PREFIX}{CaseEvent.CLOSED}"))
    return [each for each in opened if each not in closed]


class CaseLog:
    """Cases in the ledger. It raises `LostRace` if another process has the runner lock."""

    def __init__(self, writer: LedgerWriter) -> None:
        self._writer = writer
        self.database = writer.context.database

    def transaction(self) -> AbstractContextManager[None]:
        """Records all that is recorded inside at once, or nothing if an error is raised."""
        return self._writer.transaction()

    def record_schedule(self, event: str, playbook: str, at: str) -> None:
        """Records what became of the moment of a playbook's schedule, a stamp."""
        self._writer.add(RecordEvent(kind=f"schedule.{event}", subject=playbook, body={"at": at}))

    def record(self, case: Case, kind: CaseEvent, body: Mapping[str, Any]) -> Case:
        """Records an event, and returns the case after it, by the clock of this process."""
        event = RecordEvent(kind=f"{PREFIX}{kind}", subject=case.case_id, body=dict(body))
        self._writer.add(event)
        # Read back, so that a case is the same whether it is folded now or from the journal.
        recorded = parse_canonical(canonical(event.body))
        return case.after(kind, recorded, stamp(self._writer.clock().wall))
