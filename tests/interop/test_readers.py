"""What our readers make of foreign servers: every value, every channel, every way to lose one."""

import asyncio
import struct
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from pathlib import Path
from shutil import copyfile
from typing import Any, cast, get_args

import pytest

from handwheel.connectors.client.one_shot import open_session
from handwheel.connectors.client.site_reader import connector_for
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.endpoints import OpcuaConnection, Security
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Quality
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.opcua.discovery import discover_server
from handwheel.connectors.opcua.security.application import make_application
from handwheel.connectors.session.supervisor import Connection

from .servers import (
    ITEMS,
    NUMBERS,
    ForeignServer,
    holding,
    libmodbus,
    modbus_serial,
    modbus_site,
    node,
    node_opcua,
    opcua_site,
    open62541,
    read,
)

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

Serve = Callable[[Path], AbstractContextManager[ForeignServer]]

CHANGE_MS = 50
MOST_NODES = 7  # in one Read
OPCUA_SERVERS: Mapping[str, Serve] = {
    "open62541": lambda folder: open62541(folder, change_ms=CHANGE_MS, most_nodes=MOST_NODES),
    "node_opcua": lambda folder: node_opcua(folder, change_ms=CHANGE_MS, most_nodes=MOST_NODES),
}
MODBUS_SERVERS: Mapping[str, Serve] = {
    "libmodbus": libmodbus,
    "modbus_serial": lambda folder: modbus_serial(),
}
SERVERS = {**OPCUA_SERVERS, **MODBUS_SERVERS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, folder: Path) -> Generator[ForeignServer]:
    with SERVERS[request.param](folder) as server:
        yield server


Expected = Mapping[str, tuple[str, tuple[object, str]]]
UNFIT = (None, "BadTypeMismatch")
UNKNOWN = (None, "BadNodeIdUnknown")
FLOAT = struct.unpack("f", struct.pack("f", 0.1))[0]
SCALARS: Expected = {
    "Boolean": (node("Boolean", "bool"), (True, "Good")),
    "SByte": (node("SByte", "int"), (-128, "Good")),
    "Byte": (node("Byte", "int"), (255, "Good")),
    "Int16": (node("Int16", "int"), (-32768, "Good")),
    "UInt16": (node("UInt16", "int"), (65535, "Good")),
    "Int32": (node("Int32", "int"), (-(2**31), "Good")),
    "UInt32": (node("UInt32", "int"), (2**32 - 1, "Good")),
    "Int64": (node("Int64", "int"), (-(2**63), "Good")),
    "UInt64": (node("UInt64", "int"), (2**64 - 1, "Good")),
    "Float": (node("Float", "float"), (FLOAT, "Good")),
    "Double": (node("Double", "float"), (0.1, "Good")),
    "String": (node("String", "string"), ("Grüße", "Good")),
    "Bad": (node("Bad", "float"), (None, "BadSensorFailure")),
    "Uncertain": (node("Uncertain", "float"), (7.0, "UncertainSensorNotAccurate")),
    "Missing": (node("Missing", "float"), UNKNOWN),
    "Elsewhere": ('node: "nsu=urn:not:there;s=Double", type: float', UNKNOWN),
}
OTHERS: Expected = {
    "Wrong": (node("String", "float"), UNFIT),
    "Fraction": (node("Double", "int"), UNFIT),
    "Undivided": (node("Profile", "float"), UNFIT),
    "Whole": (f"{node('Int16', 'float')}, scale: 2, offset: -1", (-65537.0, "Good")),
}
NUMBERS_OF = node("Profile", "float")
MATRIX = node("Matrix", "int")
ARRAYS: Expected = {
    "Profile": (f"{NUMBERS_OF}, array: true, scale: 2", (tuple(map(float, range(8))), "Good")),
    "Slice": (f"{NUMBERS_OF}, index: '2:4'", ((1.0, 1.5, 2.0), "Good")),
    "Element": (f"{NUMBERS_OF}, index: 7", (3.5, "Good")),
    "Beyond": (f"{NUMBERS_OF}, index: 8", (None, "BadIndexRangeNoData")),
    "Matrix": (f"{MATRIX}, array: true", ((11, 12, 13, 21, 22, 23), "Good")),
    "Row": (f"{MATRIX}, index: '1,0:2'", ((21, 22, 23), "Good")),
    "Cell": (f"{MATRIX}, index: '1,2'", (23, "Good")),
    "Bits": (f"{node('Bits', 'bool')}, array: true", ((True, False, True), "Good")),
    "Texts": (f"{node('Texts', 'string')}, array: true", (("a", "b"), "Good")),
    "Empty": (f"{node('Empty', 'float')}, array: true", ((), "Good")),
    "NoArray": (f"{node('Double', 'float')}, array: true", UNFIT),
    **{n: (node(n, "float"), (None, "BadSensorFailure")) for n in ("NaN", "Infinity")},
    "Overridden": (node("Overridden", "float"), (7.0, "GoodLocalOverride")),
    **{n: (node(n, "string"), UNFIT) for n in ("LocalizedText", "ByteString", "DateTime", "Guid")},
}


