"""A running gate keeps the heartbeat of a device on a real connection, until it is taken over."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.trial.clock import SteppedClock
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.heartbeat_grants import heartbeats_of
from handwheel.tools.requests.timestamps import Instant

from ...plants.devices.misbehaving import Device, eventually, modbus_device, reply
from ...plants.fault_injection import WALL
from ..testbed.authority_grant import give
from ..testbed.heartbeat import HEAD, PUMP, edit, make_beating_site
from ..testbed.words import take_authority

_READ, _WRITE = 3, 6
_ILLEGAL_FUNCTION = b"\x01"


class _Clock(SteppedClock):
    """People's clocks from a fixed day on, as fast as they go."""

    def __init__(self) -> None:
        super().__init__(WALL)
        self._since_s = monotonic()

    def now(self) -> Instant:
        since_s, self._since_s = monotonic() - self._since_s, monotonic()
        self.forward(since_s)
        return super().now()


def answer(request: bytes) -> Iterator[bytes]:
    """A device whose registers all hold 1, so that the pump is in remote; it takes any write."""
    function = request[7]
    if function == _READ:
        words = b"\x00\x01" * int.from_bytes(request[10:12], "big")
        yield reply(request, bytes([_READ, len(words)]) + words)
    elif function == _WRITE:
        yield reply(request, request[7:])
    else:
        yield reply(request, bytes([function | 0x80]) + _ILLEGAL_FUNCTION)


def beating_at(device: Device, folder: Path) -> Site:
    """The site with a heartbeat every 200 ms, at a device's port."""
    make_beating_site(folder, "200 ms")
    ports = f"read: {{port: {device.port}}}, write: {{port: {device.port}}}"
    edit(folder, "site.yaml", "read: {port: 5020}, write: {port: 5021}", ports)
    return load_site(folder)


@asynccontextmanager
async def beating(
    device: Device, folder: Path
) -> AsyncGenerator[tuple[asyncio.Task[None], DecisionContext, _Clock]]:
    """A gate that keeps the pump's heartbeat, and a desk beside it."""
    site, clock = beating_at(device, folder), _Clock()
    async with open_gate(site, clock) as gate:
        running = asyncio.create_task(gate.run())
        context = DecisionContext(site, gate.ledger, load_policy(site), load_roster(site))
        give(context, PUMP, clock.now(), heartbeats=heartbeats_of(site, PUMP))
        yield running, context, clock


def counts_of(device: Device) -> list[int]:
    wires = [each[6:] for each in device.requests if each[7] == _WRITE]
    assert all(wire.startswith(HEAD) for wire in wires)
    return [int.from_bytes(wire[4:], "big") for wire in wires]


async def test_it_counts_until_the_pump_is_taken_over(tmp_path: Path) -> None:
    async with (
        modbus_device(answer) as device,
        beating(device, tmp_path) as (running, context, clock),
    ):
        site, database = context.site, context.database
        await eventually(lambda: len(counts_of(device)) >= 3)
        take_authority(database, site, PUMP, "OPERATOR", "dora", clock.now())
        await eventually(lambda: "heartbeat.stopped" in kinds(database))
        counts = counts_of(device)
        assert counts == list(range(len(counts)))
        give(context, PUMP, clock.now(), heartbeats=heartbeats_of(site, PUMP))
        await eventually(lambda: len(counts_of(device)) > len(counts))
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        told = [each for each in kinds(database) if each.startswith("heartbeat.")]
        assert told == ["heartbeat.started", "heartbeat.stopped"] * 2


def kinds(database: Ledger) -> list[str]:
    return [str(row.fields["kind"]) for row in database.journal()]


async def test_a_gate_that_ends_waits_for_no_answer(tmp_path: Path) -> None:
    """The device takes the count and is silent; the gate is told to end meanwhile."""

    def silent(request: bytes) -> Iterator[bytes]:
        return iter(()) if request[7] == _WRITE else answer(request)

    async with modbus_device(silent) as device, beating(device, tmp_path) as (running, context, _):
        await eventually(lambda: len(counts_of(device)) == 1)
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
        last = list(context.database.journal())[-1].fields
    assert (last["kind"], last["body"]["unanswered"]) == ("heartbeat.stopped", 1)
    assert last["body"]["reason"] == "the gate ends"
    assert counts_of(device) == [0]
