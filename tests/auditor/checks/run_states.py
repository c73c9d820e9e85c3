"""Whether a run stood so that something of it might become due, by the rows about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .actions import Deed
from .journal import Row

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

    def due_faults(self, deed: Deed) -> Iterator[str]:
        """Yields why an action might not become due now."""
        rows = self.rows.get(deed.request.run_id, [])
        if not any(row.kind == "run.opened" for row in rows):
            return  # nothing is told of this run
        ends = [index for index, row in enumerate(rows) if row.kind in _NO_MORE]
        last = rows[ends[-1]].kind if ends else ""
        since = [row.kind for row in rows[ends[-1] + 1 :]] if ends else []
        if _takes_back(deed, rows):
            if last != "run.aborting" or "run.resuming" in since:
                yield f"{deed.name} is due after {last or 'nothing'}: it takes back unasked"
        elif last and not _goes_on(since):
            yield f"{deed.name} is due after {last}, and nobody let it go on"


def _takes_back(deed: Deed, rows: Sequence[Row]) -> bool:
    """Whether it is recovery, or asked for since the run was to be taken back."""
    aborts = [row.seq for row in rows if row.kind == "run.aborting"]
    is_later = bool(aborts) and deed.request.seq > aborts[0]
    return deed.action.kind == "recovery" or is_later


def _goes_on(since: Sequence[str]) -> bool:
    """Whether a run was resumed, and approved after that."""
    if "run.resuming" not in since:
        return False
    latest = max(index for index, kind in enumerate(since) if kind == "run.resuming")
    return "run.approved" in since[latest:]
