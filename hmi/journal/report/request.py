"""One request of the journal as a chapter: who asked, why, who approved it, what came of it."""

from collections.abc import Container, Iterator, Sequence
from functools import partial

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, parse_decision
from handwheel.tools.requests.request import Action, ActionRequest
from handwheel.tools.requests.spans import exact_span
from handwheel.tools.safe_text import plain, printable

from ..rows.entries import Case, Entry
from ..rows.paper import Paper
from ..rows.row_text import row_words
from ..rows.safe_row import write_or_why, write_whole_or_why
from ..rows.terms import CLASSES, REQUEST_STATES, WHOLE, hex_bytes, moment, spelled
from .actions import Told, told_of, write_actions
from .files import FILE_NAMES
from .leases import lease_in_short
from .signatures import Signatures

_SIDES = (("for", "for it"), ("against", "against it"), ("permissive", "permissive"))
_STATE = "request."
_WAITS = frozenset({"PENDING", "PARTIAL"})
_NOBODY = "Nobody approved it"
_NEVER = "R4"
_TRUTHS = {"true": "HOLDS", "false": "DOES NOT HOLD", "unknown": "NOBODY KNOWS"}


def write_request(paper: Paper, case: Case, signatures: Signatures) -> None:
    """Writes the chapter of a request."""
    first, last = case.entries[0].seq, case.entries[-1].seq
    paper.chapter(f"REQUEST {plain(case.request_id)}", f"rows {first} to {last}")
    request = case.request
    if request is None:
        paper.say("What was filed is no request that can be read. Its rows:")
        for entry in case.entries:
            paper.say(f"row {entry.seq}  {moment(entry.at)}  {plain(entry.kind)}", 2, 2)
        return
    told = [told_of(action, case.entries) for action in request.actions]
    paper.say("")
    write_whole_or_why(
        paper, case.entries,
        lambda: paper.field("In short", in_short(request, case, told), 0),
    )  # fmt: skip
    _write_asked(paper, request, case)
    _write_writes(paper, request)
    _write_decisions(paper, case, signatures)
    write_actions(paper, told)
    _write_end(paper, case, {each.action_id for each in request.actions})


def in_short(request: ActionRequest, case: Case, told: Sequence[Told]) -> str:
    """Returns the whole in a few sentences: who asked for what, who approved it, what came."""
    asks = "; ".join(change_of(each) for each in request.commands)
    parts = [f"{_proposer(request)} asked to {asks}.", _approved_by(case)]
    parts += [
        text for each in told if each.is_worth_telling for text in (each.in_short, each.not_come)
    ]
    parts.append(lease_in_short(request, case))
    return " ".join(part for part in parts if part)


def change_of(action: Action) -> str:
    """Returns a write in words: `set PIC-102.sp from 350 kPa to 340 kPa`."""
    unit = f" {printable(action.unit)}" if action.unit else ""
    before = next((each.shown for each in action.expected if each.tag == action.tag), None)
    was = "" if before is None else f" from {printable(before)}{unit}"
    return f"set {plain(action.tag)}{was} to {printable(action.shown)}{unit}"


def _proposer(request: ActionRequest) -> str:
    name = printable(request.proposer.name)
    if request.run is None:
        return f"{name} (a person)" if request.proposer.kind == "person" else f"{name} (an agent)"
    return f"An agent ({name}, run {request.run.run_id} of playbook {plain(request.run.playbook)})"


def _approved_by(case: Case) -> str:
    """Returns who approved it, or why nobody did."""
    said = [(each, _verdict(each)) for each in case.entries if each.kind == "decision"]
    people = [person for _, (verdict, person) in said if verdict == "approve"]
    states = [each for each in case.entries if each.kind == f"{_STATE}APPROVED"]
    if states:
        return f"{' and '.join(people) or 'Somebody whose name is not kept'} approved it."
    end = _last_state(case)
    state = end.kind.removeprefix(_STATE) if end else "PROPOSED"
    means = REQUEST_STATES.get(state, "")
    reason = printable(str(end.body.get("reason", ""))) if end and state not in _WAITS else means
    who = f"{' and '.join(people)} approved it, which is not enough" if people else _NOBODY
    return f"{who}: it is {plain(state)} ({reason})."


