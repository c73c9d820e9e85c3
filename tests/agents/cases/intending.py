"""Intentions in a room, and what people are told of them."""

from datetime import timedelta
from typing import Any

from handwheel.agents.cases.intention import Intention
from handwheel.tools.requests.proposer import guest_proposer
from handwheel.tools.requests.timestamps import stamp

from ..testbed.stepped_agents import AgentsRoom

PLAYBOOK = "cw/pump-bearing-changeover"
TEXT = "plan: take P-101A out\u202e; next: handwheel requests approve"
IN_S = 60.0


def intention_of(room: AgentsRoom, in_s: float = IN_S, **changes: Any) -> Intention:
    at = stamp(room.clock.now().wall + timedelta(seconds=in_s))
    fields: dict[str, Any] = {
        "key": "k", "equipment": "P-101A", "playbook": PLAYBOOK, "at": at,
        "roles": {"duty": "P-101A", "standby": "P-101B"}, "text": TEXT,
        "guest": guest_proposer("handwheel ask", "anna"),
    }  # fmt: skip
    return Intention.model_validate(fields | changes)


def kinds(room: AgentsRoom, name: str) -> list[str]:
    rows = room.desk.database.find_rows(name)
    return [str(each.fields["kind"]).removeprefix("schedule.") for each in rows]


async def planned(room: AgentsRoom, *text: tuple[str, str], **changes: Any) -> str:
    """A room without any fault, in which a change-over is intended in a minute.

    Args:
        text: Parts of the change-over that are replaced.
    """
    await (room.start_with(*text) if text else room.start_agents())
    await room.scan(150)  # until the header was steady for two minutes
    return room.agents.intentions.record(intention_of(room, **changes))


def told(room: AgentsRoom, name: str) -> list[tuple[str, str]]:
    return [(each.to, each.text) for each in room.workorders.notices() if each.run_id == name]
