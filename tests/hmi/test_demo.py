"""The demo's two stories, told whole by a faster plant."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.connection import STALE_SCANS
from handwheel.connectors.durations import format_duration
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.reader import SiteReader
from handwheel.connectors.values import BAD_NO_COMMUNICATION, GOOD, DataValue, StatusCode
from handwheel.hmi.child_process import ChildProcess
from handwheel.hmi.demo_run import DECIDING_SPEED, DemoRun
from handwheel.hmi.demo_stage import demo_stage
from handwheel.hmi.demo_story import SHOWN, STORIES, Slowdown, Story, Timeline
from handwheel.hmi.plants import create_plant, parse_fault
from handwheel.hmi.sitefiles import Link
from handwheel.sim_plant.errors import ServeError
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..served import frames_of, site_of

SCAN_S = 0.05
LATE_S = 90.0  # of plant time: a busy machine looks seldom

# The bearing goes in minutes instead of an hour.
BEARING = replace(
    STORIES["F01"],
    fault="F01@10s,d0=0.4,tau=10min",
    speed=80.0,
    slowdown=Slowdown("VT-101A.pv", 7.5, 30.0),
)
STRAINER = replace(STORIES["F02"], fault="F02@10s", speed=150.0)


async def tell(
    story: Story, folder: Path, approve_after_s: float | None = None, **ports: int
) -> float:
    """Tells a story, at other ports if wanted; returns the plant's speed at the end."""
    attended = approve_after_s is None
    async with demo_stage(folder, story, is_attended=attended, scan="50 ms") as stage:
        site = stage.site
        if ports:
            real = stage.plant.ready["ports"]
            opcua, modbus = (ports.get(each) or real[each] for each in ("opcua", "modbus"))
            link = Link(opcua, modbus, scan="50 ms")
            site = await asyncio.to_thread(site_of, folder / "other", link)
        async with SiteReader(site, site.find_tags(SHOWN)) as reader:
            run = DemoRun(story, site, reader, (stage.plant, stage.gate), stage.desk)
            await run.run(approve_after_s, is_live=False)
            return float(reader.latest()["SIM-CLOCK.speed"].value or 0.0)


def early_s(story: Story) -> float:
    """How far the clock that the screen shows may lag: it is scanned beside the alarms."""
    return STALE_SCANS * SCAN_S * story.speed


def summary(told: str) -> dict[str, float]:
    """Reads the time line that stands at the end: tag to plant seconds."""
    _, _, rest = told.partition("What the readers saw, in plant time:\n")
    lines, _, _ = rest.partition("\n\n")
    rows = [line.split(maxsplit=2) for line in lines.splitlines()]
    clocks = [[int(part) for part in clock.split(":")] for clock, _, _ in rows]
    return {
        tag: hours * 3600.0 + minutes * 60.0 + seconds
        for (_, tag, _), (hours, minutes, seconds) in zip(rows, clocks, strict=True)
    }


def oracle(story: Story, seconds: float) -> tuple[dict[str, float], float]:
    """The same plant stepped in process: when what rose, and the lowest header pressure."""
    plant = create_plant("cw-100", 1)
    simulation = Simulation(plant, Scenario((parse_fault(story.fault),)))
    rose: dict[str, float] = {}
    lowest_kpa = 1e9
    while plant.time_s < seconds:
        simulation.step()
        values = simulation.values()
        lowest_kpa = min(lowest_kpa, values["PT-102.pv"])
        for tag in ("VAH-101A.active", "PDAH-101.active", "P-101A.tripped", "P-101B.running"):
            if values[tag]:
                rose.setdefault(tag, plant.time_s)
    return rose, lowest_kpa


async def test_a_plant_that_does_not_start_says_why_once(tmp_path: Path) -> None:
    serve = ("plant", "serve", "cw-100", "--json", "--fault", "F99")
    with pytest.raises(ServeError, match=r"^the plant did not start: there is no fault"):
        async with ChildProcess("the plant", serve, tmp_path / "log"):
            pass


