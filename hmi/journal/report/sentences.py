"""Sentences of the report, and what its templates need to write them."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from handwheel.tools.conditions.truth import TRUTH_TEXT
from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER, ShiftSummary
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.requests.duration_text import exact_span
from handwheel.tools.safe_text import plain

from ...requests.write_followup import effect_sentence
from ...shell.terminal.templates import render_macro
from ..rows.entries import JournalEntry, RequestHistory
from ..rows.row_text import (
    event_name,
    event_text,
    key_values,
    open_write_text,
    row_text,
    spaced_hex,
    summary_of,
    texts,
    value_text,
)
from .action_history import last_move, last_state
from .file_changes import FILE_NAMES

FOLDER = "handwheel.hmi.journal.report"


def said(sentence: str, *about: object) -> str:
    """Returns a sentence of `sentences.txt.j2`, on one line."""
    return render_macro(FOLDER, "sentences.txt.j2", sentence, *about, **WORDS)


def by_day(entries: Iterable[JournalEntry]) -> list[tuple[str, list[JournalEntry]]]:
    """Returns rows by the date of their stamp."""
    return [(day, list(rows)) for day, rows in groupby(entries, lambda each: each.day)]


def approvers(history: RequestHistory) -> list[str]:
    """Returns the people who approved a request."""
    signed = (
        parse_decision(each.body["text"]) for each in history.entries if each.kind == "decision"
    )
    return [each.person for each in signed if each.verdict == "approve"]


def any_row_text(entry: JournalEntry, subject: str | None = None) -> str:
    """Returns the text of a row, or its keys and values, with a subject that is not expected."""
    about = "" if subject in {None, entry.subject} else f" of {plain(entry.subject)}"
    own = row_text(entry.kind, entry.subject, entry.body)
    return own or f"{plain(entry.kind)}{about}: {key_values(entry.body)}"


def site_event_text(entry: JournalEntry) -> str:
    """Returns the text of a row about the site, or its keys and values."""
    own = row_text(entry.kind, entry.subject, entry.body)
    if own is None:
        return f"{plain(entry.kind)}: {entry.subject}; {key_values(entry.body)}".rstrip("; ")
    return f"{own}; no rights were changed" if entry.kind == HANDED_OVER else own


def summary_fields(summary: ShiftSummary) -> dict[str, list[str]]:
    """Returns the sections of a summary and its note, by label."""
    found = {"since": [summary.since]}
    for section in summary.sections:
        more = [f"and {section.more} more, not shown"] if section.more else []
        found[f"{section.title}:"] = [*(section.lines or ["none"]), *more]
    return found | ({"note": [f'"{summary.note}"']} if summary.note else {})


WORDS: Mapping[str, object] = {
    "any_row_text": any_row_text,
    "approvers": approvers,
    "days": by_day,
    "effect_sentence": effect_sentence,
    "event_name": event_name,
    "event_text": event_text,
    "exact_span": exact_span,
    "file_names": FILE_NAMES,
    "key_values": key_values,
    "last_move": last_move,
    "last_state": last_state,
    "open_write_text": open_write_text,
    "row_text": row_text,
    "site_event_text": site_event_text,
    "spaced_hex": spaced_hex,
    "summary_fields": summary_fields,
    "summary_of": summary_of,
    "texts": texts(),
    "truth_text": TRUTH_TEXT,
    "value_text": value_text,
}
"""Functions and tables that the templates use."""
