"""What suspends a gate in a test, and what is to be seen of it."""
# The gate's reader is put there by the test.
# pyright: reportPrivateUsage=false

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from handwheel.connectors.model.values import GOOD, DataValue, StatusCode
from handwheel.tools.guardrails.gate.monitoring import suspension_monitor as lookout
from handwheel.tools.guardrails.gate.monitoring.scanner import Scanner
from handwheel.tools.guardrails.gate.monitoring.suspension_monitor import SuspensionMonitor
from handwheel.tools.guardrails.policy.suspend import Suspend

from ..testbed.with_oracle import Watched


@dataclass
class MemoryConnection:
    """A connection as its supervisor shows it."""

    name: str
    is_connected: bool = True
    reason: str = ""
    status: StatusCode = GOOD
    values: Mapping[str, bool] = field(default_factory=lambda: {"PT-102.pv": True})

    def latest(self) -> Mapping[str, DataValue]:
        return {
            name: DataValue(value, self.status, None, None, 0.0)
            for name, value in self.values.items()
        }


@dataclass
class MemoryReader:
    """What the gate reads all the time."""

    connections: list[MemoryConnection]

    def latest(self) -> Mapping[str, DataValue]:
        return {name: each for one in self.connections for name, each in one.latest().items()}


def read_by(room: Watched, *connections: MemoryConnection) -> None:
    assert room.gate is not None
    room.gate._reader = cast(Scanner, MemoryReader(list(connections)))


def room_left(patch: pytest.MonkeyPatch, free: float) -> None:
    """So many bytes are free where the state folder lies."""

    def free_bytes(_: object) -> int:
        return int(free)

    patch.setattr(lookout, "free_bytes", free_bytes)


def counting(room: Watched, rule: Suspend) -> None:
    """The gate counts alarms by this rule."""
    assert room.gate is not None
    room.gate._lookout = SuspensionMonitor(
        replace(room.context, policy=replace(room.context.policy, suspend=rule))
    )


def told(room: Watched) -> list[tuple[str, str, str]]:
    """Kind, scope and reason of what the journal has of suspensions."""
    rows = [row.fields for row in room.desk.database.journal()]
    kinds = {"gate.suspended", "gate.resumed"}
    return [
        (row["kind"], row["subject"], row["body"]["reason"]) for row in rows if row["kind"] in kinds
    ]
