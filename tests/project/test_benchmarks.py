"""The benchmarks run; what they measure is no test's business."""

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from runpy import run_path

import pytest

from handwheel.evaluation.plants.installed_plants import plant_names

from .pages.doc_tables import DOCS

OWN = ("plants", "reading", "journal", "playbooks", "startup")
LONG = (
    "opcua",
    "modbus",
    "changes",
    "many",
    "servers",
    "actuation",
    "gate",
    "approval",
    "engine",
    "guests",
)
Main = Callable[[Sequence[str]], int]


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> Main:
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    run: Main = import_module("benchmarks.__main__").main
    return run


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_suite_of_our_own_gives_its_figures(
    main: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--json", "--repeats", "1", *OWN]) == 0
    told, errors = capsys.readouterr()
    figures = json.loads(told)
    assert [name.split(":")[0] for name in figures] == [
        *(name for name in plant_names() for _ in range(4)), "opcua", "modbus", "journal",
        "journal", "playbooks", "playbooks",
        "handwheel lockout", "handwheel --help", "handwheel plants list",
    ]  # fmt: skip
    assert all(any(digit.isdigit() for digit in value) for value in figures.values())
    assert errors.splitlines() == [f"{suite}, medians of 1…" for suite in OWN]


@pytest.mark.interop
@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("suite", LONG)
def test_a_long_suite_gives_its_figures_or_says_what_is_not_here(
    main: Main, suite: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--json", "--repeats", "1", suite]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert all(name.startswith(f"{suite}: ") for name in figures)
    assert all(value.startswith("not here: ") or value[0].isdigit() for value in figures.values())


def test_an_unknown_suite_is_refused(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["speed"])
    assert "no suite speed; known: plants, reading, opcua," in capsys.readouterr().err


def test_the_tables_of_the_benchmark_are_written_from_results(tmp_path: Path) -> None:
    case = {
        "n": 20, "right": 0.95, "right_interval": [0.764, 0.991], "wrong": 0.05, "pass_5": None,
        "symptom_s": 6.0, "answered_s": 168.0, "alarm_s": None,
    }  # fmt: skip
    results = {"suite": "watch", "cases": {"F02": case}, "total": case}
    for given in (results, {"suites": [results]}):
        (path,) = run_path(str(DOCS / "figures.py"))["write"](given, tmp_path)
        head, row, whole = path.read_text(encoding="utf-8").splitlines()
        stored = (DOCS / "data/watch.csv").read_text(encoding="utf-8")
        assert head == stored.splitlines()[0]
        assert row == "F02,20,95%,76% to 99%,-,1,0.1,2.8,-"
        assert whole == row.replace("F02", "all")
