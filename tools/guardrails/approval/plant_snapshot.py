"""Snapshot of the plant that the gate publishes for terminals and approvals."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Literal, Self

from pydantic import Field, ValidationError

from handwheel.connectors.config.shared_folder import is_shared
from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, StatusCode, Value

from ...errors import LedgerError
from ...requests.timestamps import Instant, parse_stamp, stamp
from ..interlocks.suspension import Suspension

FRESH_S = 5.0
"""Highest age of a snapshot that an approval may rely on."""
_FILE = "picture.json"


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

    schema_: Literal["picture/1"] = Field(default="picture/1", alias="schema")
    at: str
    boot_id: str
    boot_ms: int
    epoch: int  # of the gate that made it
    locked: list[str]  # the scopes that are locked out
    hashes: dict[str, str]  # SHA-256 of the files that the gate has read, by name
    open_writes: list[str] = Field(default_factory=list[str])  # not undone by their lease
    suspended: list[Suspension] = Field(default_factory=list[Suspension])
    readings: dict[str, Reading]

    def age_s(self, now: Instant) -> float | None:
        """Returns the age in seconds, or `None` after a restart or clock step."""
        return now.since_s(Instant(parse_stamp(self.at), self.boot_id, self.boot_ms))

    def data_values(self, now: Instant) -> Mapping[str, DataValue]:
        """Returns the readings for conditions, with their present age."""
        passed_s = self.age_s(now)
        if passed_s is None:
            return {}
        now_s = monotonic()
        return {
            name: DataValue(
                each.value, StatusCode(each.status), None, None, now_s - passed_s - each.age_s
            )
            for name, each in self.readings.items()
        }


def make_snapshot(
    epoch: int,
    locked: frozenset[str],
    site: Site,
    readings: Mapping[str, DataValue],
    now: Instant,
    open_writes: Sequence[str] = (),
    suspended: Sequence[Suspension] = (),
) -> PlantSnapshot:
    """Returns a snapshot of the present moment."""
    now_s = monotonic()
    return PlantSnapshot(
        schema="picture/1",
        at=stamp(now.wall),
        boot_id=now.boot_id,
        boot_ms=now.boot_ms,
        epoch=epoch,
        locked=sorted(locked),
        hashes=dict(site.hashes),
        open_writes=list(open_writes),
        suspended=list(suspended),
        readings={
            name: Reading.of(site.tags[name], reading, now_s) for name, reading in readings.items()
        },
    )


def write_snapshot(state: Path, snapshot: PlantSnapshot) -> None:
    """Writes the snapshot to the state folder, whole or not at all, else raises `LedgerError`."""
    place = state / _FILE
    draft = place.with_suffix(".new")
    try:
        draft.unlink(missing_ok=True)  # left by a killed gate; of a link, the link only
        with draft.open("x", encoding="utf-8") as file:
            if is_shared(state.stat()):
                os.fchmod(file.fileno(), 0o640)
            file.write(snapshot.model_dump_json(by_alias=True))
        draft.replace(place)
    except OSError as error:
        raise LedgerError(f"{place}: {os.strerror(error.errno or 0)}") from None


def read_snapshot(state: Path, now: Instant) -> PlantSnapshot | None:
    """Returns the snapshot, or `None` if none is valid.

    A snapshot is not valid if it is damaged, of another boot, from the future or older than 5 s,
    or in a shared state folder not owned by the folder's owner, the gate.

    Args:
        now: The present moment. Seen from an earlier one, a new snapshot is from the future.
    """
    snapshot, age_s = last_snapshot(state, now)
    return snapshot if is_fresh(age_s) else None


def is_fresh(age_s: float | None) -> bool:
    """Whether an approval may rely on a snapshot of this age in seconds, `None` if not known."""
    return age_s is not None and -0.5 <= age_s <= FRESH_S


def last_snapshot(state: Path, now: Instant) -> tuple[PlantSnapshot | None, float | None]:
    """Returns the newest snapshot and its age in seconds, valid or not, to tell how old it is."""
    try:
        snapshot = PlantSnapshot.model_validate(json.loads(_text_by_owner(state)))
        return snapshot, snapshot.age_s(now)
    except (OSError, ValueError, ValidationError, RecursionError):
        return None, None


def _text_by_owner(state: Path) -> str:
    folder = state.stat()
    with (state / _FILE).open(encoding="utf-8") as file:
        if is_shared(folder) and os.fstat(file.fileno()).st_uid != folder.st_uid:
            raise PermissionError("the snapshot is not the gate's")
        return file.read()
