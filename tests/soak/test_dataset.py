"""The exported tables as pandas and polars read them. `make soak` installs both."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from handwheel.hmi.dataset.tables import TABLES
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.maintenance.work_order_database import Closing, WorkOrders
from handwheel.tools.requests.timestamps import stamp

from ..agents.memory.played import at, diagnosis, hypothesis, play, raise_order
from ..hmi.command_in_process import Said, said_by
from ..sites.cw100 import make_site

pytestmark = [pytest.mark.soak]
for each in ("pyarrow", "pandas", "polars"):
    pytest.importorskip(each, reason=f"{each} is not installed, see the extra soak")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return said_by(capsys)


def test_exported_episodes_load_in_pandas_and_polars(tmp_path: Path, said: Said) -> None:
    site = make_site(tmp_path)
    site.state.mkdir(exist_ok=True)
    with Database(site.state, site.id) as database:
        for n in range(1, 4):
            found = hypothesis("bearing-worn P-101A", 20.0, shakes=15.0, hot=5.0)
            play(database, n, diagnosis(found), minutes=n, is_closed=n < 3)
            raise_order(site, n)
            with WorkOrders(site.state) as orders:
                key, closed_at = f"W-{n:08}", stamp(at(90).wall)
                orders.close_order(
                    Closing(key=key, at=closed_at, by="ben", note="done", found="bearing-worn")
                )
    folder = tmp_path / "episodes"
    command = "dataset", "export", "--site", str(site.root), "-o", str(folder)
    code, _, told = said(*command)
    assert (code, told) == (0, "")
    assert {each.name for each in folder.iterdir()} == {
        "DATASHEET.md", *(f"{each.name}.parquet" for each in TABLES),
    }  # fmt: skip
    assert said(*command)[0] == 2
    pandas: Any = import_module("pandas")
    polars: Any = import_module("polars")
    parquet: Any = import_module("pyarrow.parquet")
    for table, count in zip(TABLES, (2, 4, 0), strict=True):
        path = str(folder / f"{table.name}.parquet")
        names = [each.name for each in table.columns]
        assert [*pandas.read_parquet(path).columns] == names
        frame = polars.read_parquet(path)
        assert (frame.columns, frame.height) == (names, count)
        about = parquet.read_schema(path).metadata
        assert (about[b"handwheel.version"], about[b"handwheel.time_zone"]) == (
            b"episodes/1", b"UTC",
        )  # fmt: skip
    episodes = pandas.read_parquet(folder / "episodes.parquet")
    assert str(episodes["opened_at"].dtype) == "datetime64[us, UTC]"
    assert [*episodes["found"]] == ["bearing-worn"] * 2
    evidence = polars.read_parquet(folder / "evidence.parquet")
    assert evidence["at"].dtype == polars.Datetime("us", "UTC")
    assert evidence["weight_db"].sum() == 40.0
    assert "2 of 2 cases have it" in (folder / "DATASHEET.md").read_text("utf-8")
