"""A week of `cw-100` at three loads with advised set points, beside the same week without."""

from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.lookahead.load import SiteTwin
from handwheel.connectors.model.site import load_site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.evaluation.twins.cw100.twin import CoolingWaterTwin
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.language.libraries import library_folder
from handwheel.playbooks.language.loader import parse_playbook
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.cw100.plant import create

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

LOADS = (30.0, 36.0, 42.0)  # m3/h of product
EACH_S = 56 * 3600.0
SEED = 21
STEP_S, OPEN_STEP_S = 5.0, 1.0  # of the room, while nothing is open and while a run is
LIMITS = {
    "PT-102.pv": (300.0, 600.0), "TT-202.pv": (0.0, 50.0), "TT-106.pv": (0.0, 29.5),
    "TV-202.pos": (0.0, 90.0),
}  # fmt: skip
"""Invariants of the playbook."""


class Meter:
    """Energy at each load, kWh, by the objective of the playbook."""

    def __init__(self, plant: Plant) -> None:
        self.plant, self.kwh = plant, dict.fromkeys(LOADS, 0.0)

    def move_load(self, now_s: float) -> float:
        """Moves the product by 1 m3/h a minute, and returns the load that is wanted."""
        wanted = LOADS[min(int(now_s // EACH_S), len(LOADS) - 1)]
        before = LOADS[max(LOADS.index(wanted) - 1, 0)]
        ramp = before + (now_s % EACH_S) / 60.0
        self.plant.write("FIC-201.sp", min(ramp, wanted) if wanted > before else wanted)
        return wanted

    def read(self, load: float, seconds: float) -> None:
        """Adds what has been used at a load for some seconds."""
        read = self.plant.measurements()
        fan = read["SC-106.pv"] / 100.0
        power = 0.53 * (read["IT-101A.pv"] + read["IT-101B.pv"]) + 5.5 * fan**3
        self.kwh[load] += power * seconds / 3600.0


def plain_week() -> Meter:
    """The same plant, noise and loads with the set points as they are."""
    plant = create(SEED)
    meter, now_s = Meter(plant), 0.0
    while now_s < len(LOADS) * EACH_S:
        load = meter.move_load(now_s)
        for _ in range(int(STEP_S / plant.step_s)):
            plant.step()
        plant.drain_events()
        now_s += STEP_S
        meter.read(load, STEP_S)
    return meter


def _rows(room: SteppedTrial, kind: str) -> list[dict[str, Any]]:
    rows = (row.fields for case in room.cases for row in room.database.find_rows(case))
    return [dict(each["body"]) for each in rows if each["kind"] == kind]


async def test_a_week_of_advice_saves_power_at_each_load_within_its_limits(tmp_path: Path) -> None:
    write_site(tmp_path / "cw", create(None), PlantEndpoints())
    twin = SiteTwin("cw-100", CoolingWaterTwin(), 0.05, 3600.0)
    text = (library_folder() / "cw/energy-advice.yaml").read_text(encoding="utf-8")
    text = text.replace("every: 4 h", "every: 12 h").replace("tests: [tests/", "# tests: [tests/")
    advice = [parse_playbook(text)]
    site = load_site(tmp_path / "cw")
    worst: dict[str, tuple[float, float]] = {}
    async with SteppedTrial.open(site, create, seed=SEED, library=advice, twin=twin) as room:
        meter = Meter(room.plant.simulation.plant)
        while room.now_s < len(LOADS) * EACH_S:
            load = meter.move_load(room.now_s)
            is_open = any(not each.is_closed for each in room.runs.values())
            step_s = OPEN_STEP_S if is_open else STEP_S
            await room.step(step_s)
            meter.read(load, step_s)
            for each in [one for one in room.waiting if one.state == "PENDING"]:
                room.people.approve(each.request, "anna")
            for tag in LIMITS:
                value = float(room.values[tag])
                low, high = worst.get(tag, (value, value))
                worst[tag] = min(low, value), max(high, value)
        promised, measured = _rows(room, "case.promised"), _rows(room, "case.measured")
        states = [str(each.state) for each in room.runs.values()]
    plain = plain_week()
    for wanted in LOADS:
        saved = 1.0 - meter.kwh[wanted] / plain.kwh[wanted]
        print(f"{wanted:g}: {plain.kwh[wanted]:.1f} → {meter.kwh[wanted]:.1f} kWh, {saved:.1%}")
    for row in (*promised, *measured):
        print(row["text"])
    print(states, worst)
    assert all(meter.kwh[one] < plain.kwh[one] for one in LOADS)
    assert set(states) == {"COMPLETE"}
    for tag, (low, high) in LIMITS.items():
        assert low < worst[tag][0], tag
        assert worst[tag][1] < high, tag
