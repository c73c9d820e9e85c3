"""How much people are asked: few requests wait at once, and no rejected one comes back soon."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import load_site
from handwheel.tools.errors import PermitRefused, TooManyRequests
from handwheel.tools.guardrails.approval.request_limits import REFUSED, Proposal
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.requests.request import ActionRequest

from ..testbed.effects import take_runner_lock
from ..testbed.runner import Runner, command
from ..testbed.terminals import Desk
from ..testbed.with_oracle import SETPOINT, START, START_B, STOP, Watched

PAUSE = r"near it, was rejected 1[01] s ago \(R-\w{8}\): it may be asked for again in 9 min 50 s"


def _waiting(room: Watched) -> int:
    return sum(each.state == "PENDING" for each in load_requests(room.desk.database))


def _refusals(room: Watched) -> list[tuple[str, dict[str, object]]]:
    rows = [row.fields for row in room.desk.database.journal()]
    return [(row["subject"], row["body"]) for row in rows if row["kind"] == REFUSED]


def _crowd(room: Watched, number: int = 5) -> list[str]:
    values = [340.0 + n for n in range(number)]
    return [room.desk.propose(("PIC-102.sp", value)).request_id for value in values]


@pytest.mark.way_in("P14")
async def test_at_most_five_wait_and_the_reason_says_what_does(room: Watched) -> None:
    first, *others = _crowd(room)
    with pytest.raises(TooManyRequests) as refused:
        room.desk.propose(START)
    reason = str(refused.value)
    assert reason == (
        "5 requests of people wait for operator already, and at most 5 may: "
        f"decide on one first ({', '.join([first, *others])})"
    )
    assert _waiting(room) == 5
    body = {"why": "too many wait", "tags": ["P-101A.run_cmd"], "reason": reason}
    assert _refusals(room) == [("gina", body)]
    room.desk.say("reject", room.desk.record(first).request, "anna")
    room.approved(START)
    await room.go_round()
    assert len(room.plant.frames) == 1
    assert room.faults() == ()


def test_agents_are_refused_as_people_are_and_ask_later(runner: Runner) -> None:
    _crowd(runner.room)
    request, denial = runner.made(runner.segment())
    with pytest.raises(TooManyRequests, match="5 requests wait for operator already"):
        runner.file(request, denial)
    assert [subject for subject, _ in _refusals(runner.room)] == ["playbook runner"]
    for record in load_requests(runner.room.desk.database)[:1]:
        runner.room.desk.say("reject", record.request, "anna")
    runner.file(request, denial)
    with pytest.raises(PermitRefused, match="was filed before"):
        runner.file(request, denial)
    assert _waiting(runner.room) == 5


def test_agents_shut_nobody_out_of_asking(runner: Runner) -> None:
    room, start = runner.room, {"commands": (command(runner.room.site, START),), "recovery": ()}
    for n in range(5):
        segment = runner.segment(proposal_key=f"proposed by run {n}", **start)
        runner.file(*runner.made(segment))
    with pytest.raises(TooManyRequests, match="5 requests wait for operator already"):
        runner.file(*runner.made(runner.segment(proposal_key="proposed by one more run")))
    room.desk.propose(START_B)
    assert _waiting(room) == 6
    assert [body["why"] for _, body in _refusals(room)] == ["too many wait"]


def test_what_nobody_decides_on_in_time_waits_for_nobody(room: Watched) -> None:
    _crowd(room)
    room.clock.forward(1801.0)
    room.desk.propose(START)  # nobody has swept yet
    sweep(room.desk.database, room.clock.now())
    assert _waiting(room) == 1
    room.desk.propose(SETPOINT)
    room.desk.propose(("PIC-102.sp", 340.0))  # that has expired: nobody has said no
    assert _waiting(room) == 3


def test_what_was_made_with_other_files_waits_for_nobody(room: Watched) -> None:
    _crowd(room)
    file = room.site.root / "policy.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}# changed\n", encoding="utf-8")
    site = replace(load_site(room.site.root), state=room.site.state)
    desk = Desk(site, room.clock, room.plant, room.desk.database)
    try:
        with pytest.raises(TooManyRequests):  # from a terminal that still has the old files
            room.desk.propose(START)
        for value in (360.0, 361.0, 362.0, 363.0, 364.0):
            desk.propose(("PIC-102.sp", value))
        for hashes in ({}, {"policy": "0" * 64}):
            request, _ = desk.request([START])
            false = request.hashes.model_copy(update=hashes)
            with pytest.raises(TooManyRequests, match="and at most 5 may"):
                desk.file(request.model_copy(update={"hashes": false}))
        assert _waiting(room) == 10
    finally:
        file.write_text(text, encoding="utf-8")


@pytest.mark.way_in("P14")
async def test_the_same_is_not_asked_again_soon(room: Watched) -> None:
    room.desk.say("reject", room.desk.propose(START), "bert")
    room.clock.forward(10.0)
    for person in ("gina", "anna"):  # whoever files
        for seconds in (3600.0, -3600.0):  # of no help: the boot clock counts
            with pytest.raises(TooManyRequests, match=PAUSE):
                room.desk.propose(START, person=person)
            room.clock.set(seconds)
    for others in ((STOP,), (START_B,), (START, START_B)):
        room.desk.propose(*others)
    assert _waiting(room) == 3
    assert [body["why"] for _, body in _refusals(room)] == ["rejected"] * 2
    room.clock.forward(590.0)
    await room.go_through(START)


def test_another_decimal_or_order_is_no_other_proposal(room: Watched) -> None:
    room.desk.say("reject", room.desk.propose(SETPOINT), "bert")
    room.desk.say("reject", room.desk.propose(START, SETPOINT), "bert")
    for like in ((("PIC-102.sp", 372.0),), (SETPOINT, START)):
        with pytest.raises(
            TooManyRequests, match="the same, or a value near it, was rejected 0 s ago"
        ):
            room.desk.propose(*like)
    room.desk.propose(("PIC-102.sp", 372.5))
    assert _waiting(room) == 1


def test_values_are_alike_within_a_step_of_their_range(room: Watched) -> None:
    for value, is_like in (
        (360.0001, True), (348.0, True), (372.0, True), (372.5, False),
        (360, True), (373, False), (10**400, False), ("360", False),
    ):  # fmt: skip
        rejected, other = (Proposal("person", (), (("PIC-102.sp", v),)) for v in (360.0, value))
        assert other.is_like(rejected, room.site.tags) == is_like, value
        assert rejected.is_like(other, room.site.tags) == is_like, value


def test_only_a_rejection_by_another_is_one(room: Watched) -> None:
    verdicts: tuple[Literal["reject", "revoke"], ...] = ("reject", "revoke")
    for verdict in verdicts:  # by who asks
        request = room.desk.propose(START)
        assert room.desk.say(verdict, request, "gina") is RequestState.REJECTED
    revoked = room.desk.propose(START, person="anna")
    room.desk.approve(revoked, "bert")
    room.desk.say("revoke", revoked, "bert")
    denied, _ = room.desk.request([START])
    room.desk.file(denied, denial=Denial("policy", "the policy says no"))
    for verdict in verdicts:
        room.clock.forward(601.0)
        assert room.desk.say(verdict, room.desk.propose(START), "bert") is RequestState.REJECTED
        with pytest.raises(
            TooManyRequests, match="the same, or a value near it, was rejected 0 s ago"
        ):
            room.desk.propose(START)
    assert room.faults() == ()


def test_agents_ask_again_only_after_the_pause_and_people_may_themselves(runner: Runner) -> None:
    room = runner.room

    def file(key: str) -> ActionRequest:
        start = (command(room.site, START),)
        segment = runner.segment(commands=start, recovery=(), proposal_key=key)
        return runner.file(*runner.made(segment))

    room.desk.say("reject", file("proposed by the first run"), "anna")
    with pytest.raises(TooManyRequests, match="the same, or a value near it, was rejected 0 s ago"):
        file("proposed by the next run")
    room.desk.propose(START)  # a person's own is another kind of proposal
    room.clock.forward(600.0)
    runner.holder = take_runner_lock(room.desk.database, room.clock.now())
    file("proposed by the run after that")
    assert _waiting(room) == 2


def test_a_flood_shows_in_the_journal_and_does_not_flood_it(room: Watched) -> None:
    _crowd(room)
    floods: list[Callable[[], object]] = [
        lambda: room.desk.propose(START),
        lambda: room.desk.propose(START_B),
    ]
    for seconds in (0.0, 30.0, 29.9, 0.2, 1.0):
        room.clock.forward(seconds)
        for flood in floods:
            with pytest.raises(TooManyRequests):
                flood()
    with pytest.raises(TooManyRequests):
        room.desk.propose(START, person="anna")
    assert [subject for subject, _ in _refusals(room)] == ["gina", "gina", "anna"]
    kinds = [row.fields["kind"] for row in room.desk.database.journal()]
    assert kinds.count("decision.refused") == 0
    assert room.faults() == ()
