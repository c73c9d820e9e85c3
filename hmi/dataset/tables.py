"""Tables of a data set of episodes, their Parquet files and their data sheet.

Source: Gebru et al., Datasheets for Datasets, Commun. ACM 64(12) (2021) 86.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import HandwheelError

from ..shell.terminal.templates import render

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


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a data set.

    Attributes:
        versions: Of the programs that wrote it, by name.
        hashes: SHA-256 of the files that it comes from and consists of, by name.
        left_out: Sentences on what could not be read.
    """

    site: str
    plant: str
    at: str  # stamp of the export
    has_names: bool
    left_open: int
    versions: Mapping[str, str]
    hashes: Mapping[str, str]
    left_out: Sequence[str] = field(default_factory=tuple[str, ...])


_TYPES = {
    "text": "string", "prose": "string", "person": "string", "texts": "list of strings",
    "people": "list of strings", "number": "double", "count": "int64",
    "time": "timestamp, µs, UTC",
}  # fmt: skip


def data_sheet(origin: Origin, rows: Mapping[str, Sequence[Row]]) -> str:
    """Returns the data sheet as Markdown."""
    episodes = rows["episodes"]
    requests = {each["request_id"]: each["request_state"] for each in rows["actions"]}
    labels = _counts(each["found"] for each in episodes if each["found"] is not None)
    text = render(
        "handwheel.hmi.dataset", "data_sheet.txt.j2",
        origin=origin, rows=rows, episodes=episodes, tables=TABLES, version=VERSION, types=_TYPES,
        opened=sorted(f"{each['opened_at']:%Y-%m-%d}" for each in episodes),
        verdicts=_counts(each["verdict"] or "none" for each in episodes),
        requests=_counts(requests.values()), labels=labels, told=sum(n for _, n in labels),
        given_by=_counts(each["found_by"] for each in episodes if each["found_by"]),
    )  # fmt: skip
    return text.removesuffix("\n")


def _counts(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items())