@pytest.mark.timeout(40)
async def test_what_is_approved_starts_the_standby_and_nothing_else_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await tell(BEARING, tmp_path, approve_after_s=0.0) == DECIDING_SPEED
    told = capsys.readouterr().out
    seen = summary(told)
    assert "P-101A.tripped" not in seen
    assert seen["VAH-101A.active"] < seen["P-101B.running"]
    frames = [frame["pdu"] for frame in frames_of(tmp_path / "frames.jsonl")]
    assert frames == ["050014ff00"]
    assert "01050014ff00  P-101B.run_cmd = true, approved by ben (unattended)\n" in told
    assert "intents 1: nothing is wrong\n" in told
    assert "because exactly that was approved" in told.splitlines()[-1]


@pytest.mark.timeout(40)
async def test_a_worn_bearing_that_nobody_acts_on_is_told_from_the_alarm_to_the_standby(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await tell(BEARING, tmp_path) == 30.0  # it has slowed down
    told = capsys.readouterr().out
    assert "not approved: answers are typed at a terminal" in told  # a pipe is no person
    *lines, last = told.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in (*lines, last) if line != line.rstrip()] == []
    assert "you are ben: read the card" in told
    assert "next: handwheel" not in told
    assert "beside what was approved:\n  none\n" in told
    assert "intents 0: nothing is wrong\n" in told
    assert frames_of(tmp_path / "frames.jsonl") == []
    seen = summary(told)
    rose, lowest_kpa = oracle(BEARING, 1200.0)
    story = ("VAH-101A.active", "P-101A.tripped", "P-101B.running")
    assert [tag for tag in seen if tag in story] == list(story)
    for tag in story:
        assert rose[tag] - early_s(BEARING) <= seen[tag] <= rose[tag] + LATE_S
    found = re.fullmatch(
        r"The alarm came (.+) before the trip: too short .* fell to (\d+) kPa\.", last
    )
    assert found is not None
    lead_s = seen["P-101A.tripped"] - seen["VAH-101A.active"]
    assert found[1] in {format_duration(lead_s + rounded) for rounded in (-1, -0.5, 0, 0.5, 1)}
    assert round(lowest_kpa) <= int(found[2]) < 350


@pytest.mark.timeout(40)
async def test_a_plugged_strainer_is_told_as_another_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await tell(STRAINER, tmp_path) == 150.0
    told = capsys.readouterr().out
    seen = summary(told)
    rose, _ = oracle(STRAINER, 600.0)
    story = ["PDAH-101.active", "PAL-102.active", "P-101B.running", "VAH-101B.active"]
    assert [tag for tag in seen if tag in story] == story
    for tag in ("VAH-101A.active", "PDAH-101.active", "P-101B.running"):
        assert rose[tag] - early_s(STRAINER) <= seen[tag] <= rose[tag] + LATE_S
    assert "P-101A.tripped" not in seen
    assert "PDT-101 is high" in told.split("\n\n")[-1]


def scan(plant_s: float, status: StatusCode = GOOD, **on: bool) -> dict[str, DataValue]:
    """One scan of everything; `P_101B_running=True` switches a tag on, the others are off."""
    values: dict[str, float | bool] = dict.fromkeys(SHOWN, False)
    values |= {"SIM-CLOCK.pv": plant_s, "PT-102.pv": 350.0 - plant_s / 100.0}
    for name, is_on in on.items():
        head, _, field = name.rpartition("_")
        values[f"{head.replace('_', '-')}.{field}"] = is_on
    return {name: DataValue(value, status, None, None, 0.0) for name, value in values.items()}


def timeline_of(*scans: dict[str, DataValue]) -> Timeline:
    timeline = Timeline()
    for readings in scans:
        timeline.add(readings)
    return timeline


def test_the_time_line_ends_though_the_standbys_edge_was_missed() -> None:
    running = timeline_of(scan(10.0, P_101B_running=True))
    assert not running.is_over
    running.add(scan(101.0, P_101B_running=True))
    assert running.is_over
    assert running.entries == []
    standing = timeline_of(scan(10.0), scan(101.0))
    assert not standing.is_over


