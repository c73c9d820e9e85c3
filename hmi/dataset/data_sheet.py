"""Data sheet of a data set, written from its rows.

Source: Gebru et al., Datasheets for Datasets, Commun. ACM 64(12) (2021) 86.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from handwheel.tools.safe_text import plain

from .rows import Row
from .tables import TABLES, VERSION, Table


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


def data_sheet(origin: Origin, rows: Mapping[str, Sequence[Row]]) -> str:
    """Returns the data sheet as Markdown."""
    lines = [
        f"# Episodes of the site {plain(origin.site)}", "",
        f"Exported at {origin.at} by Handwheel, tables of version `{VERSION}`.", "",
        "## Motivation", "",
        "The set was made to compare what agents said of deviations with what people found, and "
        "to build and test diagnosis.", "",
        "## Composition", "", *_composition(origin, rows), "",
        "## Collection", "",
        f"The agents of Handwheel watched the plant ({plain(origin.plant) or 'not named'}), wrote "
        "each judgement into the site's journal as they made it, and filed requests. People "
        "decided on these, and closed work orders. The export reads journal, requests and work "
        "orders at one moment and computes nothing but times between two of them. It has not "
        "checked signatures, which the audit of the journal does.", "",
        "## Labels", "", *_labels(rows["episodes"]), "",
        "## People", "",
        "Names of people are kept (`--names`)." if origin.has_names else
        "Names of operators, and of those who closed work orders, are replaced by pseudonyms, in "
        "texts too. A name that somebody has typed otherwise stays. Who was on shift can still be "
        "told from the times.", "",
        "## What is missing", "", *_missing(origin), "",
        "## Uses", "",
        "Recommended: calibration of weights, comparison of methods of diagnosis, study of how "
        "long requests wait. Not recommended: judging the work of a person; rates of failures, "
        "since only deviations that a rule or a failure mode knows open a case; training of a "
        "controller, since values of the process are not in it.", "",
        "## Licence", "",
        f"The data belong to the owner of the site {plain(origin.site)}, and this sheet grants no "
        "rights. Ask the owner before it is passed on. The licence of Handwheel covers its code "
        "only.", "",
        "## Versions and hashes", "",
        "| What | Value |", "|---|---|",
        *(f"| {name} | {plain(value)} |" for name, value in origin.versions.items()),
        *(f"| SHA-256 of {name} | `{value}` |" for name, value in origin.hashes.items()), "",
        "## Columns", "", *(line for table in TABLES for line in _columns(table)),
    ]  # fmt: skip
    return "\n".join(lines)


def _composition(origin: Origin, rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    yield from ("| File | Rows | A row is |", "|---|---|---|")
    for table in TABLES:
        yield f"| `{table.name}.parquet` | {len(rows[table.name])} | {table.meaning} |"
    episodes = rows["episodes"]
    if not episodes:
        return
    yield ""
    first, last = (
        f"{ends(each['opened_at'] for each in episodes):%Y-%m-%d}" for ends in (min, max)
    )
    yield f"The cases were opened from {first} to {last} (UTC), at one site."
    yield from _counts("Verdicts", (each["verdict"] or "none" for each in episodes))
    yield from _counts(
        "Requests", {r["request_id"]: r["request_state"] for r in rows["actions"]}.values()
    )


def _labels(episodes: Sequence[Row]) -> Iterator[str]:
    told = [each["found"] for each in episodes if each["found"] is not None]
    yield (
        f"`found` says what was wrong: {len(told)} of {len(episodes)} cases have it. It was given "
        "by the person who closed the last work order of the case, who may have seen the diagnosis "
        "before, so that label and diagnosis are not independent. `nothing` means that no fault "
        "was found. Cases without a work order, or closed without `--found`, have no label."
    )
    yield from _counts("Labels", told)
    yield from _counts("Given by", (each["found_by"] for each in episodes if each["found_by"]))


def _missing(origin: Origin) -> Iterator[str]:
    yield f"- Cases that are still open: {origin.left_open}."
    yield "- Deviations that opened no case, and faults that nobody has noticed."
    yield "- Evidence of refuted hypotheses, of which the journal keeps the sum only."
    yield "- Recorded values of tags, keys, signatures and the bytes of writes."
    yield from (f"- {plain(each, 300)}." for each in origin.left_out)


def _counts(title: str, values: Iterable[str]) -> Iterator[str]:
    found = sorted(Counter(values).items())
    if found:
        yield ""
        yield f"{title}: {', '.join(f'{plain(name)} {n}' for name, n in found)}."


def _columns(table: Table) -> Iterator[str]:
    yield from (f"### {table.name}", "", "| Column | Type | Unit | Meaning |", "|---|---|---|---|")
    for each in table.columns:
        yield f"| `{each.name}` | {_TYPES[each.kind]} | {each.unit} | {each.meaning} |"
    yield ""


_TYPES = {
    "text": "string", "prose": "string", "person": "string", "texts": "list of strings",
    "people": "list of strings", "number": "double", "count": "int64",
    "time": "timestamp, µs, UTC",
}  # fmt: skip
