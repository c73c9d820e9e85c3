"""Runs of the demo's site, read from the ledger."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import DataValue
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import Step, Wait
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import INACTIVE, EventKind, RunState, StepState
from handwheel.playbooks.engine.transitions import current_step
from handwheel.playbooks.execution.event_log import load_run
from handwheel.playbooks.language.loader import load_library
from handwheel.tools.guardrails.ledger.records import load_request, load_requests
from handwheel.tools.guardrails.ledger.runs import PREFIX
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.requests.timestamps import instant_now

from ...journal.rows.row_text import CASES, event_name, event_text


@dataclass(frozen=True, slots=True)
class FollowedRun:
    """A run and its bound playbook."""

    run_id: str
    run: Run
    plan: BoundPlaybook

    @property
    def is_inactive(self) -> bool:
        """Returns whether the run does not go on by itself."""
        return self.run.state in INACTIVE


@dataclass(frozen=True, slots=True)
class FollowedEvent:
    """One event of a run."""

    playbook: str  # which the run follows
    kind: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The event in words, on one line."""
        kind, text = event_name(PREFIX + self.kind), event_text(PREFIX + self.kind, self.body)
        return text if text.startswith(kind) else f"{kind}: {text}".rstrip(": ")

    @property
    def is_detail(self) -> bool:
        """Returns whether the timeline omits the event."""
        is_under_way = self.kind == "step" and self.body["to"] in _UNDER_WAY
        is_kept = self.kind == "expected" and bool(self.body["kept"])
        return is_under_way or is_kept or self.kind in _DETAILS

    @property
    def is_too_slow(self) -> bool:
        """Returns whether the run waits because its scans are too far apart."""
        return self.kind == EventKind.SLOW


_JUDGED = f"{CASES}judged"
_UNDER_WAY = {StepState.COMMAND, StepState.PERFORM, StepState.VERIFY, StepState.PENDING}
_DETAILS = {"due", "completing", "aborting", "escalated", "started"}


class RunFollower:
    """Follows the journal, in the thread that has opened the ledger.

    Reads the playbooks at once, so that the first run is noticed without delay.
    """

    def __init__(self, database: Ledger, site: Site) -> None:
        self._database = database
        self._site = site
        self._library, _ = load_library(site)
        self._seen = 0
        self._runs: dict[str, FollowedRun] = {}
        self.waiting: tuple[str, ...] = ()

    def new_events(self) -> list[FollowedEvent]:
        """Returns the events of runs since the last call, and what was not begun for another."""
        rows = list(self._database.journal(after=self._seen))
        if not rows:
            return []
        self._seen = rows[-1].seq
        events = [each.fields for each in rows if str(each.fields["kind"]).startswith(PREFIX)]
        for run_id in dict.fromkeys(str(each["subject"]) for each in events):
            self._runs[run_id] = self._load(run_id)
        requests = load_requests(self._database, WAITING_REQUESTS)
        self.waiting = tuple(each.request.request_id for each in requests)
        prevented = (event for row in rows for event in _prevented(row.fields))
        return [
            *prevented,
            *(
                FollowedEvent(
                    self._runs[str(each["subject"])].plan.id,
                    str(each["kind"]).removeprefix(PREFIX),
                    cast(Mapping[str, Any], each["body"]),
                )
                for each in events
            ),
        ]

    def _load(self, run_id: str) -> FollowedRun:
        run = load_run(self._database, run_id)
        known = self._runs.get(run_id)
        return FollowedRun(run_id, run, known.plan if known else self._bound(run))

    def _bound(self, run: Run) -> BoundPlaybook:
        playbook = next(each for each in self._library if each.id == run.opening["playbook"])
        return bind(playbook, self._site, run.opening["roles"])

    def left_s(self, request_id: str) -> float:
        """Returns the seconds in which a request can still be decided."""
        record = load_request(self._database, request_id)
        return max(record.request.within_s - (record.waits_since_s(instant_now()) or 0.0), 0.0)

    def find(self, playbook: str) -> FollowedRun | None:
        """Returns the latest run of a playbook, or `None`."""
        found = [each for each in self._runs.values() if each.plan.id == playbook]
        return found[-1] if found else None

    @property
    def is_any_open(self) -> bool:
        """Returns whether a run is active."""
        return any(not each.is_inactive for each in self._runs.values())


def _prevented(fields: Mapping[str, Any]) -> Iterator[FollowedEvent]:
    """Yields each playbook whose evidence has suggested another one, as not started."""
    if fields["kind"] != _JUDGED:
        return
    body: Mapping[str, Any] = fields["body"]
    for each in body["candidates"]:
        if each["suggests"]:
            why = {"reason": each["reason"], "suggested": each["suggests"]}
            yield FollowedEvent(str(each["playbook"]), EventKind.NOT_STARTED, why)


def step_text(followed: FollowedRun, readings: Mapping[str, DataValue]) -> str:
    """Returns the run's current step with live values, or the reason why it is inactive."""
    run = followed.run
    if run.reason:
        return run.reason
    if run.state is RunState.WAITING_APPROVAL:
        return f"{run.requests[-1]} is waiting for approval"
    step = current_step(followed.plan, run)
    if step is None:
        return "all steps are done"
    return f"step {step.id} {run.step(step.id)}{_condition_text(step, readings)}"


def _condition_text(step: Step, readings: Mapping[str, DataValue]) -> str:
    if step.verify is not None:
        condition = step.verify.that
    elif isinstance(step.work, Wait):
        condition = step.work.until
    else:
        return ""
    is_read = readings.keys() >= set(condition.tags)
    return f": {condition.shown(readings) if is_read else condition.bound}"
