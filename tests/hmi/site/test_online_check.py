"""What `check --online` says of devices that do not say what the site's files say."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.cells import cell_len

from handwheel.connectors.client import commissioning
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Array, DataValue, Value
from handwheel.connectors.session.protocols import Description, Sample, Subscription
from handwheel.hmi.shell.terminal import progress
from handwheel.hmi.site.commissioning.check_command import report_fields, report_lines
from handwheel.hmi.site.commissioning.online_check import OnlineCheck, check_devices

from ...plants.devices.scripted import Device, Devices
from ...sites.site_text import SITE, load

DCS = """\
schema: tags/1
tags:
  PT-1.pv: {connection: dcs, node: "nsu=u;s=PT-1", type: float, unit: m3/h, range: [0, 600]}
  PT-2.pv: {connection: dcs, node: "nsu=u;s=PT-2", type: float, unit: degC, range: [0, 100]}
  PT-3.pv: {connection: dcs, node: "nsu=u;s=PT-3", type: float, scale: 0.1, unit: bar}
  A-1.mode: {connection: dcs, node: "nsu=u;s=A-1", type: enum, members: {manual: 0, auto: 1}}
  A-2.mode: {connection: dcs, node: "nsu=u;s=A-2", type: int}
  A-3.on: {connection: dcs, node: "nsu=u;s=A-3", type: bool}
  T-1.profile: {connection: dcs, node: "nsu=u;s=T-1", type: float}
  T-2.profile: {connection: dcs, node: "nsu=u;s=T-2", type: float, array: true}
