"""What the gate did with each write of a request, and what the plant did, as the journal tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, parse_decision
from handwheel.tools.requests.request import Action
from handwheel.tools.safe_text import plain, printable

from ...requests.effect_text import effect_in_short
from ..rows.entries import Entry
from ..rows.paper import Paper
from ..rows.row_text import row_words
from ..rows.safe_row import write_or_why
from ..rows.terms import ACTION_STATES, clock_time, hex_bytes, moment, spelled
from .signatures import card_of, reading_words

_STATE = "action."
_INTENT = "action.intent"
_OPEN = frozenset({"PLANNED", "DUE", "CLAIMED"})
_BEFORE = _OPEN | {"SENDING"}
_DOUBTFUL = frozenset({"SENDING", "UNKNOWN"})
_UNNEEDED = frozenset({"PLANNED", "SKIPPED", "CANCELLED", "INVALIDATED"})
_RESOLVES = ("resolve-applied", "resolve-not-applied")


@dataclass(frozen=True, slots=True)
class Told:
    """One write and every row about it, in order, with the words of whoever resolved it."""

    action: Action
    entries: Sequence[Entry]

    @property
    def name(self) -> str:
        """Its short name, such as `c1`."""
        return plain(self.action.action_id).rpartition("/")[2]

    @property
    def states(self) -> list[Entry]:
        """The rows that say where it stands."""
        return [each for each in self.entries if _is_state(each)]

    @property
    def sending(self) -> Entry | None:
        """The row after which its frame could leave; `None` if there is none."""
        return next((each for each in self.states if each.kind == f"{_STATE}SENDING"), None)

    @property
    def is_worth_telling(self) -> bool:
        """Whether more became of it than that it was not needed."""
        return self.action.kind == "command" or any(
            _name(each) not in _UNNEEDED for each in self.states
        )

    @property
    def in_short(self) -> str:
        """What became of it, in a sentence."""
        if not self.states:
            return ""
        last = self.states[-1]
        if self.sending is None:
            by_gate = ", for the gate stopped it" if last.body.get("from") == "CLAIMED" else ""
            reason = printable(str(last.body.get("reason", "")))
            return f"{self.name} was not sent{by_gate}: {_name(last)} ({reason})."
        ends = [each for each in self.states if _name(each) not in _BEFORE] or [self.sending]
        words = ", then ".join(map(_in_words, ends))
        return f"{self.name}{_sent(self.sending, ends[0])}: {words}."

    @property
    def not_come(self) -> str:
        """What was expected after it and did not come, or was so before; empty if nothing."""
        told = (effect_in_short(each.kind, each.body) for each in self.entries)
        return " ".join(filter(None, told))


def told_of(action: Action, entries: Sequence[Entry]) -> Told:
    """Returns what a request's rows tell of one of its writes."""
    own = [
        each
        for each in entries
        if action.action_id == (_resolves(each) if each.kind == "decision" else each.subject)
    ]
    return Told(action, own)


def write_actions(paper: Paper, told: Sequence[Told]) -> None:
    """Writes what the gate and the plant did."""
    paper.heading("WHAT THE GATE DID, AND WHAT THE PLANT DID")
    for each in told:
        if each.is_worth_telling:
            _write_action(paper, each)
    _write_unneeded(paper, [each for each in told if not each.is_worth_telling])


def _write_unneeded(paper: Paper, told: Sequence[Told]) -> None:
    """Writes what was approved for taking things back and never came up, in a few lines."""
    names: dict[str, list[str]] = {}
    for each in told:
        words = _in_words(each.states[-1]) if each.states else "PLANNED"
        names.setdefault(words, []).append(each.name)
    for words, those in names.items():
        paper.say(f"{', '.join(those)}  not sent: {words}", 2, 4)


