"""The tag map is another by the time of the approval: step 6 sees it, and so would a later one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.gate.steps import authorization
from handwheel.tools.requests.request import ActionRequest

from ...attacks.cases import tried
from ..testbed.edited_policy import ruled_site
from ..testbed.oracle import Told
from ..testbed.with_oracle import SETPOINT, START, Watched

Edit = tuple[str, str, str]
Case = tuple[tuple[str, Value], Sequence[Edit], Sequence[Edit], str, str]
MODE = ("P-101A.mode", 0)
SCALED = ("tags.yaml", "address: 10, type", "address: 10, encoding: int32, scale: 0.1, type")
BYTES = "encoding it now gives other bytes than those that were approved"
CASES: Mapping[str, Case] = {
    "as it was, scaled": (SETPOINT, [SCALED], (), "", ""),
    "as it was, an enumeration": (MODE, (), (), "", ""),
    "scaling": (SETPOINT, [SCALED], [("tags.yaml", "scale: 0.1", "scale: 0.2")], "tags", BYTES),
    "word order": (
        SETPOINT, (), [("site.yaml", "dcs: {kind: modbus,", "dcs: {kind: modbus, order: CDAB,")],
        "site", BYTES,
    ),
    "words of a number": (
        MODE, (), [("tags.yaml", "{local: 0, remote: 1}", "{local: 1, remote: 0}")], "tags",
        "P-101A.mode is not what the request says: its shown is remote",
    ),
    "wider type": (
        MODE, (), [("tags.yaml", "type: enum", "encoding: int32, type: enum")], "tags",
        "P-101A.mode is not what the request says: its address is holding 0 int32",
    ),
    "address": (
        START, (), [("tags.yaml", "coil, address: 0", "coil, address: 32")], "tags",
        "P-101A.run_cmd is not what the request says: its address is coil 32 bit",
    ),
    "unit identifier": (
        START, (), [("site.yaml", "  pkg: {kind: modbus,", "  pkg: {kind: modbus, unit: 2,")],
        "site", "the device is not the one that was approved",
    ),
}  # fmt: skip
WAYS = {
    "scaling": "C3", "word order": "C4", "words of a number": "C5", "wider type": "C5",
    "address": "C6", "unit identifier": "C7",
}  # fmt: skip


@pytest.mark.parametrize(("write", "before", "after", "file", "behind"), tried(CASES, WAYS))
async def test_a_tag_that_means_another_thing_by_now_is_not_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: tuple[str, Value],
    before: Sequence[Edit],
    after: Sequence[Edit],
    file: str,
    behind: str,
) -> None:
    """The requests were filed before, and the gate was started after the change."""
    (tmp_path / "now").mkdir()
    site = ruled_site(tmp_path, *before)
    filed = Watched(site)
    first, second = (filed.desk.propose(write) for _ in range(2))
    filed.close()
    room = Watched(replace(ruled_site(tmp_path / "now", *before, *after), state=site.state))
    await room.start_gate()
    end = await end_of(room, first)
    arrived = room.wires
    if file:
        told = f"{file}.yaml was changed since the request was made: ask again"
        assert (end, arrived) == (f"INVALIDATED: {told}", [])
        monkeypatch.setattr(authorization, "check_request_files", nobody_compares)
        assert (await end_of(room, second)).startswith(f"INVALIDATED: {behind}")
        assert room.plant.frames == []
    else:
        assert (end.partition(":")[0], arrived) == ("VERIFIED", [first.commands[0].wire])
    room.close()


def nobody_compares(*_: object) -> None:
    """The sixth step without its first half."""


async def end_of(room: Watched, request: ActionRequest) -> str:
    """Approved by as many as it takes: where it stands then, and why."""
    people = ["anna", "bert"][: request.quorum]
    room.desk.approve(request, *people)
    approvals = dict.fromkeys(people, room.clock.now())
    room.oracle.told[request.request_id] = Told(request, approvals)
    await room.act()
    return f"{room.desk.states(request)[0]}: {room.reason(request)}"