def test_the_time_line_takes_only_what_is_good() -> None:
    bad = scan(50.0, BAD_NO_COMMUNICATION, PAL_102_active=True)
    timeline = timeline_of(scan(10.0), bad)
    assert (timeline.entries, timeline.now_s, timeline.lowest_kpa) == ([], 10.0, 349.9)
    timeline.add(scan(60.0, PAL_102_active=True))
    assert timeline.entries == [(60.0, "PAL-102.active", "alarm: header pressure low")]


ALARM = scan(60.0, VAH_101A_active=True)
TRIP = scan(3660.0, VAH_101A_active=True, P_101A_tripped=True)
STANDBY = scan(3700.0, P_101A_tripped=True, P_101B_running=True)
PLUGGED = scan(60.0, VAH_101A_active=True, PDAH_101_active=True)


@pytest.mark.parametrize(
    ("fault", "scans", "said", "unsaid"),
    [
        (
            "F01",
            [scan(1.0), ALARM, TRIP, STANDBY],
            "1 h 00 min before the trip: time enough",
            "not seen",
        ),
        ("F01", [scan(1.0), ALARM, TRIP, STANDBY], "standby saved the process", "process tripped"),
        ("F01", [TRIP, STANDBY], "The alarm of P-101A was not seen to come", "before the trip"),
        ("F01", [scan(1.0), ALARM], "P-101A was not seen to trip. The standby was not", "saved"),
        ("F01", [STANDBY | {"I-06.active": TRIP["P-101A.tripped"]}], "process tripped", "saved"),
        ("F01", [], "not seen", "kPa"),
        ("F02", [scan(1.0), PLUGGED], "The same alarm as a worn bearing", "change-over"),
        ("F02", [scan(1.0)], "PDT-101 was not seen high", "Clean"),
        ("F02", [scan(1.0), scan(60.0, PDAH_101_active=True)], "PDT-101 is high", "same alarm"),
        ("F02", [scan(1.0), scan(60.0, VAH_101B_active=True)], "standby vibrates", "is high"),
    ],
)
def test_the_moral_says_what_was_seen(
    fault: str, scans: list[dict[str, DataValue]], said: str, unsaid: str
) -> None:
    moral = STORIES[fault].moral(timeline_of(*scans))
    assert said in moral
    assert unsaid not in moral


async def test_a_demo_without_a_good_reading_ends_with_the_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handwheel.hmi.demo_run._SILENCE_S", 1.0)
    with pytest.raises(NotConnected) as caught:
        await tell(STRAINER, tmp_path, opcua=1, modbus=2)
    reasons = {
        "dcs": "opc.tcp://127.0.0.1:1: connection refused",
        "pkg": "modbus://127.0.0.1:2/1: connection refused",
    }
    assert caught.value.endpoints == reasons
    told = capsys.readouterr().out
    for name, reason in reasons.items():
        assert told.count(f"0:00:00  {name} connecting: {reason}\n") == 1


async def test_a_demo_whose_story_does_not_come_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handwheel.hmi.demo_run._LONGEST_S", 2.0)
    await tell(replace(BEARING, fault="F01@10h"), tmp_path)
    told = capsys.readouterr().out
    assert "Ended after 2 s, before the end of the story." in told
    assert "The standby was not seen to run." in told
    assert "dcs connected\n" in told
    assert not re.search(r"disconnected|Bad", told)


async def test_values_that_are_not_good_say_so_in_a_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handwheel.hmi.demo_run._LONGEST_S", 1.5)
    await tell(replace(BEARING, fault="F01@10h"), tmp_path, modbus=2)
    told = capsys.readouterr().out
    assert told.count("pkg connecting: modbus://127.0.0.1:2/1: connection refused\n") == 1
    assert re.search(r"VT-101A.pv - mm/s BadWaitingForInitialData\n.*  PT-102.pv 3\S+ kPa\n", told)
    assert max(len(line) for line in told.splitlines()[:-1]) <= 80
