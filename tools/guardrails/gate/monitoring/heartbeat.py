"""Heartbeat of a piece of equipment, a counter that shows its PLC that the gate works.

The PLC's own watchdog takes over where they stay away; nothing is written to tell it so.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from handwheel.connectors.actuation.heartbeat_session import HeartbeatSession
from handwheel.connectors.actuation.permit import HeartbeatPermit, permit_clock_s
from handwheel.connectors.errors import ConnectorError, WriteRefused
from handwheel.connectors.model.heartbeats import LAST_COUNT
from handwheel.connectors.model.values import DataValue
from handwheel.connectors.session.protocols import DeviceIdentity

from ....errors import GuardrailError, InterlockActive, LedgerError, PermitRefused
from ....problem_log import ProblemLog
from ....requests.timestamps import parse_stamp
from ...signatures.heartbeat_grants import heartbeat_text
from ..state.execution import GateContext
from .heartbeat_permission import (
    HeartbeatPermission,
    check_lockouts,
    check_not_blocked,
    check_remote,
    heartbeat_tag,
    permission_for,
    remote_when,
)

LOOK_S = 1.0
"""The longest between two looks whether a heartbeat may go on."""
KEEP_S = 10.0
"""Up to this interval a session is kept between two counts, as many devices end an idle one."""
HOLD_OFF_S = 5.0
"""After it was stopped by the equipment itself: how long that must be in remote without a break.

