"""mbpoll and libmodbus against the plant's two Modbus ports: one only reads, one takes writes."""

import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass

import pytest

from handwheel.connectors.modbus.encoder import ModbusEncoder
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.tags import Kind, RegisterAddress, Tag
from handwheel.connectors.session.protocols import DeviceIdentity
from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.model import Register, Value

from .clients import Plant, standing_plant

pytestmark = pytest.mark.interop

ON_MODBUS = {t.name: t.address for t in TAGS if isinstance(t.address, Register)}
PUMPS = {"P-101A": 0, "P-101B": 20}
COIL, DISCRETE, INPUT, HOLDING = "0", "1", "3", "4"
FLOAT, INT, HEX = "3:float", "3:int", "3:hex"
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = (
    "Illegal function", "Illegal data address", "Illegal data value",
)  # fmt: skip

# What a pump's package serves: mbpoll's data type, first offset, and the attributes from there on.
PUMP_MAP = (
    (COIL, 0, ("{p}.run_cmd", "{p}.reset")),
    (DISCRETE, 0, ("{p}.running", "{p}.tripped", "{p}.available")),
    (FLOAT, 0, ("{p}.speed", "IT-101{s}.pv", "VT-101{s}.pv", "TT-111{s}.pv")),
    (INT, 8, ("{p}.run_time", "{p}.starts")),
    (INPUT, 12, ("{p}.trip_cause",)),
    (HOLDING, 0, ("{p}.mode",)),
)
MAP = [
    (kind, base + offset, [name.format(p=pump, s=pump[-1]) for name in names])
    for pump, base in PUMPS.items()
    for kind, offset, names in PUMP_MAP
] + [(INT, 40, ["PKG-101.heartbeat", "PKG-101.time"]), (INPUT, 44, ["PKG-101.map_version"])]


@dataclass(frozen=True)
class Mbpoll:
    """mbpoll on one port, unit 1: each call is a connection of its own."""

    program: str
    port: int

    def read(self, kind: str, address: int, count: int = 1) -> list[str]:
        done = self._run("-t", kind, "-r", address, "-c", count)
        assert not done.stderr, done.stderr
        rows = [line.partition(":") for line in done.stdout.splitlines() if line.startswith("[")]
        return [text.strip() for _, _, text in rows]

    def refusal(self, kind: str, address: int, *values: float, **options: int) -> str:
        """Why a read, or a write of these values, was refused; empty if it was not."""
        extra = [word for name, value in options.items() for word in (f"-{name}", value)]
        done = self._run("-t", kind, "-r", address, *extra, values=values)
        assert bool(done.returncode) is bool(done.stderr)
        return done.stderr.strip().rpartition(": ")[2]

    def write(self, kind: str, address: int, *values: int) -> None:
        done = self._run("-t", kind, "-r", address, values=values)
        assert f"Written {len(values)} references" in done.stdout, done.stderr

    def _run(
        self, *options: str | float, values: tuple[int | float, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        command = [self.program, "-0", "-1", "-q", "-B", "-p", self.port, *options]
        words = [str(word) for word in (*command, "127.0.0.1", *values)]
        return subprocess.run(words, capture_output=True, text=True, timeout=10.0, check=False)


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Generator[Plant]:
    with standing_plant(tmp_path_factory.mktemp("plant")) as plant:
        yield plant


@pytest.fixture(scope="module")
def mbpoll() -> str:
    program = shutil.which("mbpoll")
    if program is None:
        pytest.skip("interop: mbpoll cannot be had, see tests/interop/install")
    return program


@pytest.fixture(scope="module")
def viewer(plant: Plant, mbpoll: str) -> Mbpoll:
    return Mbpoll(mbpoll, plant.process.ports["modbus"])


@pytest.fixture(scope="module")
def gate(plant: Plant, mbpoll: str) -> Mbpoll:
    return Mbpoll(mbpoll, plant.process.ports["modbus_gate"])


def own(plant: Plant) -> dict[str, Value]:
    return {name: value for name, value in plant.own_values().items() if name in ON_MODBUS}


def test_every_tag_reads_as_the_plant_has_it(plant: Plant, viewer: Mbpoll, gate: Mbpoll) -> None:
    expected = own(plant)
    assert sorted(name for _, _, names in MAP for name in names) == sorted(expected)
    for client in (viewer, gate):
        for kind, address, names in MAP:
            for name, text in zip(names, client.read(kind, address, len(names)), strict=True):
                # mbpoll prints six digits of a float
                assert float(text) == pytest.approx(float(expected[name]), rel=1e-5), name


def test_a_pump_out_of_remote_takes_no_command_and_a_refused_mode_changes_nothing(
    plant: Plant, gate: Mbpoll, viewer: Mbpoll
) -> None:
    before = own(plant)
    assert (before["P-101A.running"], before["P-101A.mode"]) == (True, 1)
    for at, mode in ((0, 2), (20, 0), (20, 65535)):  # A runs: no maintenance
        assert gate.refusal(HOLDING, at, mode) == ILLEGAL_VALUE, (at, mode)
        assert plant.frames[-1]["answer"] == "exception 3"
    assert own(plant) == before

    gate.write(HOLDING, 20, 2)
    away = before | {"P-101B.mode": 2, "P-101B.available": False}
    assert own(plant) == away
    assert viewer.read(HOLDING, 20) == ["2"]
    for values in ((1,), (1, 0)):
        assert gate.refusal(COIL, 20, *values) == ILLEGAL_VALUE
    assert own(plant) == away
    gate.write(HOLDING, 20, 1)
    assert own(plant) == before


def _writable(kind: Kind, address: RegisterAddress) -> Tag:
    return Tag("P-101B.item", "pkg", kind, address, writable=True)


ENCODED: list[tuple[str, float, Tag]] = [
    (COIL, 1, _writable("bool", RegisterAddress("coil", 20, "bit"))),
    (COIL, 0, _writable("bool", RegisterAddress("coil", 20, "bit"))),
    (HOLDING, 1, _writable("int", RegisterAddress("holding", 20, "uint16"))),
    ("4:int", 100_000, _writable("int", RegisterAddress("holding", 20, "int32"))),
    ("4:float", 0.1, _writable("float", RegisterAddress("holding", 20, "float32"))),
]


def test_our_encoder_makes_the_bytes_of_a_foreign_client(plant: Plant, gate: Mbpoll) -> None:
    config = ModbusConnection(kind="modbus", host="127.0.0.1")
    encoder = ModbusEncoder("pkg", config, DeviceIdentity("modbus", "", "", True, True))
    for kind, value, tag in ENCODED:
        mark = len(plant.frames)
        gate.refusal(kind, 20, value)
        (frame,) = plant.frames[mark:]
        wire = encoder.encode(tag, bool(value) if tag.kind == "bool" else value).wire
        assert wire == bytes([frame["unit"]]) + bytes.fromhex(frame["pdu"])
