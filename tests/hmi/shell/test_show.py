"""Lists of models as tables, at a terminal and in a pipe."""

import sys
from dataclasses import dataclass

import pytest

from handwheel.hmi.shell.terminal.show import Column, line_of, table_lines


@dataclass(frozen=True)
class _Pump:
    name: str
    flow: float | None = None
    note: str = ""


COLUMNS: list[Column[_Pump]] = [
    Column("pump", "name"),
    Column("flow", lambda each: each.flow, is_right=True),
    Column("note", "note"),
]
PUMPS = [_Pump("P-1", 12.5), _Pump("P-101A", 7.0)]


def test_a_column_without_any_text_is_left_out() -> None:
    assert [*table_lines(PUMPS, COLUMNS)] == ["P-1     12.5", "P-101A   7.0"]
    assert next(iter(table_lines(PUMPS, COLUMNS, has_head=True))) == "pump    flow"
    assert line_of(_Pump("P-1", None, "stands"), COLUMNS) == "P-1  stands"
    assert [*table_lines([], COLUMNS, has_head=True)] == []


def test_a_narrow_terminal_gets_folded_lines_and_a_pipe_whole_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pumps = [*PUMPS, _Pump("P-2", 1.0, "was stopped by hand before the shift changed")]
    in_pipe = [*table_lines(pumps, COLUMNS)]
    assert in_pipe[2].endswith("1.0  was stopped by hand before the shift changed")
    monkeypatch.setenv("COLUMNS", "30")
    assert [*table_lines(pumps, COLUMNS)] == in_pipe
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    at_terminal = [*table_lines(pumps, COLUMNS)]
    assert all(len(row) <= 30 for line in at_terminal for row in line.splitlines())
    assert " ".join(at_terminal[2].split()) == " ".join(in_pipe[2].split())


def test_a_cell_cannot_steer_the_terminal() -> None:
    (line,) = table_lines([_Pump("\x1b[2J", None, "a\nb")], COLUMNS)
    assert "\x1b" not in line
    assert "\n" not in line