def _verdict(entry: Entry) -> tuple[str, str]:
    try:
        decision = parse_decision(str(entry.body.get("text")))
    except DecisionRefused:
        return "", ""
    return decision.verdict, printable(decision.person)


def _last_state(case: Case) -> Entry | None:
    states = [each for each in case.entries if _is_state(each)]
    return states[-1] if states else None


def _is_state(entry: Entry) -> bool:
    return entry.kind.startswith(_STATE) and entry.kind != "request.filed"


def _write_asked(paper: Paper, request: ActionRequest, case: Case) -> None:
    paper.heading("WHO ASKED, AND WHY")
    paper.field("who", _proposer(request))
    if request.proposer.key_id:
        paper.field("with the key", plain(request.proposer.key_id))
    if (run := request.run) is not None:
        paper.field("for the run", f"{run.run_id}, part {run.segment} of it; see its own chapter")
        paper.field("playbook", f"{plain(run.playbook)}, version {plain(run.version)}")
        paper.field("", f"the file's SHA-256 is {run.digest}")
        parameters = ", ".join(f"{plain(k)} = {printable(v)}" for k, v in run.parameters.items())
        paper.field("with", parameters or "no parameters")
    paper.field("when", moment(request.filed_at))
    own = "" if request.run is None else " (an agent's own words, which nobody has verified)"
    paper.field("why", f'"{printable(request.reason, WHOLE)}"{own}')
    for side, label in _SIDES:
        for each in (each for each in request.evidence if each.side == side):
            source = f"{printable(each.id)}, {printable(each.source)}"
            paper.field(label, f"{_TRUTHS[each.truth]}: {printable(each.shown)} ({source})")
    risk = f"{request.risk_class}, {CLASSES.get(request.risk_class, 'unknown')}"
    paper.field("policy class", risk)
    if request.risk_class != _NEVER:
        people = "one person" if request.quorum == 1 else f"{request.quorum} different people"
        roles = " and ".join(map(plain, request.roles)) or "nobody"
        within = exact_span(request.within_s)
        paper.field("needs", f"{people} in the role {roles}, within {within}")
    label = "rests on"
    for name, file in FILE_NAMES:
        paper.field(label, f"{file} with SHA-256 {getattr(request.hashes, name)}")
        label = ""
    if request.lease is not None:
        lasts = exact_span(request.lease.for_s)
        paper.field("stands for", f"{lasts}, then the gate takes it back by itself")
    if request.supersedes:
        paper.field("follows", f"{plain(request.supersedes)}, whose place it takes when approved")
    paper.field("digest", request.digest)


def _write_writes(paper: Paper, request: ActionRequest) -> None:
    paper.heading("WHAT EXACTLY")
    for action in request.commands:
        _write_write(paper, action, request)
    if request.recovery:
        paper.say("")
        when = "if the run has to take things back" if request.run else "when the lease is over"
        paper.say(f"Asked for with it, to be sent only {when}:", 2)
    for action in request.recovery:
        _write_write(paper, action, request)


def _write_write(paper: Paper, action: Action, request: ActionRequest) -> None:
    paper.say(f"{_short(action)}  {change_of(action)}", 2, 4)
    of = f"{plain(action.equipment)}" or "the site's own"
    paper.field("equipment", f"{of}; step {plain(action.step)}" if action.step else of, 6)
    paper.field("device", _device(action), 6)
    paper.field("bytes", hex_bytes(action.wire), 6)
    for label, text in _conditions(action):
        paper.field(label, text, 6)
    by_hand = "nothing but a new request" if request.run is None else "nothing"
    undo = plain(action.undo).rpartition("/")[2] if action.undo else by_hand
    if action.kind == "command":
        paper.field("taken back by", undo, 6)
    elif action.undoes:
        paper.field("takes back", plain(action.undoes), 6)


