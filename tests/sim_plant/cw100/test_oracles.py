"""The whole skid against the rows of `oracles.yaml`."""

import pytest

from .oracles import ROWS, Row, hold

CHECKS = {"values", "events", "least", "most", "swing"}


EVERY = [*ROWS["pumps"], *ROWS["process"]]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=pytest.mark.soak if "soak" in row else ()) for row in EVERY],
    ids=[row["row"] for row in EVERY],
)
def test_oracle(row: Row) -> None:
    hold(row)


def test_no_row_is_missing_and_every_row_asks_for_something() -> None:
    assert {part: len(rows) for part, rows in ROWS.items()} == {"pumps": 22, "process": 22}
    for row in EVERY:
        assert CHECKS & row.keys(), row["row"]
    named = " ".join(row["row"] for row in EVERY)
    for fault in (*(f"F{number:02}" for number in range(1, 17)), "F08b", "F10b", "D01", "D02"):
        assert fault in named
    for interlock in ("I-01", "I-02", "I-03", "I-05", "I-06", "I-07"):
        assert interlock in named
