"""Registers that nobody may write, under whatever name: a value that overlaps them is not sent."""

from pathlib import Path
from secrets import token_hex

import pytest

from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest

from ..testbed.edited_policy import ruled_room
from ..testbed.with_oracle import SETPOINT, START, Watched

# PIC-102.sp lies in 10 and 11 of the controller, whatever it is called.
OVERLAPPING, ALIAS = pytest.mark.way_in("A19"), pytest.mark.way_in("A17")
CASES = [
    pytest.param("PIC-102.sp", "holding", "10..10", True, marks=OVERLAPPING),
    pytest.param("PIC-102.sp", "holding", "11..400", True, marks=OVERLAPPING),
    pytest.param("X-1.sp", "holding", "11..11", True, marks=[OVERLAPPING, ALIAS]),
    pytest.param("X-1.sp", "holding", "0..65535", True, marks=ALIAS),
    ("PIC-102.sp", "holding", "8..9", False),
    ("PIC-102.sp", "coil", "10..11", False),
    ("X-1.sp", "holding", "12..400", False),
]


@pytest.mark.parametrize(("name", "table", "span", "is_forbidden"), CASES)
async def test_a_value_that_touches_a_forbidden_register_is_not_sent(
    tmp_path: Path, name: str, table: str, span: str, *, is_forbidden: bool
) -> None:
    rule = f"{{connection: dcs, table: {table}, addresses: {span}, reason: safety relay}}"
    edits = [("policy.yaml", "allow:", f"forbid:\n  - {rule}\nallow:")]
    if name != SETPOINT[0]:
        edits.append(("tags.yaml", "PIC-102.sp:", f"{name}:"))
        edits.append(("policy.yaml", "[PIC-102.sp]", f"[{name}]"))
    async with ruled_room(tmp_path, *edits) as room:
        room.plant.values[name] = 350.0
        asked = room.desk.propose((name, 360.0))
        record = room.desk.record(asked.request_id)
        assert record.state == ("DENIED" if is_forbidden else "PENDING")
        assert record.reason == (
            f"{name}: forbidden: safety relay" if is_forbidden else "the policy allows asking"
        )
        forced = forced_through(room, asked)
        await room.act()
        if is_forbidden:
            room.expect(forced, "INVALIDATED", "forbidden: safety relay", frames=0)
            twin = await room.carried_out(START)
            assert (room.desk.states(twin), len(room.plant.frames)) == (["VERIFIED"], 1)
        else:
            assert room.desk.states(forced) == ["VERIFIED"]
            assert room.wires == [asked.commands[0].wire]


def forced_through(room: Watched, asked: ActionRequest) -> ActionRequest:
    """The same under a class that people may approve, filed past the policy, and approved."""
    draft = parse_canonical(asked.text.replace(asked.request_id, "R-7K3MQ2XA"))
    draft |= {"risk_class": "R1", "quorum": 1, "roles": ["operator"], "proposal_key": token_hex(16)}
    request = ActionRequest.model_validate(draft)
    room.desk.file(request)
    room.desk.approve(request)
    room.note(request, "anna")
    return request
