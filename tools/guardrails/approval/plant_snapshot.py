"""Snapshot of the plant that the gate gives to terminals and approvals."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Protocol, Self, runtime_checkable

from pydantic import Field

from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, StatusCode, Value

from ...errors import NoGate
from ..interlocks.suspension import Suspension
from ..ledger.store.database import Database


class Reading(Model):
    """One reading in the snapshot."""

    value: Value | None
    shown: str  # text without unit
    status: int  # the OPC UA status code
    age_s: float  # seconds from its last confirmation by the device to the snapshot

    @classmethod
    def of(cls, tag: Tag, reading: DataValue, now_s: float) -> Self:
        """Returns the reading in the form of a snapshot at `now_s`, in monotonic seconds."""
        return cls(
            value=reading.scalar,
            shown=tag.show(reading),
            status=int(reading.status),
            age_s=round(max(reading.age_s(now_s), 0.0), 3),
        )


class PlantSnapshot(Model):
    """Readings of the tags of open requests at one moment."""

    epoch: int  # of the gate that made it
    locked: list[str]  # the scopes that are locked out
    hashes: dict[str, str]  # SHA-256 of the files that the gate has read, by name
    suspended: list[Suspension] = Field(default_factory=list[Suspension])
    readings: dict[str, Reading]

    def data_values(self) -> Mapping[str, DataValue]:
        """Returns the readings for conditions, of a snapshot that was taken just now."""
        now_s = monotonic()
        return {
            name: DataValue(each.value, StatusCode(each.status), None, None, now_s - each.age_s)
            for name, each in self.readings.items()
        }


def make_snapshot(
    epoch: int,
    locked: frozenset[str],
    site: Site,
    readings: Mapping[str, DataValue],
    suspended: Sequence[Suspension] = (),
) -> PlantSnapshot:
    """Returns a snapshot of the present moment."""
    now_s = monotonic()
    return PlantSnapshot(
        epoch=epoch,
        locked=sorted(locked),
        hashes=dict(site.hashes),
        suspended=list(suspended),
        readings={
            name: Reading.of(site.tags[name], reading, now_s) for name, reading in readings.items()
        },
    )


def no_snapshot() -> PlantSnapshot | None:
    """Returns no snapshot, of a ledger without a gate."""


class GateLedger(Database):
    """Ledger in the gate's process.

    Attributes:
        snapshot: Returns the gate's readings of this moment.
    """

    def __init__(self, state: Path, site: str) -> None:
        self.snapshot: Callable[[], PlantSnapshot | None] = no_snapshot
        super().__init__(state, site)


@runtime_checkable
class _OfGate(Protocol):
    """Ledger of a gate, in its process or over its socket."""

    @property
    def snapshot(self) -> Callable[[], PlantSnapshot | None]:
        """Returns the gate's readings of this moment."""
        ...


def read_snapshot(ledger: object) -> PlantSnapshot | None:
    """Returns the readings that the gate of a ledger has now, or `None` without a gate.

    Raises:
        LedgerError: The gate does not answer.
    """
    try:
        return ledger.snapshot() if isinstance(ledger, _OfGate) else None
    except NoGate:
        return None
