"""Pictures of a run: round axes, what is chosen, and a PNG file that shows it."""

from dataclasses import replace
from math import nan
from pathlib import Path

import pytest
from PIL import Image

from handwheel.evaluation.plants.installed_plants import create_plant, parse_fault
from handwheel.hmi.shell.charts.chart import (
    Axis,
    Limit,
    Mark,
    Panel,
    TrendChart,
    round_axis,
    time_unit,
)
from handwheel.hmi.shell.charts.chart_file import save_chart
from handwheel.hmi.simulation.plant.recording import Recording
from handwheel.hmi.simulation.plant.run_chart import FinishedRun, chart_of
from handwheel.hmi.simulation.plant.trend_tags import (
    TrendTag,
    axis_ends,
    measured,
    select_trend_tags,
)
from handwheel.sim_plant.cw100.tags import FAULTS
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..command_in_process import Said

RUN = ("plants", "run", "cw-100", "--no-noise")


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [
        (203.2, 350.0, (200.0, 350.0)),
        (0.0, 1.0, (0.0, 1.0)),
        (-3.2, 4.1, (-5.0, 5.0)),
        (1e-4, 1.7e-4, (0.0001, 0.000175)),
        (2699.0, 2801.0, (2650.0, 2850.0)),
    ],
)
def test_an_axis_ends_at_round_numbers(low: float, high: float, ends: tuple[float, float]) -> None:
    assert round_axis(low, high) == Axis(*ends)


@pytest.mark.parametrize(
    ("length_s", "unit"),
    [(1.0, "s"), (180.0, "s"), (1800.0, "min"), (14_400.0, "h"), (864_000.0, "d")],
)
def test_the_time_axis_has_a_unit_that_fits(length_s: float, unit: str) -> None:
    assert time_unit(length_s)[0] == unit


def test_noise_does_not_fill_a_panel() -> None:
    tags = {tag.name: tag for tag in create_plant("cw-100").tags}
    pressure = tags["PT-102.pv"]  # 0..600 kPa
    assert axis_ends(pressure, [349.0, 351.0]) == (335.0, 365.0)
    assert axis_ends(pressure, [300.0, nan, 400.0]) == (300.0, 400.0)
    assert axis_ends(pressure, [nan]) == (-15.0, 15.0)
    low, high = axis_ends(replace(pressure, span=None), [5.0, 5.0])
    assert low < 5.0 < high
    assert axis_ends(tags["P-101A.running"], [1.0, 1.0]) == (0.0, 1.0)
    assert axis_ends(tags["P-101A.mode"], [1.0, 1.0]) == (0.0, 2.0)


def test_a_run_is_told_with_its_alarm_limits_and_what_happened() -> None:
    simulation = Simulation(create_plant("cw-100"), Scenario((parse_fault("F02@1min", FAULTS),)))
    recording = Recording(None, ("VT-101A.pv", "PT-102.pv")).open(simulation)
    recording.sample(simulation)
    events = simulation.run(180.0)
    recording.sample(simulation)
    shown = [TrendTag("VT-101A.pv"), TrendTag("PT-102.pv", (0.0, 400.0))]
    picture = chart_of(simulation.plant, shown, FinishedRun(recording, events, "rode through"))
    assert (picture.title, picture.subtitle) == (
        "cw-100: F02 strainer plugged", "3 min 00 s, rode through"
    )  # fmt: skip
    vibration, pressure = picture.panels
    assert (vibration.name, vibration.note.split(",")[0]) == ("VT-101A.pv", "mm/s")
    assert [(limit.value, limit.label) for limit in vibration.limits] == [(5.0, "VAH-101A")]
    assert (pressure.axis.low, pressure.axis.high) == (0.0, 400.0)
    assert [(mark.kind, mark.label) for mark in picture.marks] == [
        ("fault", "F02"), ("alarm", "PDAH-101"), ("alarm", "VAH-101A")
    ]  # fmt: skip


