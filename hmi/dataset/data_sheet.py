"""Data sheet of a data set, written from its rows.

Source: Gebru et al., Datasheets for Datasets, Commun. ACM 64(12) (2021) 86.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..shell.terminal.templates import render
from .tables import TABLES, VERSION, Row


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
        __package__, "data_sheet.txt.j2",
        origin=origin, rows=rows, episodes=episodes, tables=TABLES, version=VERSION, types=_TYPES,
        opened=sorted(f"{each['opened_at']:%Y-%m-%d}" for each in episodes),
        verdicts=_counts(each["verdict"] or "none" for each in episodes),
        requests=_counts(requests.values()), labels=labels, told=sum(n for _, n in labels),
        given_by=_counts(each["found_by"] for each in episodes if each["found_by"]),
    )  # fmt: skip
    return text.removesuffix("\n")


def _counts(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items())
