"""What people are told before the gate has to: who may sign, what is over, what is in doubt."""

from collections.abc import Callable
from unittest.mock import MagicMock

import pytest

from handwheel.agents.planning.plan_check import check_plan
from handwheel.connectors.denial import Denial
from handwheel.hmi.people.signing import Signer
from handwheel.hmi.requests import approve as asking
from handwheel.hmi.shell.terminal.prompt import PromptAnswer
from handwheel.hmi.shift.changes import ChangeTracker
from handwheel.tools.errors import GuardrailError, NoGate, PermitRefused, Unanswered
from handwheel.tools.guardrails.approval.session import ApprovalSession, current_card
from handwheel.tools.guardrails.client.stopped_agents import have_agents_stopped
from handwheel.tools.guardrails.ledger.lifecycle import invalidate
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.entitlement import (
    check_approver,
    check_objector,
    check_resolver,
)
from handwheel.tools.requests.timestamps import instant_now

from ...hmi.command_in_process import Said, said_by
from ..testbed.served import World, signer_of
from ..testbed.with_oracle import Watched

START = "P-101B.run_cmd=true"
NONE_OF = "max has none of the roles that R2 asks for: operator"


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        ("gina", "gina: a person does not approve their own request"),
        ("max", NONE_OF),
        ("boss", "boss: an administrator does not approve"),
        ("anna", ""),
        ("bert", ""),  # a shift supervisor acts as an operator
    ],
)
async def test_who_may_not_approve_is_told_before_the_card_in_the_words_of_the_decision(
    room: Watched, person: str, sentence: str
) -> None:
    context, now = room.desk.decision_context, room.clock.now()
    request = room.desk.propose(("P-101B.run_cmd", True))
    record, operator = room.desk.record(request.request_id), room.desk.operator(person)
    if not sentence:
        check_approver(context, record, operator, now)
        assert room.desk.say("approve", request, person) is RequestState.APPROVED
        return
    with pytest.raises(PermitRefused) as early:
        check_approver(context, record, operator, now)
    with pytest.raises(GuardrailError) as late:
        room.desk.say("approve", request, person)
    assert str(early.value) == str(late.value) == sentence