"""
WORDS = {"manual": 0, "auto": 1, "an\nother": 2}
SAID = {
    "PT-1.pv": Description("Float", "m³/h", (0.0, 600.0000001)),
    "PT-2.pv": Description("Double", "°F", (32.0, 212.5)),
    "PT-3.pv": Description("Int16", "mbar", (0.0, 10000.0)),
    "A-1.mode": Description("Int32", members=WORDS),
    "A-2.mode": Description("Enumeration", members=WORDS),
    "A-3.on": Description("Int16"),
    "T-1.profile": Description("Double", is_array=True),
    "T-2.profile": Description("Float", is_array=True),
}
VALUES: Mapping[str, Value | Array] = {
    "PT-1.pv": 5.0, "PT-2.pv": 101.0, "PT-3.pv": 1.0, "A-1.mode": 1, "A-2.mode": 0,
    "T-2.profile": tuple(float(n) for n in range(100)),
}  # fmt: skip


def site_of(folder: Path, scan: str = "500 ms") -> Site:
    text = SITE[: SITE.index("equipment:")].replace("50 ms, timeout", f"{scan}, timeout")
    return load(folder, text, DCS)


def checked(site: Site, dcs: Device, pkg: Device | None = None) -> OnlineCheck:
    return asyncio.run(check_devices(site, Devices({"dcs": dcs, "pkg": pkg or Device()})))


def test_what_a_device_says_otherwise_is_told_with_what_to_write(tmp_path: Path) -> None:
    site, device = site_of(tmp_path), Device(VALUES, SAID)
    check = checked(site, device)
    assert device.is_closed
    assert [f"{each.tag}: {each.text}" for each in check.faults] == [
        "PT-2.pv: 101 lies outside its range 0 to 100",
        "A-3.on: the device has Int16, not bool; write type: int",
        "A-3.on: BadNodeIdUnknown, at dcs nsu=u;s=A-3",
        "T-1.profile: the device has an array; write array: true, or index: for some of its "
        "elements",
        "T-1.profile: BadNodeIdUnknown, at dcs nsu=u;s=T-1",
    ]
    words = r'members: {manual: 0, auto: 1, "an\nother": 2}'
    assert [f"{each.tag}: {each.text}" for each in check.differences] == [
        'PT-2.pv: tags.yaml says degC; the device: unit: "°F"',
        "PT-2.pv: tags.yaml says [0, 100]; the device: range: [32, 212.5]",
        f"A-1.mode: tags.yaml says {{manual: 0, auto: 1}}; the device: {words}",
        f"A-2.mode: tags.yaml says nothing; the device: type: enum, {words}",
    ]  # a spelling, a rounding, a scaled number: no difference


def test_the_report_has_a_line_for_each_tag_and_short_names_fit_80_columns(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    check = checked(site, Device(VALUES, SAID), Device(faults={"unit 3": "no\x1b answer"}))
    lines = list(report_lines(site, check))
    assert lines[:9] == [
        "tag                     value unit  type     range   quality",
        "PT-1.pv                     5 m3/h  float    0..600  good",
        "PT-2.pv                   101 degC  float    0..100  good",
        "PT-3.pv                     1 bar   float            good",
        "A-1.mode                 auto       enum             good",
        "A-2.mode                    0       int              good",
        "A-3.on                      -       bool             ! BadNodeIdUnknown",
        "T-1.profile                 -       float            ! BadNodeIdUnknown",
        "T-2.profile  [0, 1, 2, …] 100       float[]          good",
    ]
    assert lines[9] == "dcs opc.tcp://127.0.0.1:4840: connected, 6 of 8 tags read good"
    assert lines[10].startswith("  connected in ")
    assert lines[11].startswith("  8 tags each 500 ms: a scan takes 0.0 ms, at worst ")
    assert lines[12] == "pkg modbus://127.0.0.1:5020/1: degraded, 0 of 0 tags read good"
    assert lines[13] == r"  unit 3: no\x1b answer"
    assert lines[15] == "wrong:"
    assert "to look at:" in lines
    assert max(map(len, lines[:15])) <= 80


def test_a_tag_of_30_characters_leaves_the_columns_of_all_lines_aligned(tmp_path: Path) -> None:
    long = "AreaNorth-Furnace-12.zone_temp"
    assert len(long) == 30
    text = SITE[: SITE.index("equipment:")]
    site = load(tmp_path, text, DCS.replace("T-2.profile", long).replace("m3/h", "m³/h 温"))
    values = {**VALUES, long: VALUES["T-2.profile"]}
    said = {**SAID, long: SAID["T-2.profile"]}
    lines = list(report_lines(site, checked(site, Device(values, said))))
    tags = lines[: len(site.tags) + 1]
    assert [line.split()[0] for line in tags] == ["tag", *site.tags]
    ends = [line.rpartition("good")[0] or line.partition("! ")[0] for line in tags[1:]]
    assert len({cell_len(each) for each in ends}) == 1
    assert f"{long}  [0, 1, 2, …] 100" in tags[-1]


def test_programs_get_the_same_with_times_in_seconds(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    check = checked(site, Device(VALUES, SAID), Device(down="refused"))
    told = json.loads(json.dumps(report_fields(site, check)))
    assert told["connections"]["pkg"] == {
        "where": "modbus://127.0.0.1:5020/1", "state": "disconnected", "reason": "refused",
    }  # fmt: skip
    dcs = told["connections"]["dcs"]
    assert dcs["state"] == "connected"
    assert 0.0 <= dcs["round_trip_s"]["median"] <= dcs["round_trip_s"]["worst"] < 1.0
    (scan,) = dcs["scans"]
    assert (scan["interval_s"], scan["tags"]) == (0.5, 8)
    assert dcs["load"] == pytest.approx(scan["median"] / 0.5, abs=1e-4)
    assert dcs["tags"]["T-2.profile"]["value"] == [float(n) for n in range(100)]
    assert dcs["tags"]["PT-2.pv"]["device"] == {
        "type": "Double", "is_array": False, "unit": "°F", "range": [32.0, 212.5], "members": {},
    }  # fmt: skip
    assert [each["tag"] for each in told["faults"]] == [each.tag for each in check.faults]
    assert [each["text"] for each in told["differences"]]


@dataclass
class Slow(Device):
    """Takes its time for each read, on a clock of its own."""

    takes_s: float = 0.03
    now_s: float = 100.0

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        self.now_s += self.takes_s
        await asyncio.sleep(0.005)
        return await super().read(tags)


def test_scans_that_take_too_long_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(VALUES, SAID, scan_s=0.01)
    monkeypatch.setattr(commissioning, "monotonic", lambda: slow.now_s)
    site = site_of(tmp_path / "one", "10 ms")
    assert checked(site, slow).scan_warnings == [
        "dcs: a scan of its 8 tags takes 30 ms, more than its interval, 10 ms; write a longer scan:"
    ]
    # Each interval has room for its own scan, and not for the other's too.
    text = DCS.replace('PT-1"', 'PT-1", scan: 35 ms')
    site = load(tmp_path / "two", SITE[: SITE.index("equipment:")], text)
    slow.scan_s = 0.05
    assert checked(site, slow).scan_warnings == [
        "dcs: its scans take 1.5 times the available time; "
        "write a longer scan: for the connection or for tags"
    ]
    slow.scan_s = 0.6
    assert checked(site, slow).scan_warnings == []


def test_what_takes_long_says_what_it_is_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(site_of(tmp_path), Slow(VALUES, SAID))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "_QUIET_S", 0.002)
    checked(site_of(tmp_path), Slow(VALUES, SAID))
    told = capsys.readouterr().err.splitlines()
    assert "handwheel: dcs: reading each 0.5 s: 8" in told


@dataclass
class Telling(Device):
    """Tells the value of each tag that it has, once, and nothing of others."""

    overflows: int = 0
    has_told: bool = False

    async def subscribe(self, groups: Mapping[float, Sequence[Tag]]) -> Subscription:
        assert {scan_s: len(tags) for scan_s, tags in groups.items()} == {0.01: 8}
        return self

    async def changes(self) -> Sequence[Sample]:
        if self.has_told:
            await asyncio.Event().wait()
        self.has_told = True
        return [(name, self.reading(name)) for name in self.values]


def test_a_subscription_is_tried_and_its_scans_are_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commissioning, "_ENOUGH_S", 0.3)
    site = site_of(tmp_path, "10 ms")
    device = Telling(VALUES, SAID, scan_s=0.01, is_subscribed=True)
    check = checked(site, device)
    assert check.scan_warnings == [
        "dcs: its subscription reported nothing for 2 tags: A-3.on, T-1.profile"
    ]
    (told,) = [line for line in report_lines(site, check) if "subscribed: " in line]
    assert told.startswith("  subscribed: 6 of 8 tags reported in ")
    assert device.is_closed
