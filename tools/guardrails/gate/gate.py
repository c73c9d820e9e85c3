"""One gate for each site. It polls ten times a second and executes one action at a time."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from handwheel.connectors.actuation.write_session import check_accounts, open_write_session
from handwheel.connectors.config.shared_folder import is_shared
from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import DataValue

from ...errors import GuardrailError, LedgerError
from ...problem_log import ProblemLog
from ...requests.timestamps import CLOCK_STEP_S, Instant, instant_now
from ..approval.plant_snapshot import GateLedger, PlantSnapshot, make_snapshot
from ..client.gate_connection import gate_process
from ..identity.roster import load_roster
from ..interlocks.lockout_files import (
    has_lockout_folder,
    lockout_file,
    lockout_note,
    make_lockout_folder,
)
from ..interlocks.remote_mode import check_remote_conditions
from ..interlocks.suspension import applying
from ..ledger.actions import due_actions
from ..ledger.intents import has_gate, start_epoch
from ..ledger.latched_lockouts import SITE, latch, locked_scopes
from ..ledger.lifecycle import invalidate, sweep
from ..ledger.records import load_exactly
from ..ledger.write_leases import OpenWrites
from ..policy.cross_limits import cross_limits
from ..policy.policy import load_policy
from ..signatures.context import DecisionContext
from .monitoring.crash_recovery import recover, recover_in_flight
from .monitoring.heartbeat import HeartbeatWriter
from .monitoring.scanner import PlantReader, Scanner
from .monitoring.suspension_monitor import MonitoredConnection, SuspensionMonitor
from .monitoring.watched_tags import WatchedTags, tags_of_suspended
from .state.execution import Execution, GateContext
from .steps.effects import look_for_effects
from .steps.execute import execute_action
from .steps.lease_expiry import note_seen_back, set_undos_due

_POLL_S = 0.1
_AFTER_FAULT_S = 1.0
_WATCHING, _ACTING = "watching", "acting"

_logger = logging.getLogger(__name__)


@asynccontextmanager
async def open_gate(
    site: Site, clock: Callable[[], Instant] = instant_now
) -> AsyncGenerator["Gate"]:
    """Starts the gate of a site, and recovers from a crash.

    Raises:
        ConfigError: The policy, the operators or a `remote_when` are wrong.
        GuardrailError: Another gate is running, or users share the state folder and it is not ours.
        LedgerError: The ledger cannot be used, or is not the one that was anchored.
        NotConnected: The password of an account to write with cannot be had.
    """
    policy = load_policy(site)
    across = cross_limits(site, policy)
    load_roster(site)
    check_accounts(site)
    check_remote_conditions(site)
    _check_alone(site)
    was_there = has_lockout_folder(site.state)
    try:
        make_lockout_folder(site.state)
    except OSError as error:
        raise LedgerError(f"{site.state}: {error.strerror}") from None
    with GateLedger(site.state, site.id) as database:
        if not was_there:
            _lock_out_lost_folder(database, clock())
        epoch = start_epoch(database, clock())
        context = GateContext(
            site,
            policy,
            across,
            database,
            epoch,
            clock,
            lambda: load_roster(site),
            open_write_session,
        )
        await recover(context)
        gate = Gate(context)
        try:
            yield gate
        finally:  # Ctrl-C and SIGTERM come out of it as a cancellation
            with suppress(LedgerError):  # must not take the place of what ended the gate
                _record_stop(database, epoch, clock())


def _check_alone(site: Site) -> None:
    if pid := gate_process(site.state):
        raise GuardrailError(
            f"another gate of this site is running (process {pid}); there is only one"
        )
    # Whoever owns the folder could put a socket of theirs in the place of the gate's.
    folder = site.state.stat() if site.state.is_dir() else None
    if folder and is_shared(folder) and folder.st_uid != os.geteuid():
        raise GuardrailError(
            f"{site.state} is shared by its group and belongs to another user; it must belong "
            "to the gate's"
        )


def _record_stop(database: GateLedger, epoch: int, now: Instant) -> None:
    with database.transaction(now) as transaction:
        transaction.record("gate.stopped", str(epoch), {"epoch": epoch, "pid": os.getpid()})


def _lock_out_lost_folder(database: GateLedger, now: Instant) -> None:
    """Locks the site out if an earlier gate has made the folder of lockouts, and it was gone."""
    if not has_gate(database):
        return  # a new site has none
    latch(database, SITE, None, now)
    _logger.error(
        "the folder lockout/ was gone, and with it every lockout that no gate had seen: the site "
        "is locked out. Find out what was locked out and who took the folder away, lock out "
        "again what must stay so; %s",
        next_step("release"),
    )


class Gate:
    """A started gate. `run` works until it is cancelled."""

    def __init__(self, context: GateContext, reader: PlantReader | None = None) -> None:
        self._context = context
        self._reader: PlantReader = reader or Scanner(context)
        self._asked: frozenset[str] = frozenset()
        self._open_tags = WatchedTags(context)
        self._left_open = OpenWrites(context.database)
        self._looked_for: frozenset[str] = frozenset()
        self._lookout = SuspensionMonitor(context)
        self._offset_s = _offset_s(context.clock())
        self._troubles = ProblemLog(__name__, logging.ERROR, "goes on")
        self._heartbeats = [
            HeartbeatWriter(context, name, self._latest)
            for name, each in context.site.equipment.items()
            if each.heartbeat
        ]
        self._changed = asyncio.Event()
        context.database.on_commit.append(lambda rows: self._changed.set())
        context.database.snapshot = self.snapshot

    @property
    def epoch(self) -> int:
        """Its number among the gates of the site."""
        return self._context.epoch

    @property
    def ledger(self) -> GateLedger:
        """The ledger, which no other process has open."""
        return self._context.database

    @property
    def decision_context(self) -> DecisionContext:
        """Context in which messages to it are judged."""
        context = self._context
        return DecisionContext(context.site, context.database, context.policy, context.people())

    async def run(self) -> None:
        """Works until it is cancelled, and finishes an action that is under way.

        A ledger that cannot be used suspends the gate until it can.

        Effect: ACTUATE, what was approved, once. Retry: none. Timeout: see `execute_action`.
        """
        async with asyncio.TaskGroup() as group:
            for work in (self._watch(), self._act(), *(each.run() for each in self._heartbeats)):
                group.create_task(work)

    async def _watch(self) -> None:
        try:
            while True:
                try:
                    self._context.database.check_file()
                    self.watch_once(self._latest())
                    await self._follow_tags()
                    self._troubles(_WATCHING, "")
                    self._note_connections()
                    self._lookout.ledger_works()
                except HandwheelError as error:
                    await self._suspend(_WATCHING, error)
                await asyncio.sleep(_POLL_S)
        finally:
            await self._reader.close()

    def watch_once(self, readings: Mapping[str, DataValue]) -> None:
        """Does one round of watching on these readings, as `run` does it ten times a second.

        Raises:
            LedgerError: The ledger cannot be used; what was not done is done in the next round.
        """
        self._look_out()
        self._check_clock()
        self._latch()
        self._lookout.tell()
        sweep(self._context.database, self._context.clock())
        self._look_on(readings)

    def pass_time(self) -> None:
        """Ends what has waited too long, and sets due what is to be undone now.

        A quiet gate whose ledger, readings, clocks and lockouts are as they were finds no more in
        a whole round. Raises `LedgerError` as `watch_once`.
        """
        sweep(self._context.database, self._context.clock())
        set_undos_due(self._context)

    @property
    def is_quiet(self) -> bool:
        """Whether it looks for no effect, and suspends nothing."""
        return not (self._looked_for or self._context.suspensions.now)

    async def _act(self) -> None:
        while True:
            try:
                await recover_in_flight(self._context)
                while execution := self.next_due():
                    await _to_its_end(execute_action(execution))
                self._troubles(_ACTING, "")
            except LedgerError as error:
                await self._suspend(_ACTING, error)
            with suppress(TimeoutError):  # `wait_for` of Python 3.11 may lose a cancellation
                async with asyncio.timeout(_POLL_S):
                    await self._changed.wait()
            self._changed.clear()

    async def _suspend(self, half: str, error: HandwheelError) -> None:
        self._troubles(half, f"suspended: {error}")
        self._lookout.ledger_failed(str(error))
        await asyncio.sleep(_AFTER_FAULT_S)

    def _note_connections(self) -> None:
        for each in self._connections:
            if each.is_connected or each.reason:
                lost = "" if each.is_connected else each.reason
                self._troubles(f"reading {each.name}", lost)

    def _look_out(self) -> None:
        now = self._context.clock()
        if abs(_offset_s(now) - self._offset_s) > CLOCK_STEP_S:
            self._lookout.clock_was_set(now)
        self._lookout.look(self._connections, self._latest())

    def _check_clock(self) -> None:
        now = self._context.clock()
        offset_s = _offset_s(now)
        if abs(offset_s - self._offset_s) > CLOCK_STEP_S:
            invalidate(self._context.database, "the wall clock was set", now)
            self._offset_s = offset_s  # only now: a ledger that is busy must not let it pass

    def _look_on(self, readings: Mapping[str, DataValue]) -> None:
        context = self._context
        set_undos_due(context)
        note_seen_back(context, self._left_open.now(), readings)
        looked_for = look_for_effects(context, readings)
        self._looked_for = looked_for | {each.tag for each in self._left_open.now()}

    def _latch(self) -> None:
        site, database = self._context.site, self._context.database
        self._troubles("lockouts", self._context.lockouts.fault)
        locked = locked_scopes(database)
        for name in sorted(self._context.lockouts.seen()):
            scope = self._scope(name)
            if scope not in locked:
                covered = None if scope == SITE else site.members_of(scope)
                note = lockout_note(lockout_file(site.state, name))
                latch(database, scope, covered, self._context.clock(), note)

    def _scope(self, name: str) -> str:
        # What the site does not know was meant for something: all of it stops.
        return name if name in self._context.site.equipment else SITE

    async def _follow_tags(self) -> None:
        suspended = tags_of_suspended(self._context, self._reader.tags)
        await self._reader.follow(self._wanted() | suspended)

    def _wanted(self) -> frozenset[str]:
        names = self._open_tags.now()
        self._asked = frozenset((names | self._looked_for) & self._context.site.tags.keys())
        remote = (each.tags for each in self._heartbeats)
        return self._asked.union(self._lookout.alarm_tags, *remote)

    def snapshot(self) -> PlantSnapshot:
        """Returns the readings, lockouts and suspensions of the present moment."""
        context, latest = self._context, self._latest()
        self._wanted()  # of a request that was filed just now
        seen = {self._scope(name) for name in context.lockouts.seen()}
        return make_snapshot(
            context.epoch,
            frozenset(seen | locked_scopes(context.database).keys()),
            context.site,
            {name: latest[name] for name in latest.keys() & self._asked},
            context.suspensions.now,
        )

    @property
    def _connections(self) -> Sequence[MonitoredConnection]:
        return self._reader.connections

    def _latest(self) -> Mapping[str, DataValue]:
        return self._reader.latest()

    def next_due(self) -> Execution | None:
        """Returns the next action that may be taken up, after those that may not were ended.

        Raises:
            LedgerError: The ledger cannot be used.
        """
        if not due_actions(self._context.database):
            return None
        sweep(self._context.database, self._context.clock())  # what was due for too long is over
        for action_id, request_id in due_actions(self._context.database):
            record = load_exactly(self._context.database, request_id)
            if applying(self._context.suspensions.now, record.request, self._context.site.tags):
                continue  # the next look out ends it
            return Execution(self._context, record, record.action(action_id))
        return None


def _offset_s(now: Instant) -> float:
    return now.wall.timestamp() - now.boot_ms / 1000.0


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Waits for an action to end, even while the gate is cancelled, so that it is not cut off."""
    task = asyncio.create_task(work, name="gate carries out")
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await task
        except LedgerError as error:  # must not take the place of the cancellation
            _logger.error("suspended: %s", error)
        raise
