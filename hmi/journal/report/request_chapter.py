"""Writes the chapter of one request, from its proposal to its outcome."""

from collections.abc import Container, Iterator, Sequence

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.conditions.truth import TRUTH_TEXT
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.requests.duration_text import exact_span
from handwheel.tools.requests.request import Action, ActionRequest
from handwheel.tools.safe_text import plain, printable, quoted

from ...shell.terminal.templates import WHOLE, moment
from ..rows.entries import JournalEntry, RequestHistory
from ..rows.row_text import row_text
from ..rows.term_explanations import CLASSES, REQUEST_STATES, key_values, spaced_hex
from .action_history import ActionHistory, action_history, write_actions
from .file_changes import FILE_NAMES
from .final_states import REQUEST, last_move
from .layout import ReportWriter, labelled
from .lease_text import lease_summary
from .signatures import Signatures

_SIDES = (("for", "evidence for"), ("against", "against"), ("permissive", "permissive"))
_WAITS = frozenset({"PENDING", "PARTIAL"})
_NOT_APPROVED = "Not approved"
_NEVER = "R4"
_KINDS = {"person": " (a person)", "agent": " (an agent)", "guest": ""}  # after the name
_FROM = {
    "person": "",
    "agent": " (from an agent, not verified)",
    "guest": " (from a guest, not verified)",
}  # after the reason


def write_request(report: ReportWriter, history: RequestHistory, signatures: Signatures) -> None:
    """Writes the chapter of a request."""
    first, last = history.entries[0].seq, history.entries[-1].seq
    report.chapter(f"REQUEST {plain(history.request_id)}", f"rows {first} to {last}")
    request = history.request
    actions = [action_history(action, history.entries) for action in request.actions]
    report.paragraph("")
    report.field("Summary", summary(request, history, actions), 0)
    _write_asked(report, request, history)
    _write_writes(report, request)
    _write_decisions(report, history, signatures)
    write_actions(report, actions)
    _write_end(report, history, {each.action_id for each in request.actions})


def summary(
    request: ActionRequest, history: RequestHistory, actions: Sequence[ActionHistory]
) -> str:
    """Returns proposer, writes, approvers and outcome in a few sentences."""
    asks = "; ".join(change_text(each) for each in request.commands)
    parts = [f"{_proposer(request)} proposed to {asks}.", _approved_by(history)]
    parts += [
        text for each in actions if each.is_relevant for text in (each.summary, each.missed_effects)
    ]
    parts.append(lease_summary(request, history))
    return " ".join(part for part in parts if part)


def change_text(action: Action) -> str:
    """Returns a write in words, such as `set PIC-102.sp from 350 kPa to 340 kPa`."""
    unit = f" {printable(action.unit)}" if action.unit else ""
    before = next((each.shown for each in action.expected if each.tag == action.tag), None)
    was = "" if before is None else f" from {printable(before)}{unit}"
    return f"set {plain(action.tag)}{was} to {printable(action.shown)}{unit}"


def _proposer(request: ActionRequest) -> str:
    name = request.proposer.shown
    if request.run is None:
        return f"{name}{_KINDS[request.proposer.kind]}"
    return f"An agent ({name}, run {request.run.run_id} of playbook {plain(request.run.playbook)})"


def _approved_by(history: RequestHistory) -> str:
    """Returns the approvers, or why the request was not approved."""
    signed = [
        parse_decision(each.body["text"]) for each in history.entries if each.kind == "decision"
    ]
    people = [printable(each.person) for each in signed if each.verdict == "approve"]
    if any(each.kind == f"{REQUEST}APPROVED" for each in history.entries):
        return f"{' and '.join(people)} approved it."
    end = last_move(history.entries, REQUEST)
    state = end.kind.removeprefix(REQUEST) if end else "PROPOSED"
    means = REQUEST_STATES.get(state, "")
    reason = printable(str(end.body.get("reason", ""))) if end and state not in _WAITS else means
    who = f"Approved only by {' and '.join(people)}" if people else _NOT_APPROVED
    return f"{who}: it is {plain(state)} ({reason})."


def _is_state(entry: JournalEntry) -> bool:
    return entry.kind.startswith(REQUEST) and entry.kind != "request.filed"


def _write_proposer(report: ReportWriter, request: ActionRequest) -> None:
    proposer = request.proposer
    report.field("proposer", _proposer(request))
    if proposer.key_id:
        report.field("key", plain(proposer.key_id))
    if proposer.kind == "guest":
        report.field("account", f"{plain(proposer.os_user or '')}, as the agents' process said")
        if proposer.model:
            report.field("model", f"{quoted(plain(proposer.model))}, not verified")


def _write_asked(report: ReportWriter, request: ActionRequest, history: RequestHistory) -> None:
    report.heading("PROPOSAL")
    _write_proposer(report, request)
    if (run := request.run) is not None:
        report.field("run", f"{run.run_id}, request {run.segment} of it; see its own chapter")
        report.field("playbook", f"{plain(run.playbook)}, version {plain(run.version)}")
        report.field("", f"the file's SHA-256 is {run.digest}")
        parameters = ", ".join(f"{plain(k)} = {printable(v)}" for k, v in run.parameters.items())
        report.field("parameters", parameters or "none")
    report.field("submitted", moment(request.filed_at))
    own = _FROM[request.proposer.kind]
    report.field("reason", f"{quoted(request.reason, WHOLE)}{own}")
    for side, label in _SIDES:
        for each in (each for each in request.evidence if each.side == side):
            source = f"{printable(each.id)}, {printable(each.source)}"
            report.field(label, f"{TRUTH_TEXT[each.truth]}: {printable(each.shown)} ({source})")
    risk = f"{request.risk_class}, {CLASSES.get(request.risk_class, 'unknown')}"
    report.field("policy class", risk)
    if request.risk_class != _NEVER:
        people = "one person" if request.quorum == 1 else f"{request.quorum} different people"
        roles = " and ".join(map(plain, request.roles)) or "none"
        within = exact_span(request.within_s)
        report.field("needs", f"{people} in the role {roles}, within {within}")
    files = (f"{file} with SHA-256 {getattr(request.hashes, name)}" for name, file in FILE_NAMES)
    for label, text in labelled("depends on", files):
        report.field(label, text)
    if request.lease is not None:
        lasts = exact_span(request.lease.for_s)
        report.field("lease", f"for {lasts}, then the gate undoes the writes")
    if request.supersedes:
        report.field("replaces", f"{plain(request.supersedes)}, when approved")
    report.field("digest", request.digest)


