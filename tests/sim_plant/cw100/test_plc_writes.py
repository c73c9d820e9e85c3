"""The PLC's answers to writes and resets: what it takes, what it refuses, what stays latched."""

import pytest

from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.errors import NotWritable, OutOfRange, WriteRejected, WrongState

from ...plants.served import warm
from ..stepping import go_on

SETPOINTS = {
    "LIC-101": (20.0, 90.0), "PIC-102": (250.0, 450.0), "TIC-106": (15.0, 35.0),
    "TIC-202": (40.0, 55.0), "FIC-201": (0.0, 60.0),
}  # fmt: skip
WRITES: list[tuple[str, float | bool, type[WriteRejected] | None]] = [
    ("PT-102.pv", 300.0, NotWritable),
    ("I-03.active", True, NotWritable),
    ("P-101A.running", False, NotWritable),
    ("FIC-201.op", 50.0, NotWritable),
    ("HS-201.active", True, NotWritable),
    ("no-such.tag", 1.0, NotWritable),
    *((f"{loop}.sp", limit, None) for loop, ends in SETPOINTS.items() for limit in ends),
    *((f"{loop}.sp", low - 0.001, OutOfRange) for loop, (low, _) in SETPOINTS.items()),
    *((f"{loop}.sp", high + 0.001, OutOfRange) for loop, (_, high) in SETPOINTS.items()),
    ("PIC-102.sp", float("nan"), OutOfRange),
    ("PIC-102.sp", float("inf"), OutOfRange),
    ("PIC-102.op", 60.0, WrongState),  # the loop is in auto
    ("PIC-102.mode", 0, None),
    ("PIC-102.mode", 2, OutOfRange),
    ("P-101B.run_cmd", True, None),
    ("P-101A.mode", 2, WrongState),  # it is running
    ("P-101B.mode", 2, None),
    ("P-101B.mode", 0, OutOfRange),  # local is for the field only
    ("P-101B.reset", True, None),
]


def test_the_plc_answers_a_write() -> None:
    for tag, value, refusal in WRITES:
        plant = warm()
        before = plant.snapshot()
        if refusal is None:
            plant.write(tag, value)
            assert tag.endswith("reset") or plant.measurements()[tag] == value
        else:
            with pytest.raises(refusal):
                plant.write(tag, value)
            assert plant.snapshot() == before, tag


def test_an_output_in_manual_takes_what_is_in_its_range() -> None:
    for loop in SETPOINTS.keys() - {"FIC-201"}:
        plant = warm()
        plant.write(f"{loop}.mode", 0)
        with pytest.raises(OutOfRange):
            plant.write(f"{loop}.op", 100.5)
        plant.write(f"{loop}.op", 62.5)
        assert plant.measurements()[f"{loop}.op"] == 62.5, loop


def test_no_interlock_and_no_measurement_has_a_write_path() -> None:
    writable = {tag.name for tag in TAGS if tag.write}
    loops = {f"{loop}.{a}" for loop in ("LIC-101", "PIC-102", "TIC-106", "TIC-202")
             for a in ("sp", "op", "mode")}  # fmt: skip
    pumps = {f"P-101{side}.{a}" for side in "AB" for a in ("run_cmd", "reset", "mode")}
    assert writable == loops | pumps | {"FIC-201.sp"}


def test_a_reset_clears_a_trip_only_when_its_cause_is_gone_and_starts_nothing() -> None:
    plant = warm()
    plant.inject("F10", {"pump": "P-101A"})
    plant.step()
    plant.write("P-101A.reset", True)
    assert plant.measurements()["P-101A.tripped"] is True
    go_on(30, plant)
    plant.act("repair-P-101A")
    plant.write("P-101A.reset", True)
    plant.step()
    values = plant.measurements()
    assert (values["P-101A.tripped"], values["P-101A.run_cmd"], values["P-101A.speed"]) == (
        False,
        False,
        0.0,
    )
    plant.write("P-101A.run_cmd", True)


def test_i_01_trips_the_pump_and_forbids_every_start() -> None:
    plant = warm()
    plant.inject("F09", {"leak": 10.0})
    plant.state.water.level_m = 0.46
    while not plant.state.pumps["P-101A"].is_tripped:
        plant.step()
    assert plant.measurements()["P-101A.trip_cause"] == 1
    with pytest.raises(WrongState):
        plant.write("P-101B.run_cmd", True)
    tripped_at_s = plant.time_s
    while plant.first_trip() is None:
        plant.step()
    when_s, by = plant.first_trip() or (0.0, "")
    assert by == "I-06"
    assert when_s - tripped_at_s == pytest.approx(34.5, abs=1.0)
    assert plant.measurements()["P-101B.starts"] == 0
    plant.act("repair-leak")
    plant.state.water.level_m = 2.0
    plant.step()
    plant.write("P-101B.run_cmd", True)


def test_a_tripped_process_waits_for_the_field_key() -> None:
    plant = warm()
    plant.write("P-101B.mode", 2)
    plant.inject("F10", {"pump": "P-101A"})
    while plant.first_trip() is None:
        plant.step()
    plant.write("FIC-201.sp", 40.0)
    go_on(120, plant)
    assert plant.measurements()["I-06.active"] is True
    assert float(plant.measurements()["FT-201.pv"]) < 0.1
    plant.act("reset-process")
    go_on(60, plant)
    assert plant.measurements()["I-06.active"] is False
    assert float(plant.measurements()["FT-201.pv"]) > 39.0
