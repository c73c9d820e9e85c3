"""Tables of a data set of episodes, with the type, unit and meaning of each column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import HandwheelError

VERSION = "episodes/1"
"""Version of the tables, in the metadata of each file."""

Row = dict[str, Any]
Kind = Literal["text", "prose", "person", "texts", "people", "number", "count", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    """Column of a table. Each may be null where its meaning says when.

    Attributes:
        kind: Prose may name people; `texts` and `people` are lists of texts; times are UTC.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Table of a data set."""

    name: str
    meaning: str
    columns: tuple[Column, ...]


_DOCUMENT = read_document(Path(__file__).with_name("tables.yaml"))
TABLES = TypeAdapter(tuple[Table, ...]).validate_python(_DOCUMENT.data)
EPISODES, EVIDENCE, ACTIONS = TABLES

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
