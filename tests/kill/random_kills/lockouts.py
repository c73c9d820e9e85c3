"""Lockouts of a run, made as anybody makes them, and the frames that must not follow."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...auditor.audit import Report
from ..site import COILS

_GROUP = {"site", "PUMPS-101"}


@dataclass
class Stop:
    """A lockout, from when its file was there to when its release was asked for."""

    scope: str
    begun: datetime
    ended: datetime | None = None

    def covers(self, frame: Mapping[str, Any]) -> bool:
        """Whether the frame came while it held, to equipment that it stops."""
        address = int(frame["pdu"][2:6], 16)
        equipment = next(tag[:6] for tag, coil in COILS.items() if coil == address)
        if self.scope not in _GROUP | {equipment}:
            return False
        at = datetime.fromisoformat(frame["wall"])
        return self.begun < at and (self.ended is None or at < self.ended)


def lock_out(state: Path, scope: str) -> Stop:
    """Makes the file that stops the gate; it may be there already."""
    os.close(os.open(state / "lockout" / scope, os.O_CREAT | os.O_WRONLY, 0o644))
    return Stop(scope, datetime.now(UTC))


def late_frames(
    stops: Sequence[Stop],
    frames: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    report: Report,
) -> Iterator[str]:
    """Yields the frames after a lockout that are not the one in flight.

    The gate looks once more after its intent is on disk: of an intent that is younger than the
    lockout no frame may come.
    """
    actions = {match.frame: match.action_id for match in report.matched}
    sent = {row["subject"]: row["at"] for row in rows if row["kind"] == "action.SENDING"}
    for stop in stops:
        for frame in filter(stop.covers, frames):
            intent = sent.get(actions.get(frame["n"], ""))
            if intent is None or datetime.fromisoformat(intent) > stop.begun:
                yield f"frame {frame['n']}: came after the lockout of {stop.scope}"
