"""A run as Parquet is that of its CSV file."""

import csv
from importlib import import_module
from math import isnan
from pathlib import Path
from typing import Any

import pytest

from ..hmi.command_in_process import said_by

pytestmark = pytest.mark.soak
pytest.importorskip("pyarrow", reason="pyarrow is not installed, see the extra parquet")


def test_parquet_of_a_run_has_the_values_of_its_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, columns = tmp_path / "run.csv", tmp_path / "run.parquet"
    run = ("plants", "run", "cw-100", "--for", "10min", "--fault", "F10@2min")
    assert said_by(capsys)(*run, "--csv", str(table), "--parquet", str(columns))[0] == 0
    parquet: Any = import_module("pyarrow.parquet")
    found = parquet.read_table(str(columns))
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert found.num_rows == len(rows) > 50
    assert found.schema.field("PT-102.pv").metadata[b"unit"] == b"kPa"
    assert found.schema.metadata[b"handwheel.plant"] == b"cw-100"
    for name in found.column_names:
        values = found.column(name).to_pylist()
        texts = [row[name] for row in rows]
        assert [isnan(each) for each in values] == [text == "" for text in texts]
        assert all(float(t) == v for t, v in zip(texts, values, strict=True) if t)
