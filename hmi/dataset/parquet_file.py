"""Tables as Parquet files, written by `pyarrow`.

`pyarrow` is large and needed by few, so that it is an extra and is imported where a file is
written.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from handwheel.connectors.errors import HandwheelError

from .rows import Row
from .tables import VERSION, Column, Table

EXTRA = "parquet"
WANTED = f"the export needs pyarrow, which is not installed: install handwheel[{EXTRA}]"


class NoParquet(HandwheelError):
    """The extra is not installed."""


def load_pyarrow() -> Any:
    """Returns the module `pyarrow`. Raises `NoParquet`."""
    try:
        pyarrow: Any = import_module("pyarrow")
        import_module("pyarrow.parquet")
    except ImportError:
        raise NoParquet(WANTED) from None
    return pyarrow


def write_table(path: Path, table: Table, rows: Sequence[Row], about: Mapping[str, str]) -> None:
    """Writes a table with its schema, also without rows.

    Args:
        about: Metadata of the file, beside version and time zone.
    """
    pyarrow = load_pyarrow()
    types = {
        "text": pyarrow.string(), "prose": pyarrow.string(), "person": pyarrow.string(),
        "texts": pyarrow.list_(pyarrow.string()), "people": pyarrow.list_(pyarrow.string()),
        "number": pyarrow.float64(), "count": pyarrow.int64(),
        "time": pyarrow.timestamp("us", tz="UTC"),
    }  # fmt: skip
    fields = [
        pyarrow.field(each.name, types[each.kind], metadata=_about(each)) for each in table.columns
    ]
    whole = {"version": VERSION, "table": table.meaning, "time_zone": "UTC", **about}
    schema = pyarrow.schema(fields, metadata={f"handwheel.{key}": whole[key] for key in whole})
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema), str(path))


def _about(column: Column) -> dict[str, str]:
    return {"meaning": column.meaning, **({"unit": column.unit} if column.unit else {})}