def _write_writes(report: ReportWriter, request: ActionRequest) -> None:
    report.heading("WRITES")
    for action in request.commands:
        _write_write(report, action, request)
    if request.recovery:
        report.paragraph("")
        when = "if the run rolls back" if request.run else "when the lease ends"
        report.paragraph(f"Approved with it, sent only {when}:", 2)
    for action in request.recovery:
        _write_write(report, action, request)


def _write_write(report: ReportWriter, action: Action, request: ActionRequest) -> None:
    name = plain(action.action_id).rpartition("/")[2]
    report.paragraph(f"{name}  {change_text(action)}", 2, 4)
    of = f"{plain(action.equipment)}" or "the site's own"
    report.field("equipment", f"{of}; step {plain(action.step)}" if action.step else of, 6)
    report.field("device", _device(action), 6)
    report.field("bytes", spaced_hex(action.wire), 6)
    for label, text in _conditions(action):
        report.field(label, text, 6)
    by_hand = "only by a new request" if request.run is None else "not possible"
    undo = plain(action.undo).rpartition("/")[2] if action.undo else by_hand
    if action.kind == "command":
        report.field("undo", undo, 6)
    elif action.undoes:
        report.field("undo of", plain(action.undoes), 6)


def _device(action: Action) -> str:
    device = action.identity
    name = f'"{printable(device.name)}"' if device.name else "no name"
    kind = ", a simulator" if device.is_simulator else ""
    proof = f", proved by the certificate {device.certificate}" if device.certificate else ""
    place = f"{plain(action.address)} at {plain(device.where)} ({plain(device.kind)})"
    return f"{place}; {name}{kind}{proof}"


def _conditions(action: Action) -> Iterator[tuple[str, str]]:
    yield from labelled("must read", _expected(action))
    needs = (f"{printable(each.text)} ({printable(each.why)})" for each in action.requires)
    yield from labelled("only while", needs)
    if action.readback:
        yield "read back", f"{plain(action.readback)}, within {format_duration(action.within_s)}"
    else:
        yield "read back", "not possible, no tag shows it"
    effects = [f"{e.text} within {exact_span(e.within_s)}" for e in action.effects]
    yield from labelled("expected", map(printable, (*action.promises, *effects)))


def _expected(action: Action) -> Iterator[str]:
    for each in action.expected:
        unit = f" {printable(action.unit)}" if action.unit and each.tag == action.tag else ""
        more = "" if each.tolerance is None else f" +/- {each.tolerance:g}{unit}"
        value = f"{plain(each.tag)} = {printable(each.shown)}{unit}{more}"
        yield f"{value}; read at most {format_duration(each.max_age_s)} before"


def _write_decisions(report: ReportWriter, history: RequestHistory, signatures: Signatures) -> None:
    report.heading("SIGNATURES")
    number = 0
    for entry in history.entries:
        if entry.kind == "decision":
            number += 1
            signatures.write(report, entry, f"{number}. ")
        elif entry.kind == "decision.refused":
            number += 1
            _write_refused(report, entry, number)
    if not number:
        report.paragraph("None.", 2)


def _write_refused(report: ReportWriter, entry: JournalEntry, number: int) -> None:
    person = printable(str(entry.body.get("person", ""))) or "an unknown person"
    reason = printable(str(entry.body.get("reason", "")))
    report.paragraph(f"{number}. a decision of {person} WAS REFUSED: {reason}", 2, 3)
    report.field("in row", f"{entry.seq}, {moment(entry.at)}", 5)


def _write_end(report: ReportWriter, history: RequestHistory, actions: Container[str]) -> None:
    report.heading("STATES OF THE REQUEST")
    for entry in history.entries:
        if _is_state(entry):
            _write_state(report, entry)
    others = [
        each
        for each in history.entries
        if not each.kind.startswith((REQUEST, "decision")) and each.subject not in actions
    ]
    if others:
        report.heading("OTHER ROWS")
    for entry in others:
        _write_other(report, entry, history.request_id)


def _write_state(report: ReportWriter, entry: JournalEntry) -> None:
    state = entry.kind.removeprefix(REQUEST)
    means = REQUEST_STATES.get(state, "")
    reason = printable(str(entry.body.get("reason", "")))
    text = " - ".join(each for each in (means, reason) if each and each != "filed")
    report.paragraph(moment(entry.at), 2)
    report.paragraph(f"{plain(state)}: {reason if reason == means else text}", 6, 2)


def _write_other(report: ReportWriter, entry: JournalEntry, request_id: str) -> None:
    report.paragraph(moment(entry.at), 2)
    about = "" if entry.subject == request_id else f" of {plain(entry.subject)}"
    words = row_text(entry.kind, entry.subject, entry.body)
    report.paragraph(words or f"{plain(entry.kind)}{about}: {key_values(entry.body)}", 6, 2)
