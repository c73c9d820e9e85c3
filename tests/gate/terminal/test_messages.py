"""What people are told at their terminals, and what an operator types at the desk."""

from collections.abc import Generator

import pytest

from handwheel.hmi.journal.rows.row_line import show_row
from handwheel.hmi.people import operator_command as people_commands
from handwheel.hmi.people import release_command as releasing
from handwheel.hmi.people.lockout import system_user
from handwheel.hmi.people.lockout_lines import lockout_lines
from handwheel.hmi.people.signing import Signer
from handwheel.hmi.requests import approve as asking
from handwheel.hmi.requests import command as commands
from handwheel.hmi.requests import resolve as objecting
from handwheel.hmi.shell.terminal.prompt import PromptAnswer
from handwheel.hmi.shift import typed_commands as desk_commands
from handwheel.hmi.shift.changes import NO_GATE, ChangeTracker
from handwheel.hmi.shift.key_holder import ConsoleLocked, KeyHolder
from handwheel.hmi.shift.lock_states import ConsoleEvent
from handwheel.hmi.shift.typed_commands import NO_ADDITIONS, ConsoleContext, run_typed
from handwheel.tools.errors import InterlockActive
from handwheel.tools.guardrails.approval import session
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file, lockout_note
from handwheel.tools.guardrails.ledger.latched_lockouts import latch
from handwheel.tools.guardrails.ledger.lifecycle import invalidate
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.timestamps import instant_now

from ...sites.people import key_id, key_of
from ..leases.test_display import picture_of
from ..leases.test_expiry import WHILE, in_lease
from ..testbed.served import World
from ..testbed.terminals import giving
from ..testbed.with_oracle import Watched


