"""The benchmarks run; what they measure is no test's business."""

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import pytest

from handwheel.evaluation.plants.installed_plants import plant_names

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