def _device(action: Action) -> str:
    device = action.identity
    name = f'"{printable(device.name)}"' if device.name else "does not say what it is"
    kind = ", a simulator" if device.is_simulator else ""
    proof = f", proved by the certificate {device.certificate}" if device.certificate else ""
    place = f"{plain(action.address)} at {plain(device.where)} ({plain(device.kind)})"
    return f"{place}; {name}{kind}{proof}"


def _conditions(action: Action) -> Iterator[tuple[str, str]]:
    label = "must read"
    for each in action.expected:
        unit = f" {printable(action.unit)}" if action.unit and each.tag == action.tag else ""
        more = "" if each.tolerance is None else f", give or take {each.tolerance:g}{unit}"
        value = f"{plain(each.tag)} = {printable(each.shown)}{unit}{more}"
        yield label, f"{value}; read at most {format_duration(each.max_age_s)} before"
        label = ""
    label = "only while"
    for need in action.requires:
        yield label, f"{printable(need.text)} ({printable(need.why)})"
        label = ""
    if action.readback:
        yield "read back", f"{plain(action.readback)}, within {format_duration(action.within_s)}"
    else:
        yield "read back", "not possible: no tag shows it"
    label = "promised"
    effects = [f"{e.text} within {exact_span(e.within_s)}" for e in action.effects]
    for promise in (*action.promises, *effects):
        yield label, printable(promise)
        label = ""


def _write_decisions(paper: Paper, case: Case, signatures: Signatures) -> None:
    paper.heading("WHO SIGNED, AND WHAT")
    number = 0
    for entry in case.entries:
        if entry.kind == "decision":
            number += 1
            lead = f"{number}. "
            write_or_why(paper, entry, partial(signatures.write, paper, entry, lead))
        elif entry.kind == "decision.refused":
            number += 1
            write_or_why(paper, entry, partial(_write_refused, paper, entry, number))
    if not number:
        paper.say("Nobody.", 2)


def _write_refused(paper: Paper, entry: Entry, number: int) -> None:
    person = printable(str(entry.body.get("person", ""))) or "somebody"
    reason = printable(str(entry.body.get("reason", "")))
    paper.say(f"{number}. {person} tried to decide, WHICH DID NOT COUNT: {reason}", 2, 3)
    paper.field("in row", f"{entry.seq}, {moment(entry.at)}", 5)


def _write_end(paper: Paper, case: Case, actions: Container[str]) -> None:
    paper.heading("WHERE THE REQUEST WENT")
    for entry in case.entries:
        if _is_state(entry):
            write_or_why(paper, entry, partial(_write_state, paper, entry))
    others = [
        each
        for each in case.entries
        if not each.kind.startswith((_STATE, "decision")) and each.subject not in actions
    ]
    if others:
        paper.heading("ALSO RECORDED")
    for entry in others:
        write_or_why(paper, entry, partial(_write_other, paper, entry, case.request_id))


def _write_state(paper: Paper, entry: Entry) -> None:
    state = entry.kind.removeprefix(_STATE)
    means = REQUEST_STATES.get(state, "")
    reason = printable(str(entry.body.get("reason", "")))
    told = " - ".join(each for each in (means, reason) if each and each != "filed")
    paper.say(moment(entry.at), 2)
    paper.say(f"{plain(state)}: {reason if reason == means else told}", 6, 2)


def _write_other(paper: Paper, entry: Entry, request_id: str) -> None:
    paper.say(moment(entry.at), 2)
    about = "" if entry.subject == request_id else f" of {plain(entry.subject)}"
    words = row_words(entry.kind, entry.subject, entry.body)
    paper.say(words or f"{plain(entry.kind)}{about}: {spelled(entry.body)}", 6, 2)


def _short(action: Action) -> str:
    return plain(action.action_id).rpartition("/")[2]
