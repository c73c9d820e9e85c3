"""Foreign clients read a whole fault, and every value is that of the same run in memory."""

import csv
import json
import struct
from collections.abc import Generator, Mapping
from pathlib import Path
from time import sleep

import pytest

from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.model import Node, Register

from ..command_line import handwheel
from .clients import Conversation, Plant, compiled, standing_plant, viewer_of

pytestmark = pytest.mark.interop

# A bearing wears until I-02 trips its pump and I-03 starts the other one.
FAULT = ("--fault", "F01@30s,d0=0.3,tau=600")
TRIPS_BEFORE_S = 800.0
LASTS_S = 960.0
CLOCK = "SIM-CLOCK.pv"
Paper = Mapping[float, Mapping[str, float]]
STEP_S = 0.5
ON_OPCUA = [CLOCK, *(tag.name for tag in TAGS if isinstance(tag.address, Node))]
ON_MODBUS = {tag.name: tag.address for tag in TAGS if isinstance(tag.address, Register)}
HEARTBEAT = "0400280002"  # PKG-101.heartbeat, one more in every step
FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
FORMATS = {"uint16": ">H", "uint32": ">I", "float32": ">f"}
WORDS = {"bit": 1, "uint16": 1, "uint32": 2, "float32": 2}


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """The run without sockets, as far as a machine that stalls may come: every tag and step."""
    path = tmp_path_factory.mktemp("paper") / "run.csv"
    options = ("--for", "40min", "--every", "0.5s", "--csv", str(path))
    done = handwheel("plants", "run", "cw-100", *FAULT, *options)
    assert "P-101A tripped by I-02" in done.stdout, done.stderr
    with path.open(encoding="utf-8") as file:
        rows = [{name: _number(text) for name, text in row.items()} for row in csv.DictReader(file)]
    return {row["time_s"]: row for row in rows}


def _number(text: str) -> float:
    return float({"True": "1", "False": "0"}.get(text, text))


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Generator[Plant]:
    """The same run behind the servers, standing still at its start."""
    with standing_plant(tmp_path_factory.mktemp("plant"), "--seed", "1", *FAULT) as plant:
        yield plant


def test_both_protocols_show_the_whole_fault(plant: Plant, paper: Paper, tmp_path: Path) -> None:
    needs = "#include <modbus/modbus.h>\n"
    mbprobe = compiled(tmp_path, "mbprobe", needs, sources=("mbprobe.c",), library="modbus")
    viewer = viewer_of(plant, tmp_path)
    question = "\t".join(["sample", *(f"ns=1;s={name}" for name in ON_OPCUA)])
    times, modbus_times = set[float](), set[float]()
    with (
        Conversation([viewer.program, plant.endpoint]) as opcua,
        Conversation([mbprobe, str(plant.process.ports["modbus"])]) as modbus,
    ):
        assert opcua.hear() == "Good"
        time_s = 0.0
        while time_s < LASTS_S:
            plant.command("speed 600")
            sleep(0.05)
            sample = _sample(opcua.ask(question))
            plant.command("speed 0")  # a busy client reads no scan of one step while it runs
            time_s = sample.pop(CLOCK)
            row = paper.get(time_s, sample)
            assert sample == {name: row[name] for name in sample}, time_s
            times.add(time_s)
            while not (scan := _scan(modbus)):
                pass
            scanned_s = scan["PKG-101.heartbeat"] * STEP_S
            row = paper.get(scanned_s, scan)
            assert scan == {n: _rounded(at, row[n]) for n, at in ON_MODBUS.items()}, scanned_s
            modbus_times.add(scanned_s)
    for seen in (times & paper.keys(), modbus_times & paper.keys()):
        assert len(seen) >= 5
        assert max(seen) > TRIPS_BEFORE_S


def _sample(answer: str) -> dict[str, float]:
    values = [json.loads(text)["Body"] for text in answer.split("\t")]
    return dict(zip(ON_OPCUA, (float(value) for value in values), strict=True))


def _scan(client: Conversation) -> dict[str, float]:
    """Every tag on Modbus, or nothing if the plant has moved on in between."""
    before = client.ask(HEARTBEAT)
    values = {name: _read(client, place) for name, place in ON_MODBUS.items()}
    return values if client.ask(HEARTBEAT) == before else {}


def _read(client: Conversation, place: Register) -> float:
    count = WORDS[place.encoding]
    answer = client.ask(f"{FUNCTIONS[place.table]:02x}{place.address:04x}{count:04x}")
    raw = bytes.fromhex(answer[4:])
    if place.encoding == "bit":
        return float(raw[0] & 1)
    return float(struct.unpack(FORMATS[place.encoding], raw)[0])


def _rounded(place: Register, value: float) -> float:
    """To the four bytes that Modbus has for it."""
    is_float = place.encoding == "float32"
    return float(struct.unpack(">f", struct.pack(">f", value))[0]) if is_float else value
