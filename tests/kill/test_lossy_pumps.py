"""The lossy device: it reads like the package of `cw-100`, and its record tells the truth."""

import json
import socket
import struct
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import pytest

from handwheel.connectors.client.site_reader import read_once, survey
from handwheel.connectors.model.values import Quality

from ..auditor.checks.frames import read_frames
from ..plants.devices.frame_log import FrameLog
from ..plants.devices.lossy_pumps import Device, Faults
from ..plants.served import frames_of, site_of
from .site import link_of_ports

ROOT = Path(__file__).parents[2]
START_B = bytes.fromhex("050014ff00")
STOP_B = bytes.fromhex("0500140000")
RUN_B = bytes.fromhex("0100140001")


@dataclass
class Client:
    """Asks one port; an answer that does not come is `None`."""

    port: int

    def ask(self, pdu: bytes, within_s: float = 5.0, unit: int = 1) -> bytes | None:
        with socket.create_connection(("127.0.0.1", self.port), within_s) as connection:
            connection.sendall(struct.pack(">HHHB", 7, 0, len(pdu) + 1, unit) + pdu)
            try:
                return connection.recv(300)[7:]
            except TimeoutError:
                return None


@contextmanager
def _device(log: Path, *options: str) -> Generator[tuple[Client, Client]]:
    command = [
        sys.executable,
        "-m",
        "tests.plants.devices.lossy_pumps",
        "--frame-log",
        str(log),
        *options,
    ]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ports = json.loads(process.stdout.readline())["ports"]
            yield Client(ports["modbus"]), Client(ports["modbus_gate"])
        finally:
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(timeout=60) == 0, "it ends with its standard input"


NEVER = ("--lose", "0", "--swallow", "0")


async def test_a_site_of_the_plant_reads_it(tmp_path: Path) -> None:
    with _device(tmp_path / "frames", *NEVER) as (viewer, gate):
        site = site_of(tmp_path / "site", link_of_ports(viewer.port, gate.port))
        tags = [tag for tag in site.tags.values() if tag.connection == "pkg"]
        values = await read_once(site, tags)
        looked = await survey(site, [], [site.tags["P-101B.run_cmd"]])
    assert all(value.status.quality is Quality.GOOD for value in values.values())
    assert values["P-101A.running"].value is True
    assert values["P-101A.speed"].value == 100.0
    assert values["P-101B.run_cmd"].value is False
    assert values["P-101B.mode"].value == 1
    assert values["PKG-101.map_version"].value == 1
    identity = looked.encoders["pkg"].identity
    assert identity.name == "Handwheel cw-100 simulated plant"
    assert identity.is_simulator


def test_a_write_is_recorded_executed_and_answered(tmp_path: Path) -> None:
    log = tmp_path / "frames"
    with _device(log, *NEVER) as (viewer, gate):
        assert gate.ask(START_B) == START_B
        assert viewer.ask(RUN_B) == b"\x01\x01\x01"
        assert viewer.ask(STOP_B) == b"\x85\x01"
        assert gate.ask(bytes.fromhex("0600000002")) == bytes.fromhex("0600000002")
        assert gate.ask(bytes.fromhex("0500000000")) == b"\x85\x03", "not in remote"
        assert gate.ask(STOP_B, unit=2) == b"\x85\x0b"
        assert gate.ask(bytes.fromhex("100014000102ffff")) == b"\x90\x03"
        assert gate.ask(bytes.fromhex("0f001400010100")) == bytes.fromhex("0f00140001")
        assert viewer.ask(RUN_B) == b"\x01\x01\x00"
    ok, no = "ok", "exception"
    answers = [frame["answer"].split()[0] for frame in frames_of(log)]
    assert answers == [ok, no, ok, no, no, no, ok]
    seen = list(read_frames(log.read_text()))
    assert [frame.n for frame in seen if frame.is_accepted] == [1, 3, 7]
    assert seen[0].wire == "01" + START_B.hex()


@pytest.mark.parametrize(("fault", "executed"), [("--lose", 1), ("--swallow", 0)])
def test_a_lost_answer_never_comes(tmp_path: Path, fault: str, executed: int) -> None:
    log = tmp_path / "frames"
    with _device(log, *NEVER, fault, "1") as (viewer, gate):
        assert gate.ask(START_B, within_s=0.1) is None
        assert viewer.ask(RUN_B) == bytes([1, 1, executed])
    assert [frame["answer"] for frame in frames_of(log)] == ["ok" if executed else "swallowed"]
    (arrived,) = read_frames(log.read_text())
    assert (arrived.is_accepted, arrived.port) == (bool(executed), gate.port)


def test_a_seed_repeats_its_luck(tmp_path: Path) -> None:
    def answered(seed: int) -> list[bool]:
        device = Device(FrameLog(tmp_path / "frames"), Faults(), seed)
        return [device.answer("gate", 0, "", 1, START_B) is not None for _ in range(2000)]

    assert answered(1) == answered(1) != answered(2)
    assert 0.82 < sum(answered(3)) / 2000 < 0.88
