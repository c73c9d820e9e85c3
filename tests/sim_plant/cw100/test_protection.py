"""Alarms and interlocks of the skid, each at its published limit, a little before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from handwheel.sim_plant.cw100.control import interlocks
from handwheel.sim_plant.cw100.control.interlocks import InterlockState
from handwheel.sim_plant.cw100.process.pump import MAINTENANCE, PumpState
from handwheel.sim_plant.errors import WrongState
from handwheel.sim_plant.model import Value
from handwheel.sim_plant.scenario import FieldEvent, Scenario, WriteEvent
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import warm
from ..stepping import go_on

NORMAL = {
    "LT-101": 70.0, "PT-102": 350.0, "FT-103": 36.0, "TT-202": 48.0,
    "VT-101A": 1.1, "VT-101B": 0.1, "TT-111A": 38.0, "TT-111B": 25.0,
}  # fmt: skip


@dataclass
class Plc:
    """The interlocks alone, scanned every half second; A is the duty pump."""

    state: InterlockState
    pumps: dict[str, PumpState]
    time_s: float = 0.0

    def until(self, tag: str, readings: Mapping[str, float], at_most_s: float) -> float | None:
        """Scans until something happens to the tag; returns the time since the call."""
        for scan in range(round(at_most_s * 2)):
            notes = list(interlocks.scan(self.state, self.pumps, readings))
            for pump in self.pumps.values():
                pump.since_command_s += 0.5
            if any(note[1] == tag for note in notes):
                return (scan + 1) * 0.5
        return None


def plc() -> Plc:
    duty = PumpState(speed=0.9, run_command=True)
    return Plc(InterlockState(), {"P-101A": duty, "P-101B": PumpState()})


TRIPS = [
    # reading, at the limit, beyond it, cause, seconds until the trip (the scan counts)
    ("LT-101", 15.0, 14.9, 1, 0.5),
    ("VT-101A", 8.1, 8.2, 2, 5.0),
    ("TT-111A", 95.0, 95.1, 5, 0.5),
    ("FT-103", 10.0, 9.9, 7, 10.0),
]


def test_a_trip_comes_beyond_its_limit_after_its_time_and_resets_when_its_cause_is_gone() -> None:
    for reading, limit, beyond, cause, after_s in TRIPS:
        unit = plc()
        assert unit.until("P-101A", NORMAL | {reading: limit}, 60.0) is None
        bad = NORMAL | {reading: beyond}
        assert unit.until("P-101A", bad, 60.0) == after_s
        pump = unit.pumps["P-101A"]
        assert (pump.trip_cause, pump.run_command) == (cause, False)
        assert interlocks.status(unit.state, unit.pumps, NORMAL)[f"I-0{cause}.active"]
        pump.speed = 0.0
        is_seen_at_rest = cause != 7
        assert interlocks.reset(unit.state, pump, "P-101A", bad) is not is_seen_at_rest, reading
        pump.trip_cause = cause
        assert interlocks.reset(unit.state, pump, "P-101A", NORMAL), reading
        assert (pump.trip_cause, pump.run_command) == (0, False), reading


def test_i_06_trips_the_process_above_sixty_degrees_and_latches() -> None:
    unit = plc()
    assert unit.until("I-06", NORMAL | {"TT-202": 60.0}, 60.0) is None
    assert unit.until("I-06", NORMAL | {"TT-202": 60.1}, 60.0) == 0.5
    assert unit.until("I-06", NORMAL, 10.0) is None
    assert interlocks.status(unit.state, unit.pumps, NORMAL)["I-06.active"]


LOW = NORMAL | {"PT-102": 249.9, "FT-103": 20.0}


def test_i_03_starts_the_standby_after_three_seconds_and_is_blind_for_twenty() -> None:
    unit = plc()
    assert unit.until("I-03", LOW | {"PT-102": 250.0}, 30.0) is None
    assert unit.until("I-03", LOW, 30.0) == 3.0
    assert unit.pumps["P-101B"].run_command
    unit.pumps["P-101B"].run_command = False
    assert unit.until("I-03", LOW, 60.0) == 23.0


def test_i_03_starts_only_a_pump_that_may_start() -> None:
    cases: list[tuple[dict[str, Any], bool]] = [
        ({}, True),
        ({"trip_cause": 8}, False),
        ({"mode": MAINTENANCE}, False),
        ({"since_command_s": 30.0}, False),  # stopped by command less than a minute ago
    ]
    for change, starts in cases:
        unit = plc()
        unit.pumps["P-101B"] = replace(unit.pumps["P-101B"], **change)
        assert (unit.until("I-03", LOW, 10.0) is not None) is starts


def test_i_03_is_armed_for_a_minute_after_the_last_command() -> None:
    for wait_s, starts in ((50.0, True), (61.0, False)):
        unit = plc()
        unit.pumps["P-101A"].trip(8)
        unit.until("-", NORMAL, wait_s)
        assert (unit.until("I-03", LOW, 10.0) is not None) is starts


def test_a_pump_that_is_stopped_on_purpose_stays_stopped() -> None:
    stopped = WriteEvent("P-101B.mode", MAINTENANCE), WriteEvent("P-101A.run_cmd", 0, 1.0)
    plant = Simulation(warm(), Scenario((WriteEvent("FIC-201.sp", 0.0), *stopped)))
    plant.run(70.0)  # I-03 would start it again at 61 s
    assert plant.values()["P-101A.run_cmd"] is False


def test_i_03_waits_for_water_and_for_the_reset_of_i_07() -> None:
    unit = plc()
    unit.pumps["P-101A"].trip(8)
    assert unit.until("I-03", LOW | {"LT-101": 14.0}, 10.0) is None
    assert unit.until("I-03", LOW, 10.0) == 3.0
    unit = plc()
    assert unit.until("P-101A", LOW | {"FT-103": 0.0, "PT-102": 350.0}, 20.0) == 10.0
    assert unit.until("I-03", LOW, 30.0) is None
    assert interlocks.reset(unit.state, unit.pumps["P-101A"], "P-101A", NORMAL)
    assert unit.until("I-03", LOW, 10.0) == 3.0
    assert not unit.pumps["P-101A"].run_command, "a reset never starts a pump, not even by I-03"
    assert unit.pumps["P-101B"].run_command


def test_a_second_cause_does_not_hide_the_first() -> None:
    plant = warm()
    plant.write("TIC-202.mode", 0)
    plant.write("TIC-202.op", 0.0)
    while plant.measurements()["P-101A.trip_cause"] != 7:
        plant.step()
    plant.inject("F10", {"pump": "P-101A"})
    plant.write("P-101A.reset", True)
    assert plant.measurements()["P-101A.trip_cause"] == 7
    while plant.measurements()["P-101A.running"]:
        plant.step()
    plant.act("repair-P-101A")
    plant.write("P-101A.reset", True)
    values = plant.measurements()
    assert (values["P-101A.tripped"], values["I-07.active"]) == (False, False)


def test_a_failed_start_is_reset_only_after_the_repair() -> None:
    plant = warm()
    plant.inject("F16", {"pump": "P-101A"})  # a broken starter does not stop a pump that runs
    plant.inject("F16", {"pump": "P-101B"})
    plant.write("P-101B.run_cmd", True)
    with pytest.raises(WrongState, match="run command"):
        plant.act("repair-P-101B")
    go_on(30, plant)
    assert plant.measurements()["P-101B.trip_cause"] == 9
    assert plant.measurements()["P-101A.speed"] > 80.0
    plant.write("P-101B.reset", True)
    assert plant.measurements()["P-101B.tripped"] is True
    plant.act("repair-P-101B")
    plant.write("P-101B.reset", True)
    assert plant.measurements()["P-101B.tripped"] is False


def test_the_turned_key_is_seen_for_some_seconds() -> None:
    simulation = Simulation(warm(), Scenario((FieldEvent("reset-process", 1.0),)))
    seen: list[Value] = []
    for _ in range(20):
        simulation.step()
        seen.append(simulation.values()["HS-201.active"])
    assert seen.count(True) == 9
    assert seen[0] is seen[-1] is False
