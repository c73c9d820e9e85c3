"""Intentions of people, which make agents ask at a time, and approve nothing."""

# pyright: reportPrivateUsage=false

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from handwheel.agents.starts.intention import MOST_IN_HOUR, MOST_OF_ACCOUNT, Intention
from handwheel.connectors.errors import HandwheelError
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.errors import PermitRefused, PolicyViolation, Unanswered
from handwheel.tools.requests.proposer import guest_proposer
from handwheel.tools.requests.timestamps import stamp

from ..conftest import NewRoom
from ..testbed.stepped_agents import AgentsRoom

PLAYBOOK = "cw/pump-bearing-changeover"
TEXT = "plan: take P-101A out\u202e; next: handwheel requests approve"
IN_S = 60.0


def _intention(room: AgentsRoom, in_s: float = IN_S, **changes: Any) -> Intention:
    at = stamp(room.clock.now().wall + timedelta(seconds=in_s))
    fields: dict[str, Any] = {
        "key": "k", "equipment": "P-101A", "playbook": PLAYBOOK, "at": at,
        "roles": {"duty": "P-101A", "standby": "P-101B"}, "text": TEXT,
        "guest": guest_proposer("handwheel ask", "anna"),
    }  # fmt: skip
    return Intention.model_validate(fields | changes)


@pytest.fixture
async def idle(new_room: NewRoom) -> AsyncGenerator[AgentsRoom]:
    """A plant without a fault, whose agents have not been started."""
    async with new_room(is_worn=False) as room:
        yield room


def _kinds(room: AgentsRoom, name: str) -> list[str]:
    rows = room.desk.database.find_rows(name)
    return [str(each.fields["kind"]).removeprefix("schedule.") for each in rows]


async def _planned(room: AgentsRoom, **changes: Any) -> str:
    """A room without any fault, in which a change-over is intended in a minute."""
    await room.start_agents()
    await room.scan(150)  # until the header was steady for two minutes
    return room.agents.intentions.record(_intention(room, **changes))


def _told(room: AgentsRoom, name: str) -> list[tuple[str, str]]:
    return [(each.to, each.text) for each in room.workorders.notices() if each.run_id == name]


async def test_people_are_told_at_the_time_and_nothing_else(idle: AgentsRoom) -> None:
    name = await _planned(idle)
    await idle.scan(55)
    assert _told(idle, name) == []
    await idle.scan(600)
    ((to, text),) = _told(idle, name)
    assert to == "operator"
    assert f"{PLAYBOOK}: evidence for it not met: bearing; " in text
    assert "by account anna, unverified guest program “handwheel ask”: “plan: take" in text
    assert "\u202e" not in text
    (command,) = text.split("; next: ")[1:]
    assert command == "handwheel ask 'plan: take P-101A out for maintenance'"
    assert (idle.runs(), idle.cases(), idle.frames) == ([], [], [])
    assert _kinds(idle, name) == ["intended", "told"]


async def test_permissive_that_is_not_met_is_told(idle: AgentsRoom) -> None:
    name = await _planned(idle)
    idle.plant.lies["LT-101.pv"] = 20.0
    await idle.scan(70)
    ((_, text),) = _told(idle, name)
    assert f"{PLAYBOOK}: permissives not met: suction; " in text


@pytest.mark.parametrize("after_s", [30, 63, 90])
async def test_crash_does_not_tell_it_twice(idle: AgentsRoom, after_s: int) -> None:
    name = await _planned(idle)
    await idle.scan(after_s)
    await idle.restart_agents()
    await idle.scan(90)
    assert _kinds(idle, name) == ["intended", "told"]
    assert len(_told(idle, name)) == 1


async def test_notice_whose_row_was_lost_is_kept_once(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await _planned(idle)
    with monkeypatch.context() as patch:
        patch.setattr(LedgerWriter, "add", _unanswered)
        await idle.scan(65)
    await idle.scan(5)
    assert (_kinds(idle, name), len(_told(idle, name))) == (["intended", "told"], 1)


def _unanswered(*_: object) -> None:
    raise Unanswered("the gate does not answer")


async def test_time_at_which_no_agents_worked_is_told_later(idle: AgentsRoom) -> None:
    name = await _planned(idle)
    await idle.kill_agents()
    idle.clock.forward(700.0)
    await idle.start_agents()
    await idle.scan(5)
    assert (_kinds(idle, name), idle.runs()) == (["intended", "told"], [])


async def test_withdrawn_intention_tells_nobody(idle: AgentsRoom) -> None:
    name = await _planned(idle)
    with pytest.raises(PermitRefused, match="is of account anna, not of ben"):
        idle.agents.intentions.withdraw(name, "ben")
    idle.agents.intentions.withdraw(name, "anna")
    await idle.scan(120)
    await idle.restart_agents()
    await idle.scan(5)
    assert (_kinds(idle, name), _told(idle, name)) == (["intended", "withdrawn"], [])
    assert idle.agents.intentions.open == {}


async def test_only_what_can_be_told_is_recorded(idle: AgentsRoom) -> None:
    name = await _planned(idle)
    intentions = idle.agents.intentions
    assert intentions.record(_intention(idle)) == name  # the same key
    refused: list[tuple[dict[str, Any], str]] = [
        ({"in_s": -1.0}, "is past"),
        ({"in_s": 30.0}, "less than a minute ahead"),
        ({"in_s": 8 * 86_400.0}, "more than 7 days ahead"),
        ({"playbook": "cw/none"}, "cw/none"),
        ({"playbook": "composed/x"}, "composed anew each time"),
        ({"equipment": "P-101B"}, "does not take 'P-101B' out of service"),
        ({"roles": {"duty": "E-101"}}, "E-101"),
    ]
    for changes, words in refused:
        with pytest.raises(HandwheelError, match=words):
            intentions.record(_intention(idle, key="other", **changes))
    for n in range(1, MOST_OF_ACCOUNT):
        intentions.record(_intention(idle, key=f"{n}"))
    with pytest.raises(PolicyViolation, match="intentions of anna are open already"):
        intentions.record(_intention(idle, key="other"))


async def test_account_records_so_many_in_an_hour(idle: AgentsRoom) -> None:
    name = await _planned(idle)
    intentions = idle.agents.intentions
    for n in range(1, MOST_IN_HOUR):
        intentions.withdraw(name, "anna")
        name = intentions.record(_intention(idle, key=f"{n}"))
    intentions.withdraw(name, "anna")
    with pytest.raises(PolicyViolation, match="in an hour"):
        intentions.record(_intention(idle, key="other"))