async def test_an_approval_while_no_gate_runs_shows_no_card(
    room: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_key() -> Signer:
        raise AssertionError

    monkeypatch.setattr(asking, "instant_now", room.clock.now)
    record = room.desk.record(room.desk.propose(("P-101B.run_cmd", True)).request_id)
    room.kill_gate()
    with pytest.raises(NoGate, match=r"^no gate is running, .*; next: handwheel gate$"):
        asking.ask(room.desk.decision_context, record, no_key)
    assert capsys.readouterr().out == ""


async def test_a_gate_that_does_not_answer_is_told_as_such_and_nothing_is_asked(
    room: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_key() -> Signer:
        raise AssertionError

    words, context, now = "the gate does not answer", room.desk.decision_context, room.clock.now()
    monkeypatch.setattr(asking, "instant_now", room.clock.now)
    record = room.desk.record(room.desk.propose(("P-101B.run_cmd", True)).request_id)
    hangs = MagicMock(side_effect=Unanswered(words))
    monkeypatch.setattr(context.database, "snapshot", hangs)
    for ask in (
        lambda: asking.ask(context, record, no_key),
        lambda: current_card(context, record, now),
        ApprovalSession(context, record, MagicMock()).check_open,
    ):
        with pytest.raises(Unanswered):
            ask()
    assert capsys.readouterr().out == ""
    changes = ChangeTracker(room.site, room.desk.database)
    assert words in changes.updates(now)
    assert changes.updates(now) == []
    denial = check_plan(context, MagicMock(writes=()), now)
    assert denial == Denial("no_gate", words)
    assert not have_agents_stopped(room.desk.database, now)


async def test_who_has_signed_or_lost_the_key_is_told_before_the_card(room: Watched) -> None:
    context, now = room.desk.decision_context, room.clock.now()
    request = room.desk.propose(("P-101A.mode", 0))
    anna, bert = (room.desk.operator(each) for each in ("anna", "bert"))
    room.desk.approve(request, "anna")
    record = room.desk.record(request.request_id)
    assert (request.quorum, record.state) == (2, RequestState.PARTIAL)
    with pytest.raises(PermitRefused, match=r"^anna: the person has approved already$"):
        check_approver(context, record, anna, now)
    check_approver(context, record, bert, now)
    room.desk.revoke_key("bert")
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_approver(context, record, bert, now),
        lambda: check_objector(context, request, bert),
        lambda: check_resolver(context, request, bert),
    )
    for check in checks:
        with pytest.raises(PermitRefused, match=r"^bert: the key is revoked$"):
            check()


async def test_who_has_none_of_the_roles_neither_rejects_nor_resolves(room: Watched) -> None:
    context = room.desk.decision_context
    request = room.desk.propose(("P-101B.run_cmd", True))
    viewer, anna = (room.desk.operator(each) for each in ("max", "anna"))
    for refused in (
        lambda: check_objector(context, request, viewer),
        lambda: check_resolver(context, request, viewer),
        lambda: room.desk.say("reject", request, "max"),
    ):
        with pytest.raises(PermitRefused, match=f"^{NONE_OF}$"):
            refused()
    check_objector(context, request, room.desk.operator("gina"))  # takes her own back
    check_objector(context, request, anna)
    check_resolver(context, request, anna)
    assert room.desk.say("reject", request, "anna") is RequestState.REJECTED


def _no_key() -> Signer:
    raise AssertionError("the passphrase was asked for")


async def test_the_second_of_two_approvers_is_told_what_became_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, card = await world.ask(START)

    def meanwhile(*_: object) -> PromptAnswer:
        world.approve(record, card, "ben")
        return PromptAnswer.YES

    monkeypatch.setattr(asking, "confirm", meanwhile)
    name = record.request.request_id
    with world.decision_context() as context:
        with pytest.raises(PermitRefused) as told:
            asking.ask(context, record, _no_key)
        assert str(told.value) == (f"{name} is APPROVED: enough people have signed (signed by ben)")
        await world.end(record)
        capsys.readouterr()
        with pytest.raises(PermitRefused, match=f"^{name} is CLOSED: every command is verified$"):
            asking.ask(context, load_request(context.database, name), _no_key)
    assert capsys.readouterr().out == ""  # no card is drawn of what is over


async def test_of_two_who_must_sign_the_one_is_told_that_the_other_has(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest, _ = await world.ask(START)
    both = world.file_altered(honest.request, lambda draft: draft.update(quorum=2, risk_class="R3"))
    card = await world.look(both)
    answers = [PromptAnswer.YES, PromptAnswer.NO]

    def meanwhile(*_: object) -> PromptAnswer:
        if len(answers) == 2:
            world.approve(both, card, "ben")
        return answers.pop(0)

    monkeypatch.setattr(asking, "confirm", meanwhile)
    with world.decision_context() as context:
        carl = signer_of(context, "carl")
        assert asking.ask(context, both, lambda: carl) is None
    told = capsys.readouterr().out
    assert "Changed while you were reading: ben signed\n" in told


@pytest.fixture
def run(idle: World, capsys: pytest.CaptureFixture[str]) -> Said:
    """The command line, for the requests of this site."""
    said = said_by(capsys)
    return lambda *words: said("requests", *words, "--site", str(idle.site.root))


async def test_what_is_over_is_shown_as_it_ended_and_asks_nobody(world: World, run: Said) -> None:
    record = await world.go_through(START)
    name = record.request.request_id
    code, shown, _ = run("show", name)
    assert code == 0
    for part in (
        "requested   1  P-101B.run_cmd  false → true\n",
        "signed      ben  operator  ",
        "reason      “a test”\n",
        f"{name}  CLOSED      R2  P-101B.run_cmd = true  every command is verified\n",
        f"  {name}/c1  VERIFIED  P-101B.run_cmd reads true\n",
    ):
        assert part in shown, shown
    assert not [each for each in ("NOT NOW", "time left", "Class ") if each in shown]
    again = run("approve", name, "--as", "carl")
    assert again == (1, "", f"handwheel: {name} is CLOSED: every command is verified\n")


async def test_nothing_of_the_ledger_steers_the_terminal(world: World, run: Said) -> None:
    honest, _ = await world.ask(START)
    evil = "\x1b[2J\u202eevil"
    record = world.file_altered(honest.request, lambda draft: draft.update(reason=evil))
    with world.ledger() as database:
        invalidate(database, evil, instant_now())
    for words in (("show", record.request.request_id), ("list", "--all")):
        code, told, _ = run(*words)
        assert (code, "\\x1b[2J\\u202eevil" in told) == (0, True)
        assert all(line.isprintable() for line in told.splitlines())
