"""Time from approval to verified write, against the bare sequence and a gateway."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from handwheel.connectors.actuation.device_writer import DeviceWriter
from handwheel.connectors.actuation.modbus import ModbusWriter
from handwheel.connectors.actuation.opcua import OpcuaWriter
from handwheel.connectors.client.site_reader import connector_for, survey
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.hmi.people.signing import open_context
from handwheel.hmi.shell.cli.gc_freeze import freeze_heap
from handwheel.hmi.simulation.local_system.child_process import ChildProcess
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.guardrails.ledger.store.states import ActionState

from ..running_site import HANDWHEEL, serving
from . import gateway
from .desk import Desk
from .encrypted import secure
from .site import PUMP, SETPOINT, People, make_site

SECRET = "turn the wheel"  # noqa: S105 - of a plant that lives as long as the measurement
VALUES: Mapping[str, tuple[Value, Value]] = {PUMP: (True, False), SETPOINT: (355.0, 350.0)}
"""Values that are written alternately."""

_ROW = "x" * 300


@asynccontextmanager
async def served(place: Path, *more: str) -> AsyncGenerator[PlantEndpoints]:
    """Serves the simulated plant in a process of its own, and yields its ports.

    Args:
        more: Further arguments of its command.
    """
    secret = place / "secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET, encoding="utf-8")
    serve = (
        *("plants", "serve", "cw-100", "--json", "--no-noise", "--gate-secret", str(secret)),
        *("--opcua-port", "0", "--modbus-port", "0", "--modbus-gate-port", "0"),
        *more,
    )
    async with ChildProcess("the plant", serve, place / "plant.log") as plant:
        ports = plant.ready["ports"]
        yield PlantEndpoints(ports["opcua"], ports["modbus"], "100 ms", ports["modbus_gate"])


def rows(place: Path, repeats: int) -> list[tuple[str, str]]:
    """Returns the ratios and the milliseconds of this machine."""
    return asyncio.run(_rows(place, repeats))


async def _rows(place: Path, repeats: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    async with served(place) as link:
        site, people = await asyncio.to_thread(make_site, place / "site", link, SECRET)
        with gate_desk(site, people) as desk:
            for tag, protocol in ((PUMP, "Modbus"), (SETPOINT, "OPC UA None")):
                found += await _compared(desk, site.tags[tag], protocol, repeats)
        found += await gateway.rows(link.opcua, SECRET, repeats)
    identity = place / "identity"
    async with served(place, "--identity", str(identity)) as link:
        _, people = await asyncio.to_thread(make_site, place / "secured", link, SECRET)
        site = await asyncio.to_thread(secure, place / "secured", identity)
        with gate_desk(site, people) as desk:
            protocol = "OPC UA SignAndEncrypt"
            found += await _compared(desk, site.tags[SETPOINT], protocol, repeats)
    return found


@contextmanager
def gate_desk(site: Site, people: People) -> Generator[Desk]:
    """Runs the gate of a site, and opens a terminal that speaks to it."""
    with (
        serving(*HANDWHEEL, "gate", "--json", "--site", str(site.root)),
        open_context(site) as context,
    ):
        desk = Desk(context, people)
        desk.grant()
        yield desk


async def _compared(desk: Desk, tag: Tag, protocol: str, repeats: int) -> list[tuple[str, str]]:
    site = desk.decision_context.site
    path = site.state / f"bare-{tag.connection}.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE row(text TEXT)")
        ways: Mapping[str, Callable[[Value], Awaitable[float]]] = {
            "gate": lambda value: _through_the_gate(desk, tag, value),
            "bare": lambda value: _bare(site, bare, tag, value),
            "fresh": lambda value: _bare(site, bare, tag, value, is_fresh=True),
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        freeze_heap()
        for number in range(2 * repeats + 2):
            for way, go in ways.items():
                seconds = await go(VALUES[tag.name][number % 2])
                if number > 1:  # the first ones warm up
                    times[way].append(seconds)
    gate_s, bare_s, fresh_s = (median(times[way]) for way in ways)
    what = f"actuation: approve to verified, {protocol}"
    goal = "" if "Encrypt" in protocol else "at most 1.4 "
    return [
        (f"{what}, {goal or 'in '}bare sequences", _against(gate_s, bare_s)),
        (f"{what}, of bare ones that read back on a session of its own", _against(gate_s, fresh_s)),
        (f"{what}, the gate's", f"{1000.0 * gate_s:.1f} ms"),
    ]


def _against(ours_s: float, bare_s: float) -> str:
    return f"{ours_s / bare_s:.2f} ({1000.0 * bare_s:.1f} ms)"


async def _through_the_gate(desk: Desk, tag: Tag, value: Value) -> float:
    """Returns the seconds from sending the approval to reading the verified outcome."""
    site = desk.decision_context.site
    seen = await survey(site, desk.to_survey(tag.name), [tag])
    request = desk.file(tag.name, value, seen)
    message = desk.approval(request)
    start = perf_counter()
    desk.send(message)
    state = desk.wait_until_sent(request)
    seconds = perf_counter() - start
    assert state is ActionState.VERIFIED, state
    return seconds


async def _open(site: Site, connection: str) -> DeviceWriter:
    config = site.connections[connection]
    if isinstance(config, ModbusConnection):
        return await ModbusWriter.open(connection, config)
    assert isinstance(config, OpcuaConnection)
    return await OpcuaWriter.open(connection, config, site.root)


async def _bare(
    site: Site, bare: sqlite3.Connection, tag: Tag, value: Value, *, is_fresh: bool = False
) -> float:
    """Returns the seconds of four commits, connect, read, write and read-back without a gate.

    Args:
        is_fresh: Read back over another session, as the gate does.
    """
    wanted = [tag, *([site.tags["P-101B.mode"]] if tag.name == PUMP else [])]
    start = perf_counter()
    bare.execute("INSERT INTO row VALUES (?)", (_ROW,))  # the decision
    bare.execute("INSERT INTO row VALUES (?)", (_ROW,))
    writer = await _open(site, tag.connection)
    try:
        encoder = await writer.encoder([tag])
        await writer.read(wanted)
        bare.execute("INSERT INTO row VALUES (?)", (_ROW,))
        await writer.transmit(encoder.encode(tag, value).wire)
        if is_fresh:
            session = await connector_for(site, tag.connection).open()
            try:
                found = await session.read([tag])
            finally:
                await session.close()
        else:
            found = await writer.read([tag])
        bare.execute("INSERT INTO row VALUES (?)", (_ROW,))
    finally:
        await writer.close()
    seconds = perf_counter() - start
    assert found[tag.name].value == value, found
    return seconds
