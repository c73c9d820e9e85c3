"""Exchanger, basin, tower and product against their rows of `oracles.yaml`."""

import pytest

from .oracles import ROWS, Row, hold


@pytest.mark.timeout(300)  # up to a day of plant time
@pytest.mark.parametrize("row", ROWS["process"], ids=[row["row"] for row in ROWS["process"]])
def test_oracle(row: Row) -> None:
    hold(row)
