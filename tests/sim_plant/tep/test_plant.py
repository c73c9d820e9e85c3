"""The plant around the process: tags, refused writes, modes, shutdown, sensors, snapshots."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from handwheel.sim_plant.errors import SnapshotError, WriteRejected, WrongState
from handwheel.sim_plant.tep.plant import create
from handwheel.sim_plant.tep.tags import SENSORS, XMEAS

from ..stepping import go_on

MANUAL, CASCADE = 0, 2


def test_every_tag_has_a_value_and_each_xmeas_its_own_tag() -> None:
    plant = create(None)
    values = plant.measurements()
    assert values.keys() == {tag.name for tag in plant.tags}
    assert len(set(XMEAS)) == 41
    assert [values[tag] for tag in XMEAS] == plant.state.process.xmeas
    assert XMEAS[6] == "PIAZ-1101.pv"
    for tag in plant.tags:  # OPC UA names the states of an enum by their place in a list
        assert list(tag.members.values()) == list(range(len(tag.members)))


def test_a_write_that_cannot_be_is_refused_and_changes_nothing() -> None:
    cases: list[tuple[str, float, str]] = [
        ("FIC-1001.sp", 0.3, "its master gives it"),
        ("FIC-1001.op", 30.0, "not in manual"),
        ("TIC-1301.sp", 82.0, "its master gives it"),
        ("AIC-A.op", 0.003, "not in manual"),
        ("RATIO-1.sp", 0.0, "AIC-A's while that is in auto"),
        ("RATIO-3.sp", 45.0, "AIC-G's while that is in auto"),
        ("PIC-1101.mode", 2, "takes 0 to 1"),
        ("RATIO-1.mode", 0, "takes 1 to 2"),
        ("PIC-1101.sp", 3100.0, "takes 2000 to 2950 kPag"),
        ("ESD.active", 0, "takes no writes"),
        ("XI-1004.a", 30.0, "takes no writes"),
    ]
    for tag, value, refusal in cases:
        plant = create(None)
        before = json.dumps(plant.snapshot())
        with pytest.raises(WriteRejected, match=refusal):
            plant.write(tag, value)
        assert json.dumps(plant.snapshot()) == before, tag


def test_a_mode_starts_with_its_own_set_points() -> None:
    plant = create(None)
    plant.start("4")
    values = plant.measurements()
    # Ricker 1995, table 3, mode 4: as printed
    for tag, printed in (
        ("PIC-1101.sp", "2800"), ("LIC-1101.sp", "65.0"), ("TIC-1101.sp", "128.2"),
        ("PRODUCTION.sp", "36.04"), ("AIC-G.sp", "53.35"), ("HIC-1502.op", "1.000"),
        ("SC-1101.op", "100.000"), ("FIC-1004.sp", "14.73"),
    ):  # fmt: skip
        digits = len(printed.partition(".")[2])
        assert f"{values[tag]:.{digits}f}" == printed, tag


def test_a_shutdown_freezes_process_and_controllers_and_takes_no_more_writes() -> None:
    plant = create(1)
    plant.write("TIC-1101.mode", MANUAL)
    plant.write("TIC-1101.op", 0.0)
    for _ in range(7200):
        plant.step()
        if plant.first_trip():
            break
    verdict = plant.first_trip()
    assert verdict is not None
    assert verdict[1] == "reactor temperature high"
    assert [event.text for event in plant.drain_events() if event.kind == "trip"] == [verdict[1]]
    assert plant.measurements()["ESD.active"] is True
    assert plant.measurements()["ESD.cause"] == 2
    state, control = list(plant.state.process.x), json.dumps(plant.snapshot()["state"]["control"])
    go_on(500, plant)
    assert plant.state.process.x == state
    assert json.dumps(plant.snapshot()["state"]["control"]) == control
    assert plant.first_trip() == verdict
    with pytest.raises(WrongState, match="shut down by reactor temperature high"):
        plant.write("TIC-1101.op", 50.0)


def test_the_controllers_act_on_what_the_transmitters_show() -> None:
    plant = create(None)
    plant.inject("SENSOR-BIAS", {"sensor": "TIAZ-1101", "bias": 1.0}, 1.0)
    width = next(each.span for each in SENSORS if each.name == "TIAZ-1101")
    go_on(1800, plant)
    assert plant.measurements()["TIAZ-1101.pv"] == pytest.approx(120.4, abs=0.05)
    assert plant.state.process.xmeas[8] == pytest.approx(120.4 - 0.01 * width, abs=0.05)


def test_a_broken_analyser_keeps_its_value_and_says_that_it_is_bad() -> None:
    plant = create(1)
    go_on(400, plant)
    plant.inject("SENSOR-BAD", {"sensor": "XI-1004.a"}, 1.0)
    shown = plant.measurements()["XI-1004.a"]
    go_on(800, plant)
    assert plant.measurements()["XI-1004.a"] == shown
    assert plant.qualities() == {"XI-1004.a": "bad"}
    plant.inject("SENSOR-BAD", {"sensor": "XI-1004.a"}, 0.0)
    plant.step()
    assert plant.qualities() == {}
    assert plant.measurements()["XI-1004.a"] == plant.state.process.xmeas[22] != shown


# What the refusal says, and what is wrong in the state
BROKEN: list[tuple[str, Mapping[str, object]]] = [
    ("FIC-1001.mode", {"control.loops.FIC-1001.mode": 3}),
    ("PIC-1101.mode", {"control.loops.PIC-1101.mode": CASCADE}),
    ("RATIO-1.mode", {"control.ratios.RATIO-1.mode": MANUAL}),
    ("AIC-A.output", {"control.loops.AIC-A.output": 1e300}),
    ("override.output", {"control.override.output": 13.0}),
    ("control.grade", {"control.grade": 1e300}),
    ("process.trip", {"process.trip": "by hand"}),
    ("readings", {"readings.3": "low"}),
    ("steps", {"process.steps": 5}),
    ("x.3", {"process.x.3": -10.0}),
    ("x.47", {"process.x.47": 101.0}),
    ("temperatures.0", {"process.x.8": -1e6}),
    ("amounts and energies", {f"process.x.{index}": 0.0 for index in range(18, 27)}),
    ("gas volume", {f"process.x.{index}": 1000.0 for index in range(3, 8)} | {"process.x.8": 27.0}),
    ("xmv.2", {"process.xmv.2": -0.1}),
    ("idv.19", {"process.idv.19": 2.0}),
    ("walks.rate_1.a", {"process.walks.rate_1.a": 7.0}),
    ("walks.effluent.end_h", {"process.walks.effluent.end_h": 0.0}),
]


def test_a_snapshot_that_the_plant_cannot_have_is_refused() -> None:
    plant = create(None)
    go_on(30, plant)
    before = json.dumps(plant.snapshot())
    for reason, spoilt in BROKEN:
        saved = plant.snapshot()
        for path, value in spoilt.items():
            *way, last = path.split(".")
            tree: Any = saved["state"]
            for key in way:
                tree = tree[key]
            tree[int(last) if isinstance(tree, list) else last] = value
        with pytest.raises(SnapshotError, match=reason):
            plant.restore(saved)
        assert json.dumps(plant.snapshot()) == before, reason
    go_on(1, plant)


def test_disturbances_are_told_and_those_that_do_not_show_are_decoys() -> None:
    kinds = create(None).faults
    assert [f"IDV{n}" for n in range(1, 21)] == [name for name in kinds if name.startswith("IDV")]
    assert {name for name, kind in kinds.items() if kind.is_decoy} == {"IDV3", "IDV9", "IDV15"}
    assert all(kind.symptoms and kind.response for kind in kinds.values())