def _sent(sending: Entry, end: Entry) -> str:
    """Returns whether a frame left and when, as far as the first row after its intent knows."""
    at = clock_time(sending.at)
    if end.body.get("sent") is False:
        return " was not sent"
    if _name(end) in _DOUBTFUL:
        return f", to be sent from {at} UTC on"
    return f", sent {at} UTC"


def _in_words(entry: Entry) -> str:
    state, reason = _name(entry), printable(str(entry.body.get("reason", "")))
    means = ACTION_STATES.get(state, "")
    return f"{state}, {means}{f' ({reason})' if reason else ''}"


def _write_action(paper: Paper, told: Told) -> None:
    last = _name(told.states[-1]) if told.states else "PLANNED"
    paper.say(f"{told.name}  {plain(told.action.tag)}: {last}, {ACTION_STATES.get(last, '')}", 2, 4)
    day = ""
    for entry in told.entries:
        if plain(entry.at)[:10] != day:
            day = plain(entry.at)[:10]
            paper.say(f"on {day}, UTC:", 6)
        write_or_why(paper, entry, partial(_write_entry, paper, entry, told.action))


def _write_entry(paper: Paper, entry: Entry, action: Action) -> None:
    at = clock_time(entry.at)
    body = entry.body
    if entry.kind == _INTENT:
        paper.field(at, f"intent recorded, before anything left: {hex_bytes(body.get('wire'))}", 6)
    elif entry.kind == "decision":
        _write_resolution(paper, entry)
    elif _is_state(entry):
        _write_state(paper, entry, action)
    else:
        words = row_words(entry.kind, entry.subject, body)
        paper.field(at, words or f"{plain(entry.kind)}: {spelled(body)}", 6)


def _write_state(paper: Paper, entry: Entry, action: Action) -> None:
    state, body = _name(entry), entry.body
    reason, found = printable(str(body.get("reason", ""))), str(body.get("readback", ""))
    by = f" by gate {plain(str(body['epoch']))}" if "epoch" in body else ""
    told = ACTION_STATES.get(state, "") if reason == printable(found) else reason
    paper.field(clock_time(entry.at), f"{state}{by}: {told}", 6)
    if "before" in body:
        before = " ".join(filter(None, (str(body["before"]), action.unit)))
        paper.field("", f"right before, {plain(action.tag)} read {printable(before)}", 6)
    if body.get("sent") is False:
        paper.field("", "no frame left", 6)
    elif state == "REFUSED":
        paper.field("", "the frame left, and the device said no", 6)
    if found:
        paper.field("", f"read back: {printable(found)}", 6)
    if state in {"UNKNOWN", "MISMATCH"}:
        paper.field("", "held until a person has resolved it; nothing is sent again", 6)


def _write_resolution(paper: Paper, entry: Entry) -> None:
    decision = parse_decision(str(entry.body.get("text")))
    found = "was done" if decision.verdict == _RESOLVES[0] else "was not done"
    paper.field(
        clock_time(entry.at),
        f"{printable(decision.person)} looked at the plant, and signed that it {found}",
        6,
    )
    card = card_of(entry)
    reading: object = card.get("reading")
    if isinstance(reading, dict):
        then = reading_words(cast("Mapping[str, Any]", reading))
        paper.field("", f"it read then: {then}", 6)
    if card.get("found"):
        paper.field("", f"the gate had read: {printable(str(card['found']))}", 6)
    if not card:
        paper.field("", f"what they saw was not kept (row {entry.seq}, {moment(entry.at)})", 6)


def _resolves(entry: Entry) -> str:
    """Returns the write that a decision resolves; empty if it resolves none."""
    try:
        decision = parse_decision(str(entry.body.get("text")))
    except DecisionRefused:
        return ""
    return decision.subject or "" if decision.verdict in _RESOLVES else ""


def _is_state(entry: Entry) -> bool:
    return entry.kind.startswith(_STATE) and entry.kind != _INTENT


def _name(entry: Entry) -> str:
    return plain(entry.kind.removeprefix(_STATE))
