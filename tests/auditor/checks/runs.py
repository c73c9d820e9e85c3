"""Order, runs and leases: whose turn it was, and whether there was anything to take back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .journal import Row
from .requests import ActionTrace, Request

# An undo that the device refused, or that a person has found undone, has taken nothing back.
_IN_VAIN = {"REFUSED", "RESOLVED_NOT_APPLIED"}
_NOT_BEGUN = {"PLANNED", "SKIPPED"}

ActionTraces = Mapping[str, ActionTrace]


def order_faults(trace: ActionTrace, traces: ActionTraces) -> Iterator[str]:
    """Yields what should have come before a command that is claimed, or not at all."""
    if trace.action.kind != "command":
        return
    done = {"VERIFIED", "SKIPPED"} if trace.request.run_id else {"VERIFIED"}
    actions = trace.request.actions
    for action in actions[: actions.index(trace.action)]:
        if traces[action.action_id].state not in done:
            yield f"{action.action_id} before it is {traces[action.action_id].state}"
    for action in actions:
        state = traces[action.action_id].state
        if action.kind == "recovery" and state not in _NOT_BEGUN:
            yield f"{action.action_id} is {state} already"


def recovery_faults(trace: ActionTrace, traces: ActionTraces) -> Iterator[str]:
    """Yields why a recovery had nothing to take back when it was sent."""
    action = trace.action
    if action.kind != "recovery":
        return
    sent = {
        name: each
        for name, each in traces.items()
        if _is_kin(each, trace) and each.sent_at is not None
    }
    if not sent:
        yield "nothing of its run was sent before"
    if not action.undoes:
        return
    command = sent.get(action.undoes)
    if command is None or command.action.kind != "command":
        yield f"it undoes {action.undoes}, and that was not sent"
    elif command.action.tag != action.tag:
        yield f"it undoes {action.undoes}, and that wrote another tag"
    for other in sent.values():
        is_same = other is not trace and other.action.undoes == action.undoes
        if is_same and other.state not in _IN_VAIN:
            yield f"{other.name} had undone {action.undoes} before"


def _is_kin(each: ActionTrace, trace: ActionTrace) -> bool:
    """Whether both belong to one run, or to one request of a person."""
    run_id = trace.request.run_id
    return each.request.run_id == run_id if run_id else each.request is trace.request


def succession_faults(
    request: Request, state: str, requests: Mapping[str, Request]
) -> Iterator[str]:
    """Yields that a request takes the place of another that is not its run's."""
    if state == "SUPERSEDED" and not any(
        each.supersedes == request.request_id
        and each.state == "APPROVED"
        and each.run_id == request.run_id != ""
        for each in requests.values()
    ):
        yield f"{request.request_id} is SUPERSEDED by no approved request of its run"
    if state == "APPROVED" and request.supersedes:
        earlier = requests.get(request.supersedes)
        if earlier is None or earlier.run_id != request.run_id:
            yield f"{request.request_id} supersedes {request.supersedes}, which is no earlier one"


# After any of these nothing is commanded, until somebody has it resumed and approves again.
_NO_MORE = {
    *("run.not_started", "run.rejected", "run.completing", "run.completed"),
    *("run.holding", "run.held", "run.stopping", "run.stopped"),
    *("run.aborting", "run.aborted", "run.cleared"),
}


@dataclass
class Runs:
    """The rows of each run, in order."""

    rows: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])

    def add(self, row: Row) -> None:
        self.rows.setdefault(row.subject, []).append(row)

    def due_faults(self, trace: ActionTrace) -> Iterator[str]:
        """Yields why an action might not become due now."""
        rows = self.rows.get(trace.request.run_id, [])
        if not any(row.kind == "run.opened" for row in rows):
            return  # nothing is told of this run
        ends = [index for index, row in enumerate(rows) if row.kind in _NO_MORE]
        last = rows[ends[-1]].kind if ends else ""
        since = [row.kind for row in rows[ends[-1] + 1 :]] if ends else []
        if _takes_back(trace, rows):
            if last != "run.aborting" or "run.resuming" in since:
                yield f"{trace.name} is due after {last or 'nothing'}: it takes back unasked"
        elif last and not _goes_on(since):
            yield f"{trace.name} is due after {last}, and nobody let it go on"


def _takes_back(trace: ActionTrace, rows: Sequence[Row]) -> bool:
    """Whether it is recovery, or asked for since the run was to be taken back."""
    aborts = [row.seq for row in rows if row.kind == "run.aborting"]
    is_later = bool(aborts) and trace.request.seq > aborts[0]
    return trace.action.kind == "recovery" or is_later


def _goes_on(since: Sequence[str]) -> bool:
    """Whether a run was resumed, and approved after that."""
    if "run.resuming" not in since:
        return False
    latest = max(index for index, kind in enumerate(since) if kind == "run.resuming")
    return "run.approved" in since[latest:]


_APPLIED = {"VERIFIED", "RESOLVED_APPLIED"}
_UNDER_WAY = {"PLANNED", "DUE", "CLAIMED", "SENDING"}


@dataclass
class Leases:
    """Which requests' agents the gate has found gone."""

    lost: set[str] = field(default_factory=set[str])
    by_run: set[str] = field(default_factory=set[str])  # what a run's own word was for

    def lose(self, row: Row) -> None:
        self.lost.add(row.subject)

    def due_faults(self, trace: ActionTrace, faults: Iterable[str], is_told: bool) -> Iterator[str]:
        """Yields why an action might not become due, unless a lease is what it is due by."""
        found = list(faults)
        if _is_back(trace) and trace.request.run_id:
            if is_told and not found:
                self.by_run.add(trace.name)
            return
        yield from found

    def early_faults(
        self, row: Row, trace: ActionTrace, traces: Mapping[str, ActionTrace]
    ) -> Iterator[str]:
        """Yields why it was not yet time to take back what is taken back now."""
        request = trace.request
        if request.lease is None or not _is_back(trace) or trace.name in self.by_run:
            return
        commands = [traces[each.action_id] for each in request.actions if each.kind == "command"]
        yield from _order_faults(trace, commands, traces)
        ends = [each.ended_at for each in commands if each.state in _APPLIED and each.ended_at]
        is_whole = all(each.state in _APPLIED for each in commands)
        if request.request_id in self.lost or (not is_whole and not request.run_id):
            return
        if not ends or row.at < max(ends) + request.lease:
            yield f"the lease of {request.request_id} was not over"


def _order_faults(
    trace: ActionTrace, commands: list[ActionTrace], traces: Mapping[str, ActionTrace]
) -> Iterator[str]:
    """Yields what should have been taken back before: what was written later."""
    undone = {each.action.undoes: each.state for each in traces.values() if each.action.undoes}
    for each in reversed(commands):
        if each.name == trace.action.undoes:
            return
        if each.state in _UNDER_WAY:
            yield f"{each.name} may still come"
        if each.state in _APPLIED and undone.get(each.name) not in _APPLIED | {"SKIPPED"}:
            yield f"{each.name} was written after it, and stands"


def _is_back(trace: ActionTrace) -> bool:
    return trace.request.lease is not None and bool(trace.action.undoes)