async def test_an_interruption_at_the_card_says_that_nothing_was_sent(
    room: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> object:
        raise KeyboardInterrupt

    request = room.desk.propose(("P-101B.run_cmd", True))
    monkeypatch.setattr(asking, "confirm", interrupt)
    monkeypatch.setattr(asking, "instant_now", room.clock.now)
    monkeypatch.setattr(session, "instant_now", room.clock.now)
    picture_of(room)
    monkeypatch.setattr(asking, "check_approvable", print)
    monkeypatch.setattr(session, "SETTLE_S", 0.0)
    with pytest.raises(KeyboardInterrupt):
        asking.ask(room.desk.decision_context, room.desk.record(request.request_id), lambda: None)  # type: ignore[arg-type, return-value]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "not approved; nothing was sent, and the request still waits for approval"
    assert room.desk.record(request.request_id).state == "PENDING"


async def test_a_key_that_was_taken_back_is_listed_as_that(
    room: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_enrolled(each: Operator, now: object) -> bool:
        return each.person != "gina"

    monkeypatch.setattr(people_commands, "open_site", giving(room.site))
    room.desk.revoke_key("gina")
    monkeypatch.setattr(Operator, "is_enrolled", is_enrolled)
    people_commands.list_people(None, False)
    (line,) = [each for each in capsys.readouterr().out.splitlines() if key_id("gina") in each]
    assert line.endswith("  revoked")


SAID = r'carl"; it is signed. "pid 7\x1b[2J'
OPEN = "PIC-102.sp = 360 kPa was not undone (before: 350 kPa)"


async def test_a_desk_tells_what_stays_open_once_and_when_it_is_over(room: Watched) -> None:
    request = await in_lease(room)
    changes = ChangeTracker(room.site, room.desk.database)
    assert OPEN not in "".join(changes.updates(room.clock.now()))
    room.desk.say("revoke", request, "anna")
    told = [each for each in changes.updates(room.clock.now()) if OPEN in each]
    assert [each.split("  ")[0] for each in told] == ["OPEN"]
    assert changes.updates(room.clock.now()) == []
    assert told[0] in changes.overview(room.clock.now())
    at_start = ChangeTracker(room.site, room.desk.database).updates(room.clock.now())
    assert told[0] in at_start
    room.clock.forward(2.0)
    room.plant.values["PIC-102.sp"] = 350.0  # somebody has taken it back in the field
    room.watch()
    assert f"ended: {told[0]}" in changes.updates(room.clock.now())


async def test_a_desk_tells_a_request_once_a_state_and_what_was_sent(room: Watched) -> None:
    request = room.approved(("PIC-102.sp", 360.0), terms=WHILE)
    changes = ChangeTracker(room.site, room.desk.database)
    assert "  APPROVED " in changes.updates(room.clock.now())[0]
    await room.act()
    assert room.desk.record(request.request_id).actions[0].state is ActionState.VERIFIED
    assert changes.updates(room.clock.now()) == []
    invalidate(room.desk.database, "lockout of site", room.clock.now())
    told = changes.updates(room.clock.now())[0]
    assert told.startswith(f"{request.request_id}  INVALIDATED ")
    assert told.endswith("  lockout of site; 1 of 1 writes was sent and verified")


@pytest.mark.parametrize("verdict", ["reject", "revoke"])
async def test_who_ends_a_lease_is_told_what_stays_written(
    room: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verdict: str
) -> None:
    request = await in_lease(room)
    for module in (commands, objecting):
        monkeypatch.setattr(module, "instant_now", room.clock.now)
    monkeypatch.setattr(commands, "open_signer", giving(room.desk.signer("anna")))
    monkeypatch.setattr(commands, "open_site", giving(room.site))
    say = {"reject": commands.reject, "revoke": commands.revoke}[verdict]
    say(request.request_id, "the filter is clean", "anna", None, None)
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{request.request_id}  REVOKED"
    assert second.startswith(f"OPEN  {request.request_id}/c1  {OPEN}")


async def test_a_lockout_is_told_with_a_gate_and_without(room: Watched) -> None:
    database, now = room.desk.database, room.clock.now
    assert lockout_lines(room.site, database) == []
    room.desk.lock_out("P-101A")
    assert lockout_lines(room.site, database) == ["LOCKED OUT: P-101A"]  # by its file alone
    room.watch()
    (room.site.state / "lockout" / "P-101A").unlink()
    assert lockout_lines(room.site, database) == ["LOCKED OUT: P-101A"]  # it was latched
    changes = ChangeTracker(room.site, database)
    room.kill_gate()
    lost = {f"{NO_GATE}; next: handwheel gate", "LOCKED OUT: P-101A"}
    assert lost <= set(changes.updates(now()))
    await room.start_gate()
    assert changes.updates(now()) == [f"ended: {NO_GATE}"]


@pytest.mark.parametrize("is_gone", [False, True])
async def test_who_releases_reads_first_what_the_file_said(
    room: Watched,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_gone: bool,
) -> None:
    def signer(_: object, operator: Operator, file: object) -> Signer:
        print("the passphrase is asked for")
        return room.desk.signer(operator.person)

    monkeypatch.setattr(releasing, "open_site", giving(room.site))
    monkeypatch.setattr(releasing, "open_signer", signer)
    monkeypatch.setattr(releasing, "instant_now", room.clock.now)
    room.desk.lock_out("P-101A")
    file = lockout_file(room.site.state, "P-101A")
    file.write_text('carl"; it is signed. "pid 7\x1b[2J\n', encoding="utf-8")
    if is_gone:  # the ledger keeps it
        latch(room.desk.database, "P-101A", ["P-101A"], room.clock.now(), lockout_note(file))
        file.unlink()
    releasing.command("P-101A", "boss", None, None)
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(map(str.strip, lines[:-2])) == (
        r"""P-101A was locked out; its file says: "carl'; it is signed. 'pid 7\x1b[2J" (not """
        "verified)"
    )
    assert lines[-2:] == ["the passphrase is asked for", "released: P-101A"]
    assert [each["said"] for each in room.rows("lockout.latched")] == [SAID]
    assert room.faults() == ()


async def test_who_takes_over_at_an_open_seat_is_its_person(room: Watched) -> None:
    database = room.desk.database
    holder = KeyHolder(room.site, database, "anna", 300.0)
    tools = ConsoleContext(
        room.site, database, holder, ChangeTracker(room.site, database), NO_ADDITIONS
    )
    run_typed(tools, "take P-101A")
    holder.unlock(lambda operator: room.desk.signer(operator.person))
    run_typed(tools, "take P-101B local")
    holder.handle(ConsoleEvent.LOCK_ASKED)
    run_typed(tools, "take P-101B")
    lines = [show_row(row, as_json=False) for row in database.journal()]
    told = [each.split("authority.taken")[1].strip() for each in lines if "authority.taken" in each]
    assert told == [
        f"P-101A  OPERATOR by {system_user()}",
        "P-101B  LOCAL by anna",
        f"P-101B  OPERATOR by {system_user()}",
    ]
    assert [each["by"] for each in room.rows("authority.taken")] == ["user", "seat", "user"]
    run_typed(tools, "take P-101B maintenance")
    with pytest.raises(InterlockActive, match=r"next: handwheel authority take P-101B$"):
        run_typed(tools, "take P-101B")


async def test_a_rejection_at_the_desk_needs_a_reason(
    room: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = room.desk.propose(("P-101A.run_cmd", True))
    monkeypatch.setattr(desk_commands, "instant_now", room.clock.now)
    monkeypatch.setattr(desk_commands, "ask_text", giving(""))
    holder = KeyHolder(room.site, room.desk.database, "anna", 300.0)
    holder.unlock(lambda operator: room.desk.signer(operator.person))
    changes = ChangeTracker(room.site, room.desk.database)
    desk = ConsoleContext(room.site, room.desk.database, holder, changes, NO_ADDITIONS)
    run_typed(desk, f"r {request.request_id}")
    assert capsys.readouterr().out == "not rejected; nothing was changed\n"
    assert room.desk.record(request.request_id).state == "PENDING"
    run_typed(desk, f"reject {request.request_id} the seal drips")
    assert room.desk.record(request.request_id).state == "REJECTED"
    assert "the seal drips" in str(room.rows("decision")[-1]["text"])


START = "P-101B.run_cmd=true"


@pytest.fixture
def desk(world: World) -> Generator[ConsoleContext]:
    """Ben's desk, with his key open."""
    with world.ledger() as database:
        holder = KeyHolder(world.site, database, "ben", 300.0)
        holder.unlock(lambda operator: Signer(operator, key_of("ben"), True))
        yield ConsoleContext(
            world.site, database, holder, ChangeTracker(world.site, database), NO_ADDITIONS
        )


async def test_what_is_approved_at_the_desk_moves_the_plant(
    world: World, desk: ConsoleContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "confirm", _yes)
    record, _ = await world.ask(START)
    name = record.request.request_id
    assert [line.split()[0] for line in desk.changes.updates(instant_now())] == [name]
    assert desk.changes.updates(instant_now()) == []
    run_typed(desk, f"a {name}")
    await world.carried_out(record)
    assert "CLOSED" in "".join(desk.changes.updates(instant_now()))


def _yes(*_: object) -> PromptAnswer:
    return PromptAnswer.YES


@pytest.mark.parametrize("event", [ConsoleEvent.SUSPENDED, ConsoleEvent.LOCK_ASKED])
async def test_a_seat_that_locks_after_the_word_signs_nothing(
    world: World, desk: ConsoleContext, monkeypatch: pytest.MonkeyPatch, event: ConsoleEvent
) -> None:
    def meanwhile(*_: object) -> PromptAnswer:
        desk.holder.handle(event)
        return PromptAnswer.YES

    record, _ = await world.ask(START)
    monkeypatch.setattr(asking, "confirm", meanwhile)
    with pytest.raises(ConsoleLocked, match="nothing was signed"):
        run_typed(desk, f"approve {record.request.request_id}")
    assert world.state(record)[0] is RequestState.PENDING
    assert (world.frames, world.journal("decision.refused")) == ([], [])
    monkeypatch.setattr(asking, "confirm", _yes)
    desk.holder.unlock(lambda operator: Signer(operator, key_of("ben"), True))
    run_typed(desk, f"approve {record.request.request_id}")
    assert (await world.end(record)).action is ActionState.VERIFIED
