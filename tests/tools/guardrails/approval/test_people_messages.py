"""Messages of people: what each does, what it refuses, and that it is one document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from handwheel.connectors.errors import HandwheelError
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.administration import ReleaseLockout, RevokeKey
from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.approval.propose import Propose
from handwheel.tools.guardrails.approval.run_orders import AskRun, OrderRun, load_orders, order_in
from handwheel.tools.guardrails.approval.shift_handover import HandOverShift, ShiftSummary
from handwheel.tools.guardrails.approval.start_orders import OrderStart, StartOrder
from handwheel.tools.guardrails.gate.server.messages import apply_once
from handwheel.tools.guardrails.gate.server.registry import MESSAGES
from handwheel.tools.guardrails.interlocks.authority import (
    EndMaintenance,
    GrantAuthority,
    TakeAuthority,
    ended_by,
)
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file, make_lockout_folder
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.runs import newest_event
from handwheel.tools.guardrails.signatures.check_answers import AnswerCheck, CheckAnswer
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    SubjectVerdict,
    authority_subject,
    key_subject,
    lockout_subject,
    maintenance_subject,
    run_subject,
)
from handwheel.tools.guardrails.signatures.heartbeat_grants import heartbeats_of
from handwheel.tools.guardrails.signatures.message import Message, submit
from handwheel.tools.guardrails.signatures.signing import subject_statement
from handwheel.tools.requests.canonical import digest, parse_canonical
from handwheel.tools.requests.timestamps import stamp

from ....gate.testbed.with_oracle import START, Watched

RUN, CASE = "U-7K3MQ2XA", "C-7K3MQ2XA"
_TABLES = ("request", "action", "decision", "lockout", "authority", "run", "run_asset", "lease")
_NO_SIGNATURE = "00" * 64


def _word(
    room: Watched, verdict: SubjectVerdict, subject: str, by: str = "anna", card: str | None = None
) -> Signed:
    desk = room.desk
    return desk.sign(by, subject_statement(desk.signer(by), verdict, subject, card))


def _record(room: Watched, kind: str, subject: str, body: dict[str, object]) -> None:
    with room.desk.database.transaction(room.clock.now()) as transaction:
        if kind == "run.held":
            transaction.change("INSERT INTO run(run_id, playbook) VALUES (?, 'p')", (subject,))
        transaction.record(kind, subject, body)


def _propose(room: Watched) -> Message:
    request, _ = room.desk.request([START])
    signed = room.desk.signed("propose", request, "gina", card=None)
    return Propose(site=room.site.id, request=request, signed=signed)


def _propose_denied(room: Watched) -> Message:
    return _propose(room).model_copy(update={"denial": "no rule allows it"})


def _decide(room: Watched) -> Message:
    request = room.desk.propose(START)
    card = room.desk.card(request)
    signed: Signed = room.desk.signed("approve", request, "anna", card=digest("card", card))
    return Decide(site=room.site.id, signed=signed, card=card)


def _ask_run(room: Watched) -> Message:
    _record(room, "run.held", RUN, {})
    return AskRun(site=room.site.id, run_id=RUN, order="hold", person="carl")


def _order_run(room: Watched) -> Message:
    _record(room, "run.held", RUN, {})
    seen = newest_event(room.desk.database, RUN)
    signed = _word(room, "resume-run", run_subject(RUN, seen))
    return OrderRun(
        site=room.site.id, run_id=RUN, order="resume", seq=seen, roles=("operator",), signed=signed
    )


def _order_start(room: Watched) -> Message:
    order = StartOrder(CASE, "cw/start-up", "ab" * 32, {"pump": "P-101A"})
    signed = room.desk.sign_subject("start-run", order.subject, "anna")
    return OrderStart.of(room.site.id, order, (["operator"], []), signed)


def _answer(room: Watched) -> Message:
    _record(room, "case.opened", CASE, {"condition": "", "playbook": "p"})
    answer = CheckAnswer(
        site=room.site.id, case_id=CASE, check="heat", question="How hot is it? °C",
        role="operator", answer="hot",
    )  # fmt: skip
    signed = _word(room, "answer-check", answer.subject, card=answer.digest)
    return AnswerCheck(site=room.site.id, answer=answer, signed=signed)


def _take(room: Watched) -> Message:
    room.desk.propose(START)
    return TakeAuthority(site=room.site.id, equipment="P-101A", mode="LOCAL", person="carl")


def _grant(room: Watched) -> Message:
    until = stamp(room.clock.now().wall + timedelta(minutes=1))
    subject = authority_subject("P-101A", 1, until, heartbeats_of(room.site, "P-101A"))
    return GrantAuthority(
        site=room.site.id, equipment="P-101A", until=until, generation=1,
        signed=_word(room, "grant-authority", subject),
    )  # fmt: skip


def _end_maintenance(room: Watched) -> Message:
    room.desk.take_authority("P-101A", "MAINTENANCE", "carl")
    signed = _word(room, "end-maintenance", maintenance_subject("P-101A", 1))
    return EndMaintenance(
        site=room.site.id, equipment="P-101A", generation=1, taken_by="carl", mode="OPERATOR",
        signed=signed,
    )  # fmt: skip


def _revoke(room: Watched) -> Message:
    signed = _word(room, "revoke-key", key_subject(room.desk.key_id("gina")), "boss")
    return RevokeKey(site=room.site.id, signed=signed)


def _release(room: Watched) -> Message:
    make_lockout_folder(room.site.state)
    room.desk.lock_out("P-101A")
    signed = _word(room, "release", lockout_subject("P-101A", 1), "boss")
    return ReleaseLockout(site=room.site.id, scope="P-101A", generation=1, signed=signed)


def _hand_over(room: Watched) -> Message:
    head, now = room.desk.database.head(), stamp(room.clock.now().wall)
    summary = ShiftSummary(
        site=room.site.id, at=now, since=now, seq=head.seq if head else 0, leaving="anna",
        coming="bert", sections=[], note="the seal drips",
    )  # fmt: skip
    return HandOverShift(
        site=room.site.id,
        summary=summary,
        leaving=_word(room, "end-shift", summary.subject, "anna", summary.digest),
        coming=_word(room, "take-shift", summary.subject, "bert", summary.digest),
    )


@dataclass(frozen=True)
class _Case:
    """A message, the kinds of rows that it adds, and a change with which it is refused."""

    kind: type[Message]
    make: Callable[[Watched], Message]
    adds: Sequence[str]
    change: Mapping[str, object] | None = None  # `None` for another signature
    signed: str = "signed"


CASES = (
    _Case(Propose, _propose, ["request.filed", "request.PENDING", "decision"]),
    _Case(
        Propose,
        _propose_denied,
        ["request.filed", "request.DENIED", "action.CANCELLED", "decision"],
    ),
    _Case(Decide, _decide, ["decision", "request.APPROVED", "action.DUE"]),
    _Case(AskRun, _ask_run, ["run.ordered"], {"run_id": "U-0"}),
    _Case(OrderRun, _order_run, ["decision", "run.ordered"]),
    _Case(OrderStart, _order_start, ["decision", "case.ordered"]),
    _Case(AnswerCheck, _answer, ["decision", "case.answered"]),
    _Case(
        TakeAuthority,
        _take,
        ["authority.taken", "request.INVALIDATED", "action.INVALIDATED"],
        {"equipment": "X"},
    ),
    _Case(GrantAuthority, _grant, ["decision", "authority.given"]),
    _Case(EndMaintenance, _end_maintenance, ["decision", "authority.taken"]),
    _Case(RevokeKey, _revoke, ["decision"]),
    _Case(ReleaseLockout, _release, ["lockout.latched", "decision", "lockout.released"]),
    _Case(HandOverShift, _hand_over, ["shift.handed_over"], signed="coming"),
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.make.__name__[1:])


def _tables(room: Watched) -> list[list[tuple[object, ...]]]:
    questions = (f"SELECT * FROM {each}" for each in _TABLES)
    return [[tuple(row) for row in room.desk.database.all(each)] for each in questions]


def test_every_message_has_a_path_of_its_own_and_a_case_here() -> None:
    assert len({each.path for each in MESSAGES}) == len(MESSAGES)
    assert {case.kind for case in CASES} == {each for each in MESSAGES if not each.is_agents}


@each_case
def test_a_message_read_from_its_text_adds_the_rows_of_its_function(
    spare: Watched, case: _Case
) -> None:
    message = case.make(spare)
    read = case.kind.model_validate(parse_canonical(message.text))
    assert (read, read.text) == (message, message.text)
    rows = submit(spare.desk.decision_context, read, spare.clock.now())
    assert [each.fields["kind"] for each in rows] == list(case.adds)
    assert rows[-1] == spare.desk.database.head()


@each_case
def test_a_message_that_does_not_count_leaves_the_state_as_before(
    spare: Watched, case: _Case
) -> None:
    message, context = case.make(spare), spare.desk.decision_context
    refusal: type[HandwheelError] = InvalidArguments
    change = case.change
    if change is None:
        word: Signed = getattr(message, case.signed)
        change = {case.signed: word.model_copy(update={"signature": _NO_SIGNATURE})}
        refusal = DecisionRefused
    wrong, before = message.model_copy(update=change), _tables(spare)
    head = context.database.head()
    with pytest.raises(refusal):
        submit(context, wrong, spare.clock.now())
    after = context.database.journal(head.seq if head else 0)
    kinds = [each.fields["kind"] for each in after]
    if case.make is _release:  # what lies in the folder counts, whoever tells of it
        assert kinds == ["lockout.latched", "decision.refused"]
        assert lockout_file(spare.site.state, "P-101A").exists()
        return
    assert kinds == (["decision.refused"] if case.change is None else [])
    assert _tables(spare) == before


def test_a_refused_release_of_what_no_gate_has_latched_is_refused_again_when_sent_again(
    spare: Watched,
) -> None:
    message = _release(spare)
    assert isinstance(message, ReleaseLockout)
    unsigned = message.signed.model_copy(update={"signature": _NO_SIGNATURE})
    forged = message.model_copy(update={"signed": unsigned})
    for _ in range(2):
        with pytest.raises(DecisionRefused):
            apply_once(spare.desk.decision_context, forged, spare.clock.now())
    assert locked_scopes(spare.desk.database) == {"P-101A": 1}


def test_the_order_to_a_run_is_found_in_the_rows(spare: Watched) -> None:
    rows = submit(spare.desk.decision_context, _order_run(spare), spare.clock.now())
    assert [order_in(rows)] == load_orders(spare.desk.database, RUN)


def test_the_requests_that_a_take_over_ends_are_found_in_the_rows(spare: Watched) -> None:
    message = _take(spare)
    waiting = spare.desk.database.all("SELECT request_id FROM request")
    rows = submit(spare.desk.decision_context, message, spare.clock.now())
    assert ended_by(rows) == [each[0] for each in waiting]


def test_a_maintenance_that_another_has_begun_since_is_not_ended(spare: Watched) -> None:
    message, context = _end_maintenance(spare), spare.desk.decision_context
    spare.desk.take_authority("P-101A", "MAINTENANCE", "otto")
    with pytest.raises(HandwheelError, match="the authority over P-101A has changed"):
        submit(context, message, spare.clock.now())
    assert spare.rows("decision.refused")[-1]["reason"].endswith("has changed; look again")