def test_a_text_of_the_plant_is_no_formula_and_a_bad_value_leaves_a_gap(tmp_path: Path) -> None:
    limits, axis = [Limit(2.0, "$")], Axis(0.0, 5.0)
    panel = Panel("$\\frac{T$", "温度", [1.0, nan, 3.0], axis, limits, [nan] * 3)
    marks = [Mark(1.9, "alarm", "$\\bad"), Mark(2.0, "trip", "<script>")]
    chart = TrendChart("$\\title", "$", [0.0, 1.0, 2.0], [panel], marks)
    for name in ("a.png", "a.svg"):
        save_chart(tmp_path / name, chart)
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.width == 1600
    assert "<script" not in (tmp_path / "a.svg").read_text("utf-8")


def test_without_the_extra_a_picture_says_what_to_install(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handwheel.hmi.shell.charts.chart.find_spec", dict[str, object]().get)
    code, _, error = said(*RUN, "--for", "1min", "--png", str(tmp_path / "a.png"))
    assert (code, "install handwheel[plots]" in error) == (2, True)


def test_the_command_draws_a_picture_or_says_why_not(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "run.png"
    command = (*RUN, "--for", "1min", "--fault", "F02", "--png")
    assert said(*command, str(path))[0] == 0
    with Image.open(path) as image:
        assert image.size[0] == 1600
    folder = tmp_path / "folder.png"
    folder.mkdir()
    assert said(*command, str(folder))[::2] == (2, f"handwheel: {folder}: is a directory\n")
    nowhere = tmp_path / "no" / "run.png"
    assert said(*command, str(nowhere))[::2] == (
        2, f"handwheel: {nowhere}: no such file or directory\n"
    )  # fmt: skip
    full = tmp_path / "full.png"
    full.symlink_to("/dev/full")
    assert said(*command, str(full))[::2] == (
        2, f"handwheel: {full}: no space left on device\n"
    )  # fmt: skip


def test_a_table_of_columns_has_a_file_of_its_own(tmp_path: Path, said: Said) -> None:
    path = str(tmp_path / "run")
    same = ("--csv", path, "--parquet", path)
    assert said(*RUN, "--for", "1min", *same)[::2] == (
        2, f"handwheel: --csv and --parquet: both would write {path}\n"
    )  # fmt: skip


def test_a_picture_has_a_name_and_a_file_of_its_own(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "run.png"
    same = ("--csv", str(tmp_path / ".." / tmp_path.name / "run.png"), "--png", str(path))
    assert said(*RUN, "--for", "1min", *same)[::2] == (
        2, f"handwheel: --csv and --png: both would write {path}\n"
    )  # fmt: skip
    other = tmp_path / "run.csv"
    assert said(*RUN, "--for", "1min", "--png", str(other))[::2] == (
        2, f"handwheel: --png: {other}: the name does not end in .png or .svg\n"
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("count", "title"),
    [
        (2, "cw-100: F01 bearing wear, F02 strainer plugged"),
        (6, "cw-100: F01, F02, F03, F04, F05, F06"),
        (18, "cw-100: 18 faults"),
    ],
)
def test_a_title_has_room(count: int, title: str) -> None:
    plant = create_plant("cw-100")
    events = [PlantEvent(0.0, "fault", id_, "") for id_ in sorted(plant.faults)[-count:]]
    if count < 18:
        events = [PlantEvent(0.0, "fault", f"F{n:02}", "") for n in range(1, count + 1)]
    recording = Recording(None, ())
    recording.times_s.extend([0.0, 60.0])
    assert chart_of(plant, (), FinishedRun(recording, events, "rode through")).title == title


def test_measured_values_tell_a_run_before_what_loops_do() -> None:
    plant = create_plant("tep", None)
    series = {tag.name: [0.0, 0.0] for tag in measured(plant)}
    series |= {"RATIO-5.op": [0.0, 14.0], "RATIO-1.op": [0.0, 1.8], "V-1201.pos": [0.0, 90.0]}
    series |= {"FI-1001.pv": [0.25, 0.0], "PI-1301.pv": [2700.0, 2960.0]}
    order = [plant_tag.name for plant_tag in plant.tags]
    shown = [each.tag for each in select_trend_tags(plant, series, ())]
    assert {"FI-1001.pv", "PI-1301.pv"} < set(shown)
    assert shown == sorted(shown, key=order.index)
