"""A room in memory whose pump has a heartbeat, driven by rounds, and judged at its end."""

import json
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

from handwheel.connectors.actuation.heartbeat_session import HeartbeatSession
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.guardrails.gate.monitoring.heartbeat import HeartbeatWriter
from handwheel.tools.guardrails.interlocks.authority import TakenMode
from handwheel.tools.guardrails.signatures.heartbeat_grants import heartbeats_of

from ...auditor.audit import judge
from ...plants.in_memory import Frame
from ...sites.audited import faults_in
from ...sites.in_memory import make_site
from .audited import exported
from .authority_grant import give
from .in_memory import Room
from .words import take_authority

Event = Callable[["BeatingRoom"], object]
PUMP, BEAT = "P-101A", "P-101A.hb"
HEAD = bytes.fromhex("01060014")
"""Unit 1, a write of one register, register 20: what every count of the heartbeat begins with."""
_REMOTE = "P-101A.mode == 'remote'"


def make_beating_site(folder: Path, every: str = "1 s") -> Site:
    """The site in memory, with a heartbeat for P-101A."""
    make_site(folder)
    heartbeat = f"heartbeat: {{tag: {BEAT}, every: {every}}}"
    edit(folder, "site.yaml", f'"{_REMOTE}"', f'"{_REMOTE}", {heartbeat}')
    entry = (
        f"\n  {BEAT}: {{connection: pkg, table: holding, address: 20, type: int, "
        f"equipment: {PUMP}, writable: true}}"
    )
    edit(folder, "tags.yaml", "\ntags:", f"\ntags:{entry}")
    return load_site(folder)


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Changes a file of a site in one place."""
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


class BeatingRoom(Room):
    """A room with a heartbeat that is driven by hand.

    Attributes:
        heartbeat: The gate's, for P-101A.
        on_open: What happens while its way to the device is being opened.
    """

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.plant.values[BEAT] = 0
        self.plant.on_frame = self._log
        self.plant.open_heartbeat_session = self.open_heartbeat_session  # type: ignore[method-assign]
        self.on_open: Callable[[], object] = lambda: None
        self.heartbeat: HeartbeatWriter
        self._log_lines: list[dict[str, Any]] = []

    async def start_gate(self) -> None:
        await super().start_gate()
        self.heartbeat = HeartbeatWriter(self.context, PUMP, self._readings)

    def _readings(self) -> Any:
        return self.plant.read(list(self.site.tags.values()))

    async def open_heartbeat_session(self, site: Site, tag: Tag) -> HeartbeatSession:
        """The real write session, before a writer in memory."""
        self.plant.check_reachable(tag.connection)
        self.on_open()
        writer = self.plant.writer(tag.connection)
        return HeartbeatSession(site, writer, self.plant.encoder(tag.connection), tag)

    def give(self, scope: str = PUMP, *, named: bool = True, lasts_s: float = 3600.0) -> str:
        heartbeats = heartbeats_of(self.site, scope) if named else ()
        decision_context, now = self.desk.decision_context, self.clock.now()
        return give(decision_context, scope, now, lasts_s=lasts_s, heartbeats=heartbeats)

    async def pass_s(self, *steps_s: float) -> None:
        """Lets time pass; after each step the gate looks out, and looks after the heartbeat."""
        for seconds in steps_s:
            self.clock.forward(seconds)
            self.watch()
            await self.heartbeat.look()

    @property
    def counts(self) -> list[int]:
        """What has been counted, in the order of arrival."""
        wires = [each.wire for each in self.plant.frames]
        return [int.from_bytes(each[4:], "big") for each in wires if each.startswith(HEAD)]

    def told(self, kind: str = "") -> list[tuple[str, Any]]:
        """The rows about the heartbeat: what happened, and what is said of it."""
        rows = [row.fields for row in self.desk.database.journal()]
        return [
            (row["kind"].partition(".")[2], row["body"])
            for row in rows
            if row["kind"].startswith(f"heartbeat.{kind}")
        ]

    def _log(self, frame: Frame) -> None:
        self.log(frame.wire, self.clock.now().wall)

    def log(self, wire: bytes, at: datetime) -> None:
        """Notes a frame in the device's own log."""
        self._log_lines.append(
            {
                "protocol": "modbus", "port": "gate", "listener": 5021, "unit": wire[0],
                "pdu": wire[1:].hex(), "answer": "ok", "wall": at.isoformat(),
            }
        )  # fmt: skip

    def faults(self) -> tuple[str, ...]:
        """What the audit and the independent judge have to say; nothing if all is well."""
        frames = "".join(f"{json.dumps(each)}\n" for each in self._log_lines)
        people = (self.site.root / "operators.yaml").read_text(encoding="utf-8")
        export = exported(self.desk.database)
        acts_as = {"shift-supervisor": ["operator"]}
        report = judge(frames, export, people, self.site.trust_root, acts_as)
        return (*faults_in(self.desk.decision_context), *report.faults)


def at_once(work: Coroutine[Any, Any, None]) -> None:
    """Runs what in memory has nothing to wait for, in the middle of something else."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def once_at(room: BeatingRoom, at: str, happen: Callable[[], object]) -> None:
    """Lets something happen when the gate comes to a point for the first time."""

    def reach(point: str) -> None:
        if point == at:
            del room.fuse.reach
            happen()

    room.fuse.reach = reach  # type: ignore[method-assign]


def take(scope: str, mode: TakenMode) -> Event:
    return lambda room: take_authority(
        room.desk.database, room.site, scope, mode, "dora", room.clock.now()
    )


def lock_out(scope: str) -> Event:
    return lambda room: room.desk.lock_out(scope)


def suspend(scope: str) -> Event:
    return lambda room: room.context.suspensions.note(scope, "test", "a test", room.clock.now())


def switch(value: int) -> Event:
    return lambda room: room.plant.values.update({"P-101A.mode": value})
