"""A write of each type, approved by a person, on servers that we did not write."""

import asyncio
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from handwheel.connectors.actuation.write_session import open_write_session
from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.model.values import GOOD, Quality
from handwheel.sim_plant.link.framing import modbus_frames, opcua_messages
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from ..command_line import handwheel
from ..plants.devices.misbehaving import free_port
from .approving import ACCOUNT, SECRET, ForeignWorld, foreign_world
from .servers import (
    ForeignServer,
    holding,
    libmodbus,
    node,
    node_opcua_writable,
    open62541_writable,
    read,
    site,
)

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

KINDS = {
    "Boolean": "bool", "SByte": "int", "Byte": "int", "Int16": "int", "UInt16": "int",
    "Int32": "int", "UInt32": "int", "Int64": "int", "UInt64": "int", "Float": "float",
    "Double": "float", "String": "string",
}  # fmt: skip
MODE = "enum, members: {off: 0, manual: 1, auto: 2}"
NODES = {name: node(name, kind) for name, kind in KINDS.items()} | {"Mode": node("Mode", MODE)}
VALUES: Mapping[str, tuple[str, object]] = {
    "Boolean": ("false", False), "SByte": ("-127", -127), "Byte": ("254", 254),
    "Int16": ("-32767", -32767), "UInt16": ("65534", 65534), "Int32": ("-2147483647", 1 - 2**31),
    "UInt32": ("4294967294", 2**32 - 2), "Int64": ("-9223372036854775807", 1 - 2**63),
    "UInt64": ("18446744073709551614", 2**64 - 2), "Float": ("0.2", 0.20000000298023224),
    "Double": ("0.2", 0.2), "String": ("Maß", "Maß"), "Mode": ("auto", 2),
}  # fmt: skip
NAMELESS = free_port()  # of a server without user names
OPCUA = f'kind: opcua, endpoint: "opc.tcp://127.0.0.1:PORT", scan: 50 ms, {ACCOUNT}'
MODBUS = "kind: modbus, host: 127.0.0.1, read: {port: PORT}, write: {port: PORT}, scan: 50 ms"


@pytest.fixture(scope="module")
def node_opcua() -> Generator[ForeignServer]:
    with node_opcua_writable(NAMELESS) as server:
        yield server


@pytest.fixture(scope="module")
def open62541(tmp_path_factory: pytest.TempPathFactory) -> Generator[ForeignServer]:
    with open62541_writable(tmp_path_factory.mktemp("peer")) as server:
        yield server


@pytest.mark.parametrize("peer", ["node_opcua", "open62541"])
async def test_each_type_is_written_where_stamps_are_on_change(
    peer: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue(peer)
    async with foreign_world(tmp_path, server, OPCUA, NODES, opcua_messages) as world:
        await world.write_all({name: text for name, (text, _) in VALUES.items()})
        values = await read(world.site)
        await world.write_all({"String": ""})
        emptied = await read(world.site)
    assert values == {name: (value, "Good") for name, (_, value) in VALUES.items()}
    assert emptied == {**values, "String": ("", "Good")}


REGISTERS = {
    "Coil": "table: coil, address: 1, type: bool",
    "Int16": holding(10, "int16"), "UInt16": holding(20, "uint16"),
    "Int32": holding(30, "int32"), "UInt32": holding(40, "uint32"),
    "Int64": holding(50, "int64"), "UInt64": holding(60, "uint64"),
    "Float32": holding(70, "float32"), "Float64": holding(80, "float64"),
    "Mode": f"table: holding, address: 0, type: {MODE}",
}  # fmt: skip
HELD: Mapping[str, tuple[str, object]] = {
    "Coil": ("true", True), "Int16": ("-1", -1), "UInt16": ("65535", 65535),
    "Int32": ("-2", -2), "UInt32": ("4294967295", 2**32 - 1), "Int64": ("-3", -3),
    "UInt64": ("18446744073709551615", 2**64 - 1), "Float32": ("0.1", 0.10000000149011612),
    "Float64": ("0.1", 0.1), "Mode": ("auto", 2),
}  # fmt: skip


async def test_each_encoding_is_written_on_libmodbus(tmp_path: Path) -> None:
    with libmodbus(tmp_path) as server:
        async with foreign_world(tmp_path, server, MODBUS, REGISTERS, modbus_frames) as world:
            await world.write_all({name: text for name, (text, _) in HELD.items()})
            values = await read(world.site)
    assert values == {name: (value, "Good") for name, (_, value) in HELD.items()}


@pytest.mark.parametrize("cuts", [12, pytest.param(30, marks=pytest.mark.soak)])
async def test_cuts_use_up_no_sessions(
    node_opcua: ForeignServer, tmp_path: Path, cuts: int
) -> None:
    """A server of ten sessions has one for a reader, a tool and the gate after each cut."""
    tags = {name: NODES[name] for name in ("Double", "Int16")}
    subscribed = f"{OPCUA}, updates: subscribe".replace("50 ms", "200 ms")
    async with foreign_world(tmp_path, node_opcua, subscribed, tags, opcua_messages) as world:
        here, double = world.site, world.site.tags["Double.pv"]
        record = await world.propose(f"Double.pv={7 + cuts / 100}")  # the server keeps the last
        writes = 0
        async with SiteReader(here, [double]) as reader:
            for _ in range(cuts):
                async with asyncio.timeout(30):
                    await _gate_reads(world, "Double.pv")
                    while reader.latest()["Double.pv"].quality is not Quality.GOOD:
                        await reader.connections[0].next_scan()
                assert (await read(here))["Double"][1] == "Good"
                writer = await open_write_session(here, "peer", [double])
                sessions, subscriptions, writes = map(int, node_opcua.ask("").split())
                assert (sessions, subscriptions) <= (4, 3)
                world.link.cut()
                await asyncio.sleep(0.02)
                world.link.mend()
                await writer.close()
            card = await world.look(record)
            assert world.approve(record, card) is RequestState.APPROVED
            assert (await world.end(record)).action is ActionState.VERIFIED
    assert int(node_opcua.ask("").split()[2]) == writes + 1


async def _gate_reads(world: ForeignWorld, tag: str) -> None:
    while True:
        picture = read_snapshot(world.gate_ledger)
        if picture and tag in picture.readings and picture.readings[tag].status == GOOD:
            return
        await asyncio.sleep(0.1)


def test_what_keeps_the_gate_out_is_told_before_people_are_asked(
    node_opcua: ForeignServer, tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text("schema: policy/1\nroles: {operator: {}}\n")
    for port, password, reason in [
        (node_opcua.port, "wrong", "wrong user or password"),
        (node_opcua.port, "secret", ""),
        (
            NAMELESS,
            "secret",
            "offers no user names, so that 'gate' cannot log in",
        ),
    ]:
        there = OPCUA.replace("PORT", str(port))
        site(tmp_path, there, {"Double": NODES["Double"] + ", writable: true"})
        done = handwheel("check", "--online", cwd=tmp_path, env={SECRET: password})
        assert done.returncode == (3 if reason else 0), done.stderr
        assert ("peer: to write as gate: opc.tcp://" in done.stderr) == bool(reason)
        assert reason in done.stderr
        assert "  to write as gate: " in done.stdout
