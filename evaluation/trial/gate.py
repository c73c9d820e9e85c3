"""Real gate of a stepped room, whose two halves its caller drives one round at a time."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from handwheel.connectors.model.values import DataValue
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger, no_snapshot
from handwheel.tools.guardrails.gate.gate import Gate
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import recover, recover_in_flight
from handwheel.tools.guardrails.gate.monitoring.suspension_monitor import MonitoredConnection
from handwheel.tools.guardrails.gate.state.execution import Execution, GateContext
from handwheel.tools.guardrails.gate.steps.execute import execute_action
from handwheel.tools.guardrails.identity.roster import Roster, load_roster
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file, make_lockout_folder
from handwheel.tools.guardrails.interlocks.remote_mode import check_remote_conditions
from handwheel.tools.guardrails.ledger.actions import requests_in
from handwheel.tools.guardrails.ledger.intents import start_epoch
from handwheel.tools.guardrails.ledger.store.states import OPEN_REQUESTS
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import Instant

from .devices import MemoryDevices


@dataclass(frozen=True, slots=True)
class DeviceConnection:
    """Connection to a device in memory, as the gate watches it."""

    name: str
    reason: str  # why it is not connected; empty if it is

    @property
    def is_connected(self) -> bool:
        """Whether the device can be reached."""
        return not self.reason

    def latest(self) -> Mapping[str, DataValue]:
        """Returns no reading, since a device in memory is never stale."""
        return {}


class DeviceReader:
    """Reads every tag of the devices in memory at once. See `PlantReader`."""

    def __init__(self, devices: MemoryDevices) -> None:
        self._devices = devices
        self.tags = frozenset(devices.site.tags)

    @property
    def connections(self) -> Sequence[MonitoredConnection]:
        """Every connection of the site."""
        unreachable = self._devices.unreachable
        return [
            DeviceConnection(name, unreachable.get(name, ""))
            for name in self._devices.site.connections
        ]

    def latest(self) -> Mapping[str, DataValue]:
        """Returns the present reading of each tag."""
        return self._devices.readings()

    async def follow(self, wanted: frozenset[str]) -> None:
        """Does nothing, since every tag is read."""

    async def close(self) -> None:
        """Does nothing, since no session is open."""


class SteppedGate:
    """The real gate of a site, on devices in memory.

    It can be killed at any moment and started again. It then knows only what is on the disk.

    Args:
        context: The site, with a state folder of its own, its policy and its people.
        clock: Returns the time on wall and boot clock.

    Raises:
        OSError: The folder of lockouts cannot be made.
    """

    def __init__(
        self, context: DecisionContext, devices: MemoryDevices, clock: Callable[[], Instant]
    ) -> None:
        self.decision_context = context
        self.devices = devices
        self.clock = clock
        self._gate: Gate | None = None
        self._context: GateContext | None = None
        make_lockout_folder(context.site.state)
        self._lockouts = lockout_file(context.site.state, "").as_posix()
        self._alarms = sorted(context.policy.suspend.alarm_tags(context.site))
        self._seen: tuple[object, ...] = ()
        self._nothing_due: int | None = None
        self._is_quiet = self._has_open = False

    @property
    def is_running(self) -> bool:
        """Whether a gate is running."""
        return self._gate is not None

    @property
    def running(self) -> Gate:
        """The running gate. Raises `GuardrailError` without one."""
        if self._gate is None:
            raise GuardrailError("no gate is running in this room")
        return self._gate

    @property
    def context(self) -> GateContext:
        """Resources of the running gate. Raises `GuardrailError` without one."""
        if self._context is None:
            raise GuardrailError("no gate is running in this room")
        return self._context

    async def start(self) -> None:
        """Starts a gate, which judges what another one has left behind.

        Raises:
            ConfigError: A condition of the policy, or a `remote_when`, cannot be judged.
            LedgerError: The ledger cannot be used.
        """
        site, policy = self.decision_context.site, self.decision_context.policy
        check_remote_conditions(site)
        ledger = self.open_ledger()
        context = GateContext(
            site, policy, cross_limits(site, policy), ledger,
            start_epoch(ledger, self.clock()), self.clock, self.people,
            self.devices.open_write_session, self.devices.connector,
            open_heartbeat_session=self.devices.open_heartbeat_session,
        )  # fmt: skip
        await recover(context)
        self._context, self._gate = context, Gate(context, DeviceReader(self.devices))
        self._is_quiet, self._nothing_due = False, None

    def open_ledger(self) -> GateLedger:
        """Returns the ledger of the room, for a gate that starts."""
        return cast(GateLedger, self.decision_context.database)  # a room has its file open itself

    def people(self) -> Roster:
        """Returns the people whose decisions count now. Raises `ConfigError`."""
        return load_roster(self.decision_context.site)

    def kill(self) -> None:
        """Ends the gate without a word, as a lost process does. What is on the disk stays."""
        if self._context is not None:
            self._context.database.snapshot = no_snapshot
        self._gate = self._context = None

    async def restart(self) -> None:
        """Kills the gate and starts another one. Raises as `start`."""
        self.kill()
        await self.start()

    def watch(self) -> None:
        """Does one round of the watching half.

        Of a round that would find nothing new but the time, only that is done which time brings.

        Raises:
            GuardrailError: No gate is running.
            LedgerError: The ledger cannot be used, and the round ends there.
        """
        gate = self.running
        if not self._is_quiet or self._signs() != self._seen:
            gate.watch_once(self.devices.read_all())
            self._seen = self._signs()
            # A lost connection suspends after a time.
            self._is_quiet = gate.is_quiet and not self.devices.unreachable
            self._has_open = bool(requests_in(self.context.database, OPEN_REQUESTS))
        elif self._has_open:
            gate.pass_time()

    def _signs(self) -> tuple[object, ...]:
        """Returns everything but the time that a round goes by."""
        now, devices = self.clock(), self.devices
        return (
            self._newest_row(),
            os.listdir(self._lockouts),  # noqa: PTH208 - three times as fast
            now.boot_id,
            round(now.wall.timestamp() - now.boot_ms / 1000.0, 1),
            dict(devices.unreachable),
            dict(devices.statuses),
            list(map(devices.values.get, self._alarms)),
        )

    def _newest_row(self) -> int | None:
        """Returns the number of the journal's last row. Whatever a gate goes by has a row."""
        head = self.context.database.head()
        return head.seq if head else None

    def next_due(self) -> Execution | None:
        """Returns the action that the gate would take up next. Raises as `watch`."""
        return self.running.next_due()

    async def act(self) -> None:
        """Does one round of the acting half, with at most one action. Raises as `watch`.

        Effect: ACTUATE, what was approved, once, on devices in memory. Retry: none. Timeout: see
        `execute_action`.
        """
        if self._newest_row() == self._nothing_due:
            return
        await recover_in_flight(self.context)
        if execution := self.next_due():
            await execute_action(execution)
        else:
            self._nothing_due = self._newest_row()

    async def go_round(self, rounds: int = 1) -> None:
        """Does some rounds of both halves, the watching one first. Raises as `watch`."""
        for _ in range(rounds):
            self.watch()
            await self.act()
