"""From nothing to live values of a device of one's own, with four commands for each protocol.

The devices are processes on other people's libraries, not our simulator.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site

from ...command_line import handwheel
from ...forked_process import ForkedProcess

ROOT = Path(__file__).parents[3]


@contextmanager
def device(name: str) -> Generator[str]:
    """Serves a device and yields its port."""
    command = (sys.executable, "-m", f"tests.plants.devices.{name}")
    with ForkedProcess(command, cwd=ROOT) as process:
        yield process.stdout.readline().strip()


def said(*words: str, code: int = 0) -> list[str]:
    done = handwheel(*words)
    assert (done.returncode, done.stderr) == (code, "")
    return done.stdout.splitlines()


def test_a_server_of_ones_own_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HANDWHEEL_SITE", raising=False)
    with device("opcua_boiler") as port:
        url = f"opc.tcp://127.0.0.1:{port}"
        made = said("init", "kessel", "--connect", url)
        assert made[:8] == [
            "kessel: a site with 1 device, which Handwheel only reads",
            f"opcua  {url}",
            "  server    urn:example:boiler",
            "  security  None: it offers no encryption that is supported here",
            "  tags      5 in tags.yaml, read only",
            "            named after their nodes, as EQUIPMENT.attribute; rename them there",
            "            1 of them is writable at the server",
            "            2 variables left out, of a type that no tag has: MotorTyp, DateTime",
        ]
        assert [line.split()[:2] for line in made[8:13]] == [
            ["Kessel-1.druck", "3.5"],
            ["Kessel-1.druck_soll", "4"],
            ["Kessel-1.betrieb", "an"],
            ["Kessel-1.fullstand", "true"],
            ["Motor.strom", "12.5"],
        ]
        assert made[13:] == ["    5 of 5 tags read good", "next: handwheel tags read --site kessel"]
        checked = said("check", "--site", "kessel")
        assert checked == ["site kessel: 1 connection, 5 tags, 0 pieces of equipment: no problems"]
        assert said("tags", "import", "opcua", "--site", "kessel")[1] == "5 tags already there"
        assert said("tags", "read", "--site", "kessel")[0].split()[:4] == [
            "Kessel-1.druck", "3.5", "bar", "Good",
        ]  # fmt: skip
    tags = load_site(tmp_path / "kessel").tags
    assert tags["Kessel-1.druck"].span == (0.0, 16.0)
    assert "s=Kessel/Füllstand" in str(tags["Kessel-1.fullstand"].address)
    assert not any(tag.writable for tag in tags.values())


MAP = """\
name,table,address,type,encoding,order,scale,unit
E-1.power,input,10,float,,CDAB,,kW
E-1.starts,input,14,int,uint32,,,
E-1.mode,holding,100,int,,,,
E-1.temp,holding,102,float,int16,,0.1,degC
E-1.on,coil,0,bool
"""


def test_a_meter_of_ones_own_is_read_by_its_registers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with device("modbus_meter") as port:
        url = f"modbus://127.0.0.1:{port}/1"
        made = said("init", "meter", "--connect", url)
        assert made == [
            "meter: a site with 1 device, which Handwheel only reads",
            f"modbus  {url}",
            "  device    does not tell what it is",
            "  answers   where it was asked; other addresses may answer too",
            "    holding   100..102",
            "    input     10..15",
            "    coil      0..15",
            "    discrete  0..15",
            "  tags      none, because Modbus does not tell what its registers hold",
            "next: handwheel tags peek modbus input 10..15 --site meter",
        ]
        assert load_site(tmp_path / "meter").tags == {}
        peeked = said("tags", "peek", "modbus", "input", "8..16", "--site", "meter")
        assert peeked[2] == "    8..9  exception 2, illegal data address"
        assert peeked[3].split()[4:] == ["float", "-", "71.25", "-", "-"]
        assert "100000" in peeked[-9]
        (tmp_path / "map.csv").write_text(MAP)
        assert peeked[-1] == "next: handwheel tags import map.csv --site meter"
        assert said("tags", "import", "map.csv", "--site", "meter")[0].startswith("5 tags added")
        read = said("tags", "read", "--site", "meter")
        assert [line.split()[:2] for line in read] == [
            ["E-1.power", "71.25"], ["E-1.starts", "100000"], ["E-1.mode", "3"],
            ["E-1.temp", "0.7"], ["E-1.on", "true"],
        ]  # fmt: skip
        listed = said("tags", "list", "E-1.on", "--site", "meter")
        assert listed == ["E-1.on  bool  modbus  coil 0 bit"]
        assert "# E-1.power:" in (tmp_path / "meter/tags.yaml").read_text()


def test_a_device_that_does_not_answer_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "new/site"
    urls = ("opc.tcp://127.0.0.1:1", "modbus://127.0.0.1:2/7")
    done = handwheel("init", str(place), *(word for url in urls for word in ("--connect", url)))
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "handwheel: not reachable: opcua: opc.tcp://127.0.0.1:1: connection refused",
        "handwheel: not reachable: modbus: modbus://127.0.0.1:2/7: connection refused",
    ]
    assert list(tmp_path.iterdir()) == []
