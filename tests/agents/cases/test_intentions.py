"""Intentions of people, at whose time the agents tell people and start nothing."""

from collections.abc import AsyncGenerator
from typing import Any
from unittest.mock import Mock

import pytest

from handwheel.agents.cases.intention import MOST_IN_HOUR, MOST_OF_ACCOUNT, MOST_OPEN
from handwheel.agents.cases.plan_verdict import PlanVerdict
from handwheel.agents.supervised_run import Tasks
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.errors import (
    InterlockActive,
    InvalidArguments,
    PermitRefused,
    PolicyViolation,
    Unanswered,
)
from handwheel.tools.guardrails.approval.messages.run_events import RecordEvent
from handwheel.tools.requests.proposer import guest_proposer

from ..conftest import NewRoom
from ..testbed.stepped_agents import AgentsRoom
from .intending import PLAYBOOK, intention_of, kinds, planned, told


@pytest.fixture
async def idle(new_room: NewRoom) -> AsyncGenerator[AgentsRoom]:
    """A plant without a fault, whose agents have not been started."""
    async with new_room(is_worn=False) as room:
        yield room


async def test_people_are_told_at_the_time_and_nothing_else(idle: AgentsRoom) -> None:
    name = await planned(idle)
    await idle.scan(55)
    assert told(idle, name) == []
    await idle.scan(600)
    ((to, text),) = told(idle, name)
    assert to == "operator"
    checked, _, claimed = text.partition(". Nothing was asked for or begun. ")
    assert checked.startswith(
        f"{name}: {PLAYBOOK} (duty P-101A, standby P-101B) takes P-101A out of service; "
        "evidence for it not met: bearing; "
    )
    assert (
        "by account anna, unverified guest program “handwheel ask”, in the unverified words "
        "“plan: take P-101A out"
    ) in claimed
    assert "\u202e" not in text
    (command,) = text.split("; next: ")[1:]
    assert command == "handwheel ask plan-out P-101A"
    assert (idle.runs(), idle.cases(), idle.frames) == ([], [], [])
    assert kinds(idle, name) == ["intended", "told"]


@pytest.mark.parametrize("after_s", [30, 63, 90])
async def test_crash_does_not_tell_it_twice(idle: AgentsRoom, after_s: int) -> None:
    name = await planned(idle)
    await idle.scan(after_s)
    await idle.restart_agents()
    await idle.scan(90)
    assert kinds(idle, name) == ["intended", "told"]
    assert len(told(idle, name)) == 1


