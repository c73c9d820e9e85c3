"""Scenario files: what they say happens, and what is wrong is told with its place."""

from math import inf
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.evaluation.plants.fault_entries import FieldEntry, WriteEntry
from handwheel.hmi.simulation.plant.scenario import (
    FaultEntry,
    ScenarioFile,
    load_scenario,
)
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, WriteEvent

from ...project.pages.doc_tables import DOCS, sections, spans
from ..command_in_process import Said

HEAD = "schema: scenario/1\nplant: cw-100\n"
STRAINER = f"""{HEAD}seed: 7
noise: false
warmup: 5 min
for: 20 min
events:
  - {{fault: F02, at: 2 min, plug: 20, over: 4 min, for: 15 min}}
  - {{fault: F01, at: 90 s, tau: 1 h, pump: P-101A}}
  - {{write: P-101B.run_cmd, value: true, at: 8 min}}
  - {{write: PIC-102.mode, value: manual, at: 9 min}}
field:
  - {{do: clean-strainer, at: 10 min}}
"""

# What stands under the head, and each problem as `line:column: key: reason`.
WRONG = [
    ("sead: 3", ["3:1: sead: unknown key; did you mean 'seed'?"]),
    ("mode: turbo", ["3:1: mode: cw-100 has no mode called 'turbo'; known: base"]),
    ("seed: -1", ["3:1: seed: -1 is no seed; write a whole number from 0 on"]),
    ("noise: off", ["3:8: noise: 'off' means different things to different readers"]),
    ("for: 5", ["3:1: for: 5 is no duration; write a number and ms, s, min, h or d: 500 ms"]),
    ("warmup: -5 min", ["3:1: warmup: '-5 min' lies before the start; a time is 0 s or later"]),
    ("events: F02", ["3:1: events: input should be a valid list, found 'F02'"]),
    ("events:\n  - {wirte: PIC-102.sp}", ["4:5: events.0: is no event; write {fault: ID"]),
    (
        "events:\n  - {fault: F20, at: 1 min}\n  - {fault: F02, att: 1 min}",
        [
            "4:6: events.0.fault: there is no fault called 'F20'; did you mean F",
            "5:18: events.1.att: there is no parameter of F02 called 'att'; did you mean at?",
        ],
    ),
    (
        "events:\n  - {fault: F02, plug: 1e9}\n  - {fault: F02, plug: true}\n"
        "  - {fault: F02, plug: [1]}\n  - {fault: F01, pump: P-101C}",
        [
            "4:18: events.0.plug: F02, plug (",
            "5:18: events.1.plug: write a number, a word or a duration, not true",
            "6:18: events.2.plug: write a number, a word or a duration, not [1]",
            "7:18: events.3.pump: F01, pump (the pump): 'P-101C' is not one of P-101A, P-101B",
        ],
    ),
    (
        "events:\n  - {write: PT-103.pv, value: 1}\n  - {write: PT-102.pv, value: 1}\n"
        "  - {write: PIC-102.sp, value: 999}\n  - {write: P-101B.run_cmd, value: 2}\n"
        "  - {write: PIC-102.mode, value: remote}\n  - {write: PIC-102.mode, value: 0.5}\n"
        "  - {write: PIC-102.sp, value: true}",
        [
            "4:6: events.0.write: there is no tag that takes writes called 'PT-103.pv'",
            "5:6: events.1.write: there is no tag that takes writes called 'PT-102.pv'",
            "6:25: events.2.value: 999 cannot be written; it takes 250 to 450 kPa",
            "7:29: events.3.value: 2 cannot be written; it takes true or false",
            "8:27: events.4.value: 'remote' cannot be written; it takes manual, auto",
            "9:27: events.5.value: 0.5 cannot be written; it takes manual, auto",
            "10:25: events.6.value: true cannot be written; it takes 250 to 450 kPa",
        ],
    ),
    ("events:\n  - {write: PIC-102.sp}", ["4:5: events.0.value: is missing"]),
    ("seed: 1\nseed: 2", ["4:1: seed: stands here twice, first in line 3"]),
    ("events: ]", ["3:9: "]),
]


