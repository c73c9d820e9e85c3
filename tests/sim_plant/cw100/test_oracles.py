"""Pumps, strainer, interlocks and change-over against their rows of `oracles.yaml`."""

import pytest

from .oracles import ROWS, Row, hold

CHECKS = {"values", "events", "least", "most", "swing"}


@pytest.mark.parametrize("row", ROWS["pumps"], ids=[row["row"] for row in ROWS["pumps"]])
def test_oracle(row: Row) -> None:
    hold(row)


def test_no_row_is_missing_and_every_row_asks_for_something() -> None:
    assert {part: len(rows) for part, rows in ROWS.items()} == {"pumps": 22, "process": 21}
    for row in (*ROWS["pumps"], *ROWS["process"]):
        assert CHECKS & row.keys(), row["row"]
    named = " ".join(row["row"] for rows in ROWS.values() for row in rows)
    for fault in (*(f"F{number:02}" for number in range(1, 17)), "F08b", "F10b", "D01", "D02"):
        assert fault in named
    for interlock in ("I-01", "I-02", "I-03", "I-05", "I-06", "I-07"):
        assert interlock in named
