"""A hand-over between shifts in the journal's report: what was shown, and both signatures."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from handwheel.tools.guardrails.printable import printable
from handwheel.tools.guardrails.shift import PARTS

from .journal_paper import Paper
from .journal_signatures import Signatures, card_of
from .journal_story import Entry


def write_shift(paper: Paper, entry: Entry, signatures: Signatures) -> None:
    """Writes what the coming person was shown, and who signed it."""
    for label, text in _shown(card_of(entry)):
        paper.field(label, text, 5)
    for part in PARTS:
        said = entry.body.get(part)
        body: dict[str, Any] = {"card": entry.body.get("card")}
        if isinstance(said, Mapping):
            body |= cast("Mapping[str, Any]", said)
        signatures.write(paper, Entry(entry.seq, entry.at, "decision", entry.subject, body), "")


def _shown(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "since", printable(str(card.get("since")))
    sections: object = card.get("sections")
    for each in cast("list[object]", sections) if isinstance(sections, list) else []:
        if not isinstance(each, Mapping):
            continue
        section = cast("Mapping[str, Any]", each)
        label = printable(str(section.get("title")))
        lines: object = section.get("lines")
        for line in cast("list[object]", lines) if isinstance(lines, list) else []:
            yield label, printable(str(line), 300)
            label = ""
    if note := card.get("note"):
        yield "note", f'"{printable(str(note), 1000)}"'