def test_a_scenario_says_what_happens_when(tmp_path: Path) -> None:
    path = tmp_path / "strainer.yaml"
    path.write_text(STRAINER)
    loaded = load_scenario(path)
    assert (loaded.file.seed, loaded.file.noise, loaded.file.for_) == (7, False, 1200.0)
    assert loaded.scenario.warmup_s == 300.0
    assert loaded.scenario.events == (
        FaultEvent("F02", 120.0, {"plug": 20.0}, 240.0, 900.0),
        FaultEvent("F01", 90.0, {"tau": 3600.0, "pump": "P-101A"}, 0.0, inf),
        WriteEvent("P-101B.run_cmd", True, 480.0),
        WriteEvent("PIC-102.mode", 0, 540.0),
        FieldEvent("clean-strainer", 600.0),
    )


def test_a_list_with_nothing_in_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text(f"{HEAD}events:\nfield:\n")
    assert load_scenario(path).scenario.events == ()


@pytest.mark.parametrize(("text", "told"), WRONG, ids=[text.split("\n")[-1] for text, _ in WRONG])
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, told: list[str]) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"{HEAD}{text}\n")
    with pytest.raises(ConfigError) as refused:
        load_scenario(path)
    said = str(refused.value).splitlines()
    assert len(said) == len(told)
    for line, start in zip(said, told, strict=True):
        assert line.removeprefix(f"{path}:").startswith(start)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ":1:1: must be a table of keys, found nothing"),
        (b"- F02\n", ":1:1: must be a table of keys, found ['F02']"),
        (b"plant: cw-100\n", ":1:1: schema: is missing"),
        (b"schema: scenario/2\nplant: cw-100\n", ":1:1: schema: input should be 'scenario/1'"),
        (b"schema: scenario/1\nplant: cw-1\n", ":2:1: plant: there is no plant 'cw-1'; did you m"),
        (b"plant: \xe9\n", ": cannot be read: not UTF-8 at byte 7"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "other.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load_scenario(path)
    assert str(refused.value).startswith(f"{path}{told}")
    with pytest.raises(ConfigError, match="cannot be read: is a directory"):
        load_scenario(tmp_path)


def test_the_reference_lists_exactly_the_keys() -> None:
    tables = sections(DOCS / "reference/scenarios.md")
    for head, model in (
        ("The file", ScenarioFile), ("A fault", FaultEntry), ("A write", WriteEntry),
        ("A field action", FieldEntry),
    ):  # fmt: skip
        keys = {field.alias or name for name, field in model.model_fields.items()}
        assert spans(*(row[0] for row in tables[head])) == keys
        needed = {row[0].strip("`") for row in tables[head] if row[2] == "refused"}
        required = {
            field.alias or n for n, field in model.model_fields.items() if field.is_required()
        }
        assert needed == required - {"fault", "write"}


def test_a_run_follows_its_file_in_the_files_own_time(tmp_path: Path, said: Said) -> None:
    path, table = tmp_path / "strainer.yaml", tmp_path / "run.csv"
    path.write_text(STRAINER)
    code, out, err = said("plants", "run", "--scenario", str(path), "--csv", str(table))
    assert (code, err) == (0, "")
    *events, last = out.splitlines()
    assert last == "rode through"
    asked = [line.split()[0] for line in events if line.split()[1] in {"fault", "write", "field"}]
    assert asked == [
        f"000:{time}.0" for time in ("01:30", "02:00", "08:00", "09:00", "10:00", "17:00")
    ]
    times = [line.partition(",")[0] for line in table.read_text().splitlines()]
    assert (times[0], times[1], times[-1], len(times)) == ("time_s", "0.0", "1200.0", 122)


def test_the_command_line_adds_to_a_file_and_wins_over_it(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "strainer.yaml"
    path.write_text(STRAINER)
    run = ("plants", "run", "--scenario", str(path))
    code, out, _ = said(*run, "cw-100", "--for", "11min", "--fault", "D01@1min")
    events = [line.split() for line in out.splitlines()[:-1]]
    times = [each[0] for each in events if each[1] in {"fault", "write", "field"}]
    due = ("01:00", "01:30", "02:00", "08:00", "09:00", "10:00")  # and not 17:00
    assert (code, times) == (0, [f"000:{time}.0" for time in due])
    code, _, err = said(*run, "quadtank")
    assert (code, err) == (2, f"handwheel: {path} is for cw-100, not for quadtank\n")
    path.write_text(HEAD)
    assert said(*run)[::2] == (
        2, "handwheel: --for: say how long, such as 5h, here or as 'for' in the scenario\n"
    )  # fmt: skip
    code, _, err = said("plants", "run", "--for", "1min")
    assert (code, err) == (
        2,
        "handwheel: name a plant, such as cw-100, or a scenario file; "
        "next: handwheel plants list\n",
    )  # fmt: skip
