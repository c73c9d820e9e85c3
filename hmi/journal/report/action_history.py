"""Reports what the gate and the plant did with each write of a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.requests.request import Action
from handwheel.tools.safe_text import plain, printable

from ...requests.write_followup import effect_sentence
from ..rows.entries import JournalEntry
from ..rows.row_text import row_text
from ..rows.term_explanations import ACTION_STATES, clock_time, key_values, spaced_hex
from .layout import ReportWriter
from .signatures import card_of, reading_text

_STATE = "action."
_INTENT = "action.intent"
_OPEN = frozenset({"PLANNED", "DUE", "CLAIMED"})
_BEFORE = _OPEN | {"SENDING"}
_DOUBTFUL = frozenset({"SENDING", "UNKNOWN"})
_UNNEEDED = frozenset({"PLANNED", "SKIPPED", "CANCELLED", "INVALIDATED"})
_RESOLVES = ("resolve-applied", "resolve-not-applied")


@dataclass(frozen=True, slots=True)
class ActionHistory:
    """A write and all its rows in order, with the decision that resolved it."""

    action: Action
    entries: Sequence[JournalEntry]

    @property
    def name(self) -> str:
        """The short name, such as `c1`."""
        return plain(self.action.action_id).rpartition("/")[2]

    @property
    def states(self) -> list[JournalEntry]:
        """The rows that change its state."""
        return [each for each in self.entries if _is_state(each)]

    @property
    def sending(self) -> JournalEntry | None:
        """The row after which its frame can be sent, or `None`."""
        return next((each for each in self.states if each.kind == f"{_STATE}SENDING"), None)

    @property
    def is_relevant(self) -> bool:
        """True if the write has a part of its own. An undo that was not needed has none."""
        return self.action.kind == "command" or any(
            _name(each) not in _UNNEEDED for each in self.states
        )

    @property
    def summary(self) -> str:
        """The outcome as a sentence."""
        if not self.states:
            return ""
        last = self.states[-1]
        if self.sending is None:
            by_gate = ", because the gate stopped it" if last.body.get("from") == "CLAIMED" else ""
            reason = printable(str(last.body.get("reason", "")))
            return f"{self.name} was not sent{by_gate}: {_name(last)} ({reason})."
        ends = [each for each in self.states if _name(each) not in _BEFORE] or [self.sending]
        words = ", then ".join(map(_in_words, ends))
        return f"{self.name}{_sent(self.sending, ends[0])}: {words}."

    @property
    def missed_effects(self) -> str:
        """The expected results that were not met or prove nothing, or an empty string."""
        sentences = (effect_sentence(each.kind, each.body) for each in self.entries)
        return " ".join(filter(None, sentences))


def action_history(action: Action, entries: Sequence[JournalEntry]) -> ActionHistory:
    """Returns one write of a request with its rows."""
    own = [
        each
        for each in entries
        if action.action_id == (_resolves(each) if each.kind == "decision" else each.subject)
    ]
    return ActionHistory(action, own)


def write_actions(report: ReportWriter, histories: Sequence[ActionHistory]) -> None:
    """Writes the section about all writes of a request."""
    report.heading("WHAT THE GATE AND THE PLANT DID")
    for each in histories:
        if each.is_relevant:
            _write_action(report, each)
    _write_unneeded(report, [each for each in histories if not each.is_relevant])


def _write_unneeded(report: ReportWriter, histories: Sequence[ActionHistory]) -> None:
    """Writes the undo actions that were not needed, grouped by state."""
    names: dict[str, list[str]] = {}
    for each in histories:
        words = _in_words(each.states[-1]) if each.states else "PLANNED"
        names.setdefault(words, []).append(each.name)
    for words, those in names.items():
        report.paragraph(f"{', '.join(those)}  not sent: {words}", 2, 4)


def _sent(sending: JournalEntry, end: JournalEntry) -> str:
    """Returns whether and when a frame was sent, by the first row after its intent."""
    at = clock_time(sending.at)
    if end.body.get("sent") is False:
        return " was not sent"
    if _name(end) in _DOUBTFUL:
        return f", possibly sent at or after {at} UTC"
    return f", sent {at} UTC"


def _in_words(entry: JournalEntry) -> str:
    state, reason = _name(entry), printable(str(entry.body.get("reason", "")))
    means = ACTION_STATES.get(state, "")
    return f"{state}, {means}{f' ({reason})' if reason else ''}"


def _write_action(report: ReportWriter, history: ActionHistory) -> None:
    last = _name(history.states[-1]) if history.states else "PLANNED"
    report.paragraph(
        f"{history.name}  {plain(history.action.tag)}: {last}, {ACTION_STATES.get(last, '')}", 2, 4
    )
    for day, entries in groupby(history.entries, lambda each: plain(each.at)[:10]):
        report.paragraph(f"on {day}, UTC:", 6)
        for entry in entries:
            _write_entry(report, entry, history.action)


def _write_entry(report: ReportWriter, entry: JournalEntry, action: Action) -> None:
    at = clock_time(entry.at)
    body = entry.body
    if entry.kind == _INTENT:
        report.field(at, f"intent recorded before sending: {spaced_hex(body.get('wire'))}", 6)
    elif entry.kind == "decision":
        _write_resolution(report, entry)
    elif _is_state(entry):
        _write_state(report, entry, action)
    else:
        words = row_text(entry.kind, entry.subject, body)
        report.field(at, words or f"{plain(entry.kind)}: {key_values(body)}", 6)


def _write_state(report: ReportWriter, entry: JournalEntry, action: Action) -> None:
    state, body = _name(entry), entry.body
    reason, found = printable(str(body.get("reason", ""))), str(body.get("readback", ""))
    by = f" by gate {plain(str(body['epoch']))}" if "epoch" in body else ""
    text = ACTION_STATES.get(state, "") if reason == printable(found) else reason
    report.field(clock_time(entry.at), f"{state}{by}: {text}", 6)
    if "before" in body:
        before = " ".join(filter(None, (str(body["before"]), action.unit)))
        report.field("", f"right before, {plain(action.tag)} read {printable(before)}", 6)
    if body.get("sent") is False:
        report.field("", "no frame was sent", 6)
    elif state == "REFUSED":
        report.field("", "the frame was sent, and the device refused it", 6)
    if found:
        report.field("", f"read back: {printable(found)}", 6)
    if state in {"UNKNOWN", "MISMATCH"}:
        report.field("", "held until a person resolves it; nothing is sent again", 6)


def _write_resolution(report: ReportWriter, entry: JournalEntry) -> None:
    decision = parse_decision(entry.body["text"])
    found = "was applied" if decision.verdict == _RESOLVES[0] else "was not applied"
    report.field(
        clock_time(entry.at),
        f"{printable(decision.person)} checked the plant and signed that it {found}",
        6,
    )
    card = card_of(entry)
    reading: object = card.get("reading")
    if isinstance(reading, dict):
        then = reading_text(cast("Mapping[str, Any]", reading))
        report.field("", f"it read then: {then}", 6)
    if card.get("found"):
        report.field("", f"the gate had read: {printable(str(card['found']))}", 6)


def _resolves(entry: JournalEntry) -> str:
    """Returns the write that a decision resolves, or an empty string."""
    decision = parse_decision(entry.body["text"])
    return decision.subject or "" if decision.verdict in _RESOLVES else ""


def _is_state(entry: JournalEntry) -> bool:
    return entry.kind.startswith(_STATE) and entry.kind != _INTENT


def _name(entry: JournalEntry) -> str:
    return plain(entry.kind.removeprefix(_STATE))