async def test_notice_whose_row_was_lost_is_kept_once(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await planned(idle)
    with monkeypatch.context() as patch:
        patch.setattr(LedgerWriter, "add", _unanswered)
        await idle.scan(65)
    await idle.scan(5)
    assert (kinds(idle, name), len(told(idle, name))) == (["intended", "told"], 1)


def _unanswered(*_: object) -> None:
    raise Unanswered("the gate does not answer")


async def test_time_at_which_no_agents_worked_is_told_later(idle: AgentsRoom) -> None:
    name = await planned(idle)
    await idle.kill_agents()
    idle.clock.forward(700.0)
    await idle.start_agents()
    await idle.scan(5)
    assert (kinds(idle, name), idle.runs()) == (["intended", "told"], [])


async def test_withdrawn_intention_tells_nobody(idle: AgentsRoom) -> None:
    name = await planned(idle)
    with pytest.raises(PermitRefused, match="is of account anna, not of ben"):
        idle.agents.intentions.withdraw(name, "ben")
    idle.agents.intentions.withdraw(name, "anna")
    await idle.scan(120)
    await idle.restart_agents()
    await idle.scan(5)
    assert (kinds(idle, name), told(idle, name)) == (["intended", "withdrawn"], [])
    assert idle.agents.intentions.open == {}


async def test_only_what_can_be_told_is_recorded(idle: AgentsRoom) -> None:
    name = await planned(idle)
    intentions = idle.agents.intentions
    refused: list[tuple[dict[str, Any], str]] = [
        ({"in_s": -1.0}, "is past"),
        ({"in_s": 30.0}, "less than a minute ahead"),
        ({"in_s": 8 * 86_400.0}, "more than 7 days ahead"),
        ({"playbook": "cw/none"}, "there is no playbook cw/none"),
        ({"equipment": "P-101"}, "there is no equipment 'P-101'; did you mean 'P-101"),
        ({"roles": {"dutty": "P-101A"}}, "dutty"),
        ({"roles": {"duty": ""}}, "there is no equipment ''"),
        (
            {"playbook": "cw/none", "equipment": "P-999", "in_s": -1.0},
            "is past; there is no equipment 'P-999'.*; there is no playbook cw/none",
        ),
        ({"playbook": "composed/x"}, "composed anew each time"),
        ({"equipment": "P-101B"}, "does not take 'P-101B' out of service"),
        ({"roles": {"duty": "E-101"}}, "E-101"),
    ]
    for changes, words in refused:
        with pytest.raises(InvalidArguments, match=words):
            intentions.record(intention_of(idle, key="other", **changes))
    for n in range(1, MOST_OF_ACCOUNT):
        intentions.record(intention_of(idle, key=f"{n}"))
    with pytest.raises(PolicyViolation, match="intentions of anna are open already"):
        intentions.record(intention_of(idle, key="other"))
    for n in range(MOST_OF_ACCOUNT, MOST_OPEN):
        guest = guest_proposer("handwheel ask", f"account {n}")
        intentions.record(intention_of(idle, key=f"{n}", guest=guest))
    guest = guest_proposer("handwheel ask", "ben")
    with pytest.raises(PolicyViolation, match=f"^{MOST_OPEN} intentions are open already"):
        intentions.record(intention_of(idle, key="other", guest=guest))
    assert name in intentions.open


async def test_known_key_is_taken_for_the_same_one_only(idle: AgentsRoom) -> None:
    name = await planned(idle)
    intentions, first = idle.agents.intentions, intention_of(idle)
    modelled = guest_proposer("handwheel ask", "anna", "another-model")
    assert intentions.record(intention_of(idle, guest=modelled)) == name
    with pytest.raises(InterlockActive, match=f"{name} .* says something else"):
        intentions.record(intention_of(idle, text="plan: take P-101A out"))
    await idle.scan(70)
    await idle.restart_agents()
    with pytest.raises(InterlockActive, match=f"{name} .* people were told of it"):
        idle.agents.intentions.record(first)


async def test_damaged_intention_delays_no_other(
    idle: AgentsRoom, caplog: pytest.LogCaptureFixture
) -> None:
    name = await planned(idle)
    await idle.kill_agents()
    writer = LedgerWriter.take(idle.desk.decision_context, idle.clock.now)
    writer.add(RecordEvent(kind="schedule.intended", subject="I-DAMAGED0", body={"key": "other"}))
    writer.release()
    await idle.start_agents()
    await idle.scan(70)
    assert "I-DAMAGED0: the intention is damaged: Field required" in caplog.text
    assert len(told(idle, name)) == 1


async def test_one_withdrawn_while_it_is_judged_tells_nobody(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, tasks = await planned(idle), Mock(Tasks, names={"one that is judged"})

    async def judged(*_: object) -> PlanVerdict:
        tasks.names.add(name)
        idle.agents.intentions.take(tasks)  # as at the next scan
        idle.agents.intentions.withdraw(name, "anna")
        return PlanVerdict((), (), ("operator",))

    monkeypatch.setattr("handwheel.agents.cases.intentions.plan_verdict", judged)
    await idle.scan(70)
    assert (kinds(idle, name), told(idle, name)) == (["intended", "withdrawn"], [])
    tasks.start.assert_not_called()


async def test_account_records_so_many_in_an_hour(idle: AgentsRoom) -> None:
    name = await planned(idle)
    intentions = idle.agents.intentions
    for n in range(1, MOST_IN_HOUR):
        intentions.withdraw(name, "anna")
        name = intentions.record(intention_of(idle, key=f"{n}"))
    intentions.withdraw(name, "anna")
    with pytest.raises(PolicyViolation, match="in an hour"):
        intentions.record(intention_of(idle, key="other"))
