"""Pictures of a run: round axes, what is chosen, and a PNG file that shows it."""

from dataclasses import replace
from io import BytesIO
from math import nan
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from handwheel.evaluation.plants.installed_plants import create_plant, parse_fault
from handwheel.hmi.shell.charts.axis import exact_axis, round_axis, tick_text, time_axis
from handwheel.hmi.shell.charts.png_trend import Mark, Panel, TrendChart, draw_png
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
    ("low", "high", "texts"),
    [
        (203.2, 350.0, ["200", "250", "300", "350"]),
        (0.0, 1.0, ["0.0", "0.5", "1.0"]),
        (-3.2, 4.1, ["-5.0", "-2.5", "0.0", "2.5", "5.0"]),
        (1e-4, 1.7e-4, ["0.000100", "0.000125", "0.000150", "0.000175"]),
        (2699.0, 2801.0, ["2650", "2700", "2750", "2800", "2850"]),
    ],
)
def test_an_axis_ends_at_round_numbers(low: float, high: float, texts: list[str]) -> None:
    axis = round_axis(low, high)
    assert axis.low <= low < high <= axis.high
    assert [tick_text(tick, axis) for tick in axis.ticks] == texts


@pytest.mark.parametrize(
    ("length_s", "unit", "last"),
    [(1.0, "s", 1), (180.0, "s", 180), (1800.0, "min", 30), (14_400.0, "h", 4),
     (172_800.0, "h", 48), (864_000.0, "d", 10), (1e9, "d", 10_000)],
)  # fmt: skip
def test_the_time_axis_has_a_unit_that_fits(length_s: float, unit: str, last: float) -> None:
    axis, found = time_axis(0.0, length_s)
    assert (found, axis.ticks[-1]) == (unit, last)
    assert 4 <= len(axis.ticks) <= 11


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


def test_a_series_is_drawn_where_it_lies_and_left_out_where_it_is_bad_or_outside() -> None:
    axis = exact_axis(0.0, 10.0)
    marks = [Mark(25.0, "alarm", "TAH-1"), Mark(26.0, "trip", "P-1 trips"), Mark(27.0, "hand", "x")]
    for values in ([10.0] * 50 + [nan] * 50, [5.0] * 50 + [12.0] * 25 + [-3.0] * 25):
        image = drawn(TrendChart("t", "s", range(100), [Panel("T-1", "K", values, axis)], marks))
        assert image.width == 1600
        left, top, right, bottom = box_of(image, (0x1B, 0x5E, 0x8C))
        assert left == pytest.approx(120, abs=3)
        assert right == pytest.approx(120 + (1600 - 120 - 166) * 49 / 99, abs=3)
        assert bottom - top <= 3


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
        2, f"handwheel: --png: {other}: the name does not end in .png\n"
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_late_label_stands_left_of_its_line() -> None:
    marks = [Mark(98.0, "hand", "x"), Mark(99.0, "fault", "a label that is long")]
    panel = Panel("T-1", "K", [5.0] * 100, exact_axis(0.0, 10.0))
    image = drawn(TrendChart("", "", range(100), [panel], marks))
    left, _, right, _ = box_of(image.crop((0, 0, 1600, 122 + 36 * 2)), (0x1F, 0x29, 0x33))
    assert 1100 < left < right < 1600 - 166


def drawn(chart: TrendChart) -> Image.Image:
    return Image.open(BytesIO(draw_png(chart))).convert("RGB")


def box_of(image: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The first and last column and row with a pixel of a colour: left, top, right, bottom."""
    other = ImageChops.difference(image, Image.new("RGB", image.size, colour))
    red, green, blue = other.split()
    is_other = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    box = ImageChops.invert(is_other).point([0] * 255 + [255]).getbbox()
    assert box is not None
    return box[0], box[1], box[2] - 1, box[3] - 1


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