Else a switch that bounces would fill the journal, and the disk with it.
"""
TOLD_AFTER = 3


@dataclass(slots=True)
class _Running:
    leave: HeartbeatPermission
    identity: DeviceIdentity
    seq: int  # the journal's row that says so
    last: int = -1  # the count that went last; -1 while none did
    unanswered: int = 0  # number of counts whose outcome is unknown


class HeartbeatWriter:
    """Heartbeat of one piece of equipment, written by the gate.

    `latest` returns the gate's last readings.
    """

    def __init__(
        self, context: GateContext, equipment: str, latest: Callable[[], Mapping[str, DataValue]]
    ) -> None:
        self._context, self._equipment, self._latest = context, equipment, latest
        self._tag = heartbeat_tag(context, equipment)
        self._session: HeartbeatSession | None = None
        self._running: _Running | None = None
        self._barred: HeartbeatPermission | None = None
        self._is_handed_over = False
        self._count = 0
        self._due_ms = 0
        self._away_ms: int | None = None  # when it was seen last not to be in remote
        self._failures = 0
        self._troubles = ProblemLog(__name__, logging.ERROR, "goes on")

    @property
    def tags(self) -> frozenset[str]:
        """Tags that say whether the equipment is in remote, once authority is granted.

        Also while something else blocks it, so that the plant is visible when that ends.
        """
        condition = remote_when(self._context, self._equipment) if self._is_handed_over else None
        return frozenset(condition.tags if condition else ())

    async def run(self) -> None:
        """Counts while it is allowed to, until it is cancelled, and records then that it stopped.

        Effect: ACTUATE, a count into the equipment's heartbeat. Retry: none: the next count goes
        with the next beat. Timeout: the connection's `timeout`.
        """
        try:
            while True:
                await self.look()
                task = asyncio.current_task()
                if task is not None and task.cancelling():  # it came while a frame was out
                    raise asyncio.CancelledError
                await self._pause()
        finally:
            with suppress(LedgerError):  # the next gate.started says it as well
                self._stop("the gate ends")
            await self._hang_up()

    async def look(self) -> None:
        """Stops a heartbeat that is not allowed, or sends a count that is due."""
        try:
            leave = self._leave()
            if self._is_due and not self._context.write_slot.is_taken:
                await self._beat(leave)
        except GuardrailError as refusal:
            await self._end(str(refusal))
        except LedgerError as error:
            self._note(str(error))

    async def _pause(self) -> None:
        if self._is_due and self._context.write_slot.is_taken:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._longest_s):
                    await self._context.write_slot.until_free()
        else:
            await asyncio.sleep(self._until_next_s())

    @property
    def _is_due(self) -> bool:
        return self._context.clock().boot_ms >= self._due_ms

    def _until_next_s(self) -> float:
        left_s = (self._due_ms - self._context.clock().boot_ms) / 1000.0
        return self._longest_s if left_s <= 0.0 else min(left_s, self._longest_s)

    @property
    def _longest_s(self) -> float:
        return min(self._every_ms / 1000.0, LOOK_S)

    @property
    def _every_ms(self) -> int:
        heartbeat = self._context.site.equipment[self._equipment].heartbeat
        return heartbeat.every_ms if heartbeat else round(1000.0 * LOOK_S)

    def _leave(self) -> HeartbeatPermission:
        """Returns what allows it now, or raises `GuardrailError`."""
        leave = self._permission()
        check_not_blocked(self._context, self._equipment)
        self._check_remote()
        if self._running is not None and self._running.leave != leave:
            self._stop("it was granted anew")
        return leave

    def _check_remote(self) -> None:
        """Refuses equipment that is not in remote, and for a hold-off time after that."""
        now_ms = self._context.clock().boot_ms
        try:
            check_remote(self._context, self._equipment, self._latest())
        except GuardrailError:
            if self._running is not None or self._away_ms is not None:
                self._away_ms = now_ms
            raise
        if self._away_ms is not None and now_ms - self._away_ms < 1000.0 * HOLD_OFF_S:
            raise InterlockActive(f"it is in remote again for less than {HOLD_OFF_S:g} s")
        self._away_ms = None

    def _permission(self) -> HeartbeatPermission:
        try:
            leave = permission_for(self._context, self._equipment)
            if leave == self._barred:
                raise PermitRefused("its device is another one now; grant authority again")
        except GuardrailError:
            self._is_handed_over = False
            raise
        self._is_handed_over = True
        return leave

    async def _beat(self, leave: HeartbeatPermission) -> None:
        self._due_ms = self._context.clock().boot_ms + self._every_ms
        try:
            if self._session is None:
                self._session = await self._context.open_heartbeat_session(
                    self._context.site, self._tag
                )
                if self._leave() != leave or self._context.write_slot.is_taken:
                    self._due_ms = 0  # the next look begins with an open write session
                    return
            begins = self._running is None
            running = self._begun(leave, self._session)
            if begins and self._leave() != leave:  # the disk may have taken long over the row
                self._due_ms = 0
                return
            await self._send(running, self._session)
        except (ConnectorError, ValueError) as error:
            await self._hang_up()
            self._fail(str(error))
        else:
            self._failures = 0
            self._note("")
            if self._every_ms > 1000.0 * KEEP_S:
                await self._hang_up()

    def _begun(self, leave: HeartbeatPermission, session: HeartbeatSession) -> _Running:
        """Returns the running heartbeat, and records its start first if this is its first count."""
        if self._running is None:
            self._running = _Running(leave, session.identity, self._record_start(leave, session))
        elif self._running.identity != session.identity:
            self._barred = leave
            raise PermitRefused("its device is another one now; grant authority again")
        return self._running

    async def _send(self, running: _Running, session: HeartbeatSession) -> None:
        check_lockouts(self._context, self._equipment)  # last: nothing may come before the frame
        count, self._count = self._count, (self._count + 1) % (LAST_COUNT + 1)
        permit = HeartbeatPermit(
            self._tag, count, running.identity, self._latest_s(running.leave), running.seq
        )
        running.last = count
        running.unanswered += 1
        try:
            await session.beat(permit)
        except WriteRefused:
            running.unanswered -= 1
            raise
        running.unanswered -= 1

    def _latest_s(self, leave: HeartbeatPermission) -> float:
        """Returns when a count may not leave any more, on the clock of permits."""
        left_s = (parse_stamp(leave.until) - self._context.clock().wall).total_seconds()
        return permit_clock_s() + min(left_s, self._every_ms / 1000.0, LOOK_S)

    def _record_start(self, leave: HeartbeatPermission, session: HeartbeatSession) -> int:
        body: dict[str, object] = {
            "tag": self._tag.name, "count": self._count, "reason": f"granted: {leave.scope}",
            "scope": leave.scope, "generation": leave.generation, "until": leave.until,
            "named": str(leave.named), "text": heartbeat_text(self._context.site, self._equipment),
            "protocol": session.identity.kind, "wire": session.wire(self._count).hex(),
            "epoch": self._context.epoch,
        }  # fmt: skip
        with self._context.database.transaction(self._context.clock()) as transaction:
            # It may have waited for another transaction, such as one that takes the authority.
            if self._leave() != leave:
                raise PermitRefused("it was granted anew")
            return transaction.record("heartbeat.started", self._equipment, body).seq

    async def _end(self, reason: str) -> None:
        """Stops a heartbeat that is not allowed. The journal records it first."""
        try:
            self._stop(reason)
        except LedgerError as error:
            self._note(str(error))  # nothing is sent, and the next look tells it
        await self._hang_up()

    def _stop(self, reason: str) -> None:
        if self._running is None:
            return
        body: dict[str, object] = {
            "tag": self._tag.name, "count": self._running.last, "reason": reason,
            "unanswered": self._running.unanswered, "epoch": self._context.epoch,
        }  # fmt: skip
        with self._context.database.transaction(self._context.clock()) as transaction:
            transaction.record("heartbeat.stopped", self._equipment, body)
        self._running, self._failures = None, 0

    def _fail(self, reason: str) -> None:
        self._failures += 1
        if self._failures == TOLD_AFTER:
            body: dict[str, object] = {
                "tag": self._tag.name, "count": self._count, "times": TOLD_AFTER, "reason": reason,
                "epoch": self._context.epoch,
            }  # fmt: skip
            with self._context.database.transaction(self._context.clock()) as transaction:
                transaction.record("heartbeat.failed", self._equipment, body)
        if self._failures >= TOLD_AFTER:
            self._note(f"{TOLD_AFTER} counts in a row came to nothing: {reason}")

    def _note(self, trouble: str) -> None:
        self._troubles(f"heartbeat of {self._equipment}", trouble)

    async def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
