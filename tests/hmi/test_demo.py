"""The demo's two stories, told whole by a faster plant."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.durations import format_duration
from handwheel.connectors.reader import SiteReader
from handwheel.hmi.demo_run import DemoRun
from handwheel.hmi.demo_story import STORIES, Story
from handwheel.hmi.plant_process import PlantProcess
from handwheel.hmi.plants import create_plant, parse_fault
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..served import site_of

LATE_S = 90.0  # of plant time: a busy machine looks seldom

# The bearing goes in minutes instead of an hour.
BEARING = replace(
    STORIES["F01"], fault="F01@10s,d0=0.5,tau=2min", speed=40.0, slow_over=7.5, slow_speed=30.0
)
STRAINER = replace(STORIES["F02"], fault="F02@10s", speed=150.0, slow_speed=150.0)


async def tell(story: Story, folder: Path) -> None:
    arguments = ("--speed", f"{story.speed:g}", "--fault", story.fault)
    async with PlantProcess("cw-100", arguments, folder / "plant.log") as plant:
        site = await asyncio.to_thread(site_of, folder / "site", replace(plant.link, scan="50 ms"))
        async with SiteReader(site, site.find_tags(DemoRun.TAGS)) as reader:
            await DemoRun(story, site, reader, plant).run(is_live=False)


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


@pytest.mark.timeout(40)
async def test_a_worn_bearing_is_told_from_the_alarm_to_the_standby(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await tell(BEARING, tmp_path)
    told = capsys.readouterr().out
    seen = summary(told)
    rose, lowest_kpa = oracle(BEARING, 200.0)
    story = ("VAH-101A.active", "P-101A.tripped", "P-101B.running")
    assert [tag for tag in seen if tag in story] == list(story)
    for tag in story:
        assert int(rose[tag]) <= seen[tag] <= rose[tag] + LATE_S
    moral = " ".join(told.split("\n\n")[-1].split())
    found = re.fullmatch(r"The alarm came (.+) before the trip.* fell to (\d+) kPa first\.", moral)
    assert found is not None
    lead_s = seen["P-101A.tripped"] - seen["VAH-101A.active"]
    assert found[1] in {format_duration(lead_s + rounded) for rounded in (-1, -0.5, 0, 0.5, 1)}
    assert round(lowest_kpa) <= int(found[2]) < 350


@pytest.mark.timeout(40)
async def test_a_plugged_strainer_is_told_as_another_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await tell(STRAINER, tmp_path)
    told = capsys.readouterr().out
    seen = summary(told)
    rose, _ = oracle(STRAINER, 600.0)
    story = ["PDAH-101.active", "PAL-102.active", "P-101B.running", "VAH-101B.active"]
    assert [tag for tag in seen if tag in story] == story
    for tag in ("VAH-101A.active", "PDAH-101.active", "P-101B.running"):
        assert int(rose[tag]) <= seen[tag] <= rose[tag] + LATE_S
    assert "P-101A.tripped" not in seen
    assert "PDT-101 is high" in told.split("\n\n")[-1]