@pytest.mark.parametrize("server", OPCUA_SERVERS, indirect=True)
async def test_every_type_array_and_quality_comes_as_it_is_or_not_at_all(
    server: ForeignServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    has_arrays = request.node.callspec.params["server"] == "open62541"
    for expected in (SCALARS, OTHERS, *[ARRAYS] * has_arrays):
        values = await read(opcua_site(tmp_path, server, {n: e for n, (e, _) in expected.items()}))
        assert values == {name: value for name, (_, value) in expected.items()}


SECURED = [each for each in get_args(Security) if each != "None"]
KEYS = ', security: {}, certificate: "{}"'


@pytest.mark.parametrize("server", ["node_opcua"], indirect=True)
async def test_trusted_we_speak_every_policy_and_mode(
    server: ForeignServer, folder: Path, tmp_path: Path
) -> None:
    tags = {"Double": node("Double", "float")}
    make_application(tmp_path, "peer")
    stranger = await discover_server(opcua_connector(opcua_site(tmp_path, server, tags)))
    assert set(stranger.offers) == {*SECURED, "None"}
    shown = stranger.certificate
    assert shown is not None
    pins = {each: KEYS.format(each, shown.thumbprint) for each in SECURED}
    for each in (stranger.security, SECURED[0]):
        with pytest.raises(NotConnected, match="most often it does not trust our certificate"):
            await opcua_connector(opcua_site(tmp_path, server, tags, pins[each])).open()
    site = opcua_site(tmp_path, server, tags, pins[SECURED[0]])
    async with asyncio.timeout(30.0):  # the server watches its folders
        while not await _is_trusted(site):
            # It forgets what it has rejected only if it has seen the file come before it goes.
            for known in (folder / "keys/trusted/certs").iterdir():
                copyfile(known, folder / "keys/rejected" / known.name)
            await asyncio.sleep(0.5)
            for rejected in (folder / "keys/rejected").iterdir():  # as its administrator would
                rejected.rename(folder / "keys/trusted/certs" / rejected.name)
            await asyncio.sleep(0.5)
    for each in SECURED:
        secured = await read(opcua_site(tmp_path, server, tags, pins[each]))
        assert secured == {"Double": (0.1, "Good")}, each


async def _is_trusted(site: Site) -> bool:
    with suppress(NotConnected):
        async with open_session(opcua_connector(site)):
            return True
    return False


def opcua_connector(site: Site) -> OpcuaConnector:
    return OpcuaConnector("peer", cast(OpcuaConnection, site.connections["peer"]), site.root)


# A holding register is its own address: 0x4142 is "AB", and 0x4049 with what follows is near pi.
REGISTERS: Mapping[str, tuple[str, bool | int | float | str]] = {
    "U16": (holding(40_000, "uint16"), 40_000),
    "I16": (holding(40_001, "int16"), 40_001 - 65_536),
    "Scaled": (holding(1234, "uint16", ", scale: 0.1, offset: -40"), 1234 * 0.1 - 40.0),
    "U32": (holding(0x0102, "uint32"), 0x01020103),
    "U32C": (holding(0x0204, "uint32", ", order: CDAB"), 0x02050204),
    "U32B": (holding(0x0306, "uint32", ", order: BADC"), 0x06030703),
    "U32D": (holding(0x0408, "uint32", ", order: DCBA"), 0x09040804),
    "I32": (holding(0xE000, "int32"), 0xE000E001 - 2**32),
    "U64": (holding(0x050A, "uint64"), 0x050A050B050C050D),
    "U64C": (holding(0x060C, "uint64", ", order: CDAB"), 0x060F060E060D060C),
    "U64B": (holding(0x070E, "uint64", ", order: BADC"), 0x0E070F0710071107),
    "U64D": (holding(0x0810, "uint64", ", order: DCBA"), 0x1308120811081008),
    "I64": (holding(0xE100, "int64"), 0xE100E101E102E103 - 2**64),
    "F32": (holding(0x4049, "float32"), struct.unpack(">f", b"\x40\x49\x40\x4a")[0]),
    "F64": (holding(0x4009, "float64"), struct.unpack(">d", b"@\x09@\x0a@\x0b@\x0c")[0]),
    "Text": ("table: holding, address: 0x4142, type: string, length: 3", "ABACAD"),
    "Bit1": ("table: holding, address: 6, bit: 1, type: bool", True),
    "Bit0": ("table: holding, address: 6, bit: 0, type: bool", False),
    "Input": ("table: input, address: 535, type: int", 65_000),
    "Coil": ("table: coil, address: 2001, type: bool", True),
    "NoCoil": ("table: coil, address: 2002, type: bool", False),
    "Discrete": ("table: discrete, address: 5, type: bool", True),
    "Last": (holding(ITEMS - 2, "uint16"), ITEMS - 2),
}


@pytest.mark.parametrize("server", MODBUS_SERVERS, indirect=True)
async def test_every_encoding_comes_as_it_is_and_an_unknown_address_alone_is_bad(
    server: ForeignServer, tmp_path: Path
) -> None:
    tags = {name: entry for name, (entry, _) in REGISTERS.items()}
    tags |= {"Beyond": holding(ITEMS + 1, "uint16"), "Across": holding(ITEMS - 1, "uint32")}
    expected: dict[str, tuple[object, str]] = {
        name: (pytest.approx(value), "Good") for name, (_, value) in REGISTERS.items()
    }
    expected |= dict.fromkeys(("Beyond", "Across"), UNKNOWN)
    for more in ("", ", window: 8", ", max_registers: 8, max_bits: 8"):
        assert await read(modbus_site(tmp_path, server, tags, more)) == expected, more


async def until(is_so: Any) -> None:
    async with asyncio.timeout(20.0):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def qualities(connection: Connection) -> set[Quality]:
    return {each.quality for each in connection.latest().values()}


def waiting(connection: Connection) -> bool:
    """Whether a tag has not come since the session began, or there is none."""
    none_yet = {"BadWaitingForInitialData", "BadNoCommunication"}
    latest = connection.latest().values()
    return not connection.is_connected or any(each.status.name in none_yet for each in latest)


def connection_of(site: Site) -> Connection:
    return Connection(connector_for(site, "peer"), list(site.tags.values()))


NUMBERED = {f"N-{each}": node(f"i={each}", "float") for each in range(1, NUMBERS + 1)}


@pytest.mark.parametrize("server", ["open62541"], indirect=True)
async def test_a_node_that_vanishes_takes_no_other(server: ForeignServer, tmp_path: Path) -> None:
    tags = {**NUMBERED, "Vanishing": node("Vanishing", "float")}
    async with connection_of(opcua_site(tmp_path, server, tags)) as connection:
        await until(lambda: qualities(connection) == {Quality.GOOD})
        server.tell("Vanishing")
        await until(lambda: Quality.BAD in qualities(connection))
        latest = dict(connection.latest())
        assert latest.pop("Vanishing.pv").status.name == "BadNodeIdUnknown"
        assert {each.quality for each in latest.values()} == {Quality.GOOD}
        assert connection.is_connected
        assert not connection.gaps


@pytest.mark.parametrize("server", SERVERS, indirect=True)
async def test_a_killed_server_turns_all_bad_at_once_and_all_come_back(
    server: ForeignServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    is_opcua = request.node.callspec.params["server"] in OPCUA_SERVERS
    spread = {f"R-{each}": holding(each, "uint16") for each in range(0, 5000, 250)}
    make = opcua_site if is_opcua else modbus_site
    scanned = connection_of(make(tmp_path, server, NUMBERED if is_opcua else spread))
    connections = [scanned]
    if is_opcua:
        told = opcua_site(tmp_path, server, {**NUMBERED, **DOUBTFUL}, ", updates: subscribe")
        connections.append(connection_of(told))
    async with AsyncExitStack() as stack:
        for connection in connections:
            await stack.enter_async_context(connection)
        await until(lambda: not any(waiting(each) for each in connections))
        values = [each.value for each in scanned.latest().values()]
        for connection in connections[1:]:
            await _is_told(connection)
        server.kill()
        await until(lambda: not any(each.is_connected for each in connections))
        assert [qualities(each) for each in connections] == [{Quality.BAD}] * len(connections)
        server.start()
        await until(lambda: not any(waiting(each) for each in connections))
        assert qualities(scanned) == {Quality.GOOD}
        assert len(scanned.gaps) == 1
        if not is_opcua:
            assert [each.value for each in scanned.latest().values()] == values
        for connection in connections[1:]:
            await _is_told(connection)


DOUBTS = {
    "Bad": "BadSensorFailure", "Uncertain": "UncertainSensorNotAccurate",
    "Missing": "BadNodeIdUnknown", "Double": "Good",
}  # fmt: skip
DOUBTFUL = {name: node(name, "float") for name in DOUBTS}


async def _is_told(connection: Connection) -> None:
    """The numbers count up together, and the others stand."""
    assert {n: connection.latest()[f"{n}.pv"].status.name for n in DOUBTS} == DOUBTS
    before = _number(connection, 1)
    await until(lambda: _number(connection, 1) >= before + 3.0)
    assert abs(_number(connection, NUMBERS) - _number(connection, 1) - (NUMBERS - 1)) <= 1.0
    assert connection.latest()["Double.pv"].quality is Quality.GOOD  # it did not change


def _number(connection: Connection, number: int) -> float:
    value = connection.latest()[f"N-{number}.pv"].value
    assert isinstance(value, float)
    return value
