"""What people are told before the gate has to: who may sign, what is over, what is in doubt."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.errors import WriteOutcomeUnknown
from handwheel.connectors.model.values import Value
from handwheel.hmi.people.signing import Signer
from handwheel.hmi.requests import approve as asking
from handwheel.hmi.requests.follow import follow
from handwheel.hmi.requests.request_text import request_line
from handwheel.hmi.requests.resolve import resolve_action
from handwheel.hmi.shell.terminal.prompt import PromptAnswer
from handwheel.tools.errors import GuardrailError, PermitRefused
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.ledger.lifecycle import invalidate
from handwheel.tools.guardrails.ledger.listing import listed
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
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
    assert "ben signed while you were reading; read the card again" in told
    assert "the plant has changed" not in told


def _no_answer(permit: Permit) -> None:
    raise WriteOutcomeUnknown(permit.tag.name, "no answer within 2 s")


async def _seen(world: World, tag: str, *, value: Value) -> None:
    """Waits until the gate's picture shows a value."""
    async with asyncio.timeout(50):
        while True:
            picture = read_snapshot(world.site.state, instant_now())
            if picture and picture.readings[tag].value == value:
                return
            await asyncio.sleep(0.02)


def _fresh(context: DecisionContext, record: RequestRecord) -> RequestRecord:
    return load_request(context.database, record.request.request_id)


@pytest.mark.usefixtures("plant")
async def test_a_write_in_doubt_is_told_as_held_and_resolved_on_what_is_known_of_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.on_sent = _no_answer
    record = await world.approved(START)
    await world.end(record)
    world.on_sent = lambda permit: None
    name = record.request.request_id
    held = f"{name}/c1 is UNKNOWN: P-101B.run_cmd: sent, outcome unknown: no answer within 2 s"
    hint = f"look at the plant, then: handwheel requests resolve {name}"
    with world.decision_context() as context:
        fresh = _fresh(context, record)
        line = request_line(listed(fresh), instant_now())
        assert line == f"{name}  HELD        R2  P-101B.run_cmd = true  {held}; {hint}"
        assert not follow(context.database, name, context.site.state)
        assert capsys.readouterr().out.splitlines()[-1] == f"{name}  HELD  {held}; {hint}"
        carl = signer_of(context, "carl")
        await _seen(world, "P-101B.run_cmd", value=True)
        state = resolve_action(
            context, fresh, fresh.unresolved[0], carl.operator, lambda: carl,
            applied=True, is_asked=False,
        )  # fmt: skip
        assert state is RequestState.CLOSED
        after = request_line(listed(_fresh(context, record)), instant_now())
        assert after == f"{name}  CLOSED      R2  P-101B.run_cmd = true  resolved by carl"
    told = capsys.readouterr().out
    for part in (
        "the write   P-101B.run_cmd = true\n",
        "            01 05 00 14 ff 00\n",
        f"intent at   {datetime.now(UTC):%Y-%m-%d} ",
        "read back   P-101B.run_cmd reads true\n",
        "reads now   P-101B.run_cmd  true  good  ",
        f"{name}/c1  UNKNOWN  P-101B.run_cmd: sent, outcome unknown",
    ):
        assert part in told, told
    assert "NOT NOW" not in told


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
    assert not [each for each in ("NOT NOW", "time left", "still to sign") if each in shown]
    again = run("approve", name, "--as", "carl")
    assert again == (1, "", f"handwheel: {name} is CLOSED: every command is verified\n")


async def test_who_may_not_sign_sees_no_card(world: World, run: Said) -> None:
    record, _ = await world.ask(START)
    name = record.request.request_id
    own = run("approve", name, "--as", "anna")
    assert own == (1, "", "handwheel: anna: a person does not approve their own request\n")
    code, card, _ = run("approve", name, "--as", "ben")
    assert (code, "digest" in card) == (1, True)  # and no terminal, so no answer


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


async def test_a_damaged_request_hides_no_other(idle: World, run: Said) -> None:
    damaged, whole = [(await idle.propose(START)).request.request_id for _ in range(2)]
    with idle.raw() as connection:
        connection.execute(
            "INSERT INTO action(action_id, request_id, position, kind, equipment, tag) "
            "VALUES (?, ?, 9, 'command', 'x', 'PIC-102.sp')",
            (f"{damaged}/c9", damaged),
        )
    code, told, warned = run("list")
    assert (code, told.split()[0]) == (0, whole)
    assert warned.startswith(f"handwheel: left out {damaged}: ")
