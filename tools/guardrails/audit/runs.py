"""Runs in the journal, and actions that were due while their run had to send nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...requests.request import Action, ActionRequest
from ..ledger.runs import PREFIX

_ABORTING = "aborting"
_RESUMING = "resuming"
_ENDS = frozenset(
    {
        "not_started", "rejected", "holding", "held", "stopping", "stopped", _ABORTING, "aborted",
        "cleared", "completing", "completed",
    }
)  # fmt: skip
"""From each of these on a run commands nothing more."""


@dataclass(slots=True)
class _Told:
    standing: str = ""  # the last row that forbids commands or lets it go on; empty for none
    was_aborting: bool = False
    back: set[str] = field(default_factory=set[str])  # requests that it has filed since its abort


class AuditedRuns:
    """Follows the rows of runs, and judges whether an action's turn could come by them.

    Requests of a run that was never opened are not judged: nothing is told of it.
    """

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def follow(self, run_id: str, kind: str) -> None:
        """Follows one row, whose kind has its prefix."""
        event = kind.removeprefix(PREFIX)
        if event == "opened":
            self._told.setdefault(run_id, _Told())
        if (run := self._told.get(run_id)) is None:
            return
        if event in _ENDS:
            run.standing = event
            run.was_aborting |= event == _ABORTING
        elif event == _RESUMING:
            run.standing = _RESUMING
        elif event == "approved" and run.standing == _RESUMING:
            run.standing = ""

    def file(self, request: ActionRequest) -> None:
        """Records a request of a run. One that is filed during an abort may only undo."""
        run = self._of(request)
        if run is not None and run.was_aborting:
            run.back.add(request.request_id)

    def untimely(self, request: ActionRequest, action: Action) -> Iterator[str]:
        """Yields that an action was set due while nothing of its kind was to be sent."""
        run = self._of(request)
        if run is None:
            return
        if action.kind == "recovery" or request.request_id in run.back:
            if run.standing != _ABORTING:
                yield f"{action.action_id} was due, and its run was not being undone"
        elif run.standing == _RESUMING:
            yield f"{action.action_id} was due, and the new request was not approved"
        elif run.standing:
            yield f"{action.action_id} was due, and its run was {run.standing}"

    def _of(self, request: ActionRequest) -> _Told | None:
        return self._told.get(request.run.run_id) if request.run else None
