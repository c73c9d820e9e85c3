"""Turns of cases, by what comes first and by how many requests people face at once."""

from collections.abc import Sequence
from math import inf
from pathlib import Path

import pytest

from handwheel.agents.turns import IntendedRun, Rank, turn_denial
from handwheel.connectors.model.site_file import Supervision
from handwheel.hmi.cases.case_view import case_line

from ...playbooks.sample_playbook import loaded
from ..conftest import NewRoom

ASKS = """\
schema: playbook/1
id: test/{name}
version: 1.0.0
title: Cut the load
owner: tests
style: computer-assisted
trigger: {{any: [{{when: "LT-101.pv > {level} %", for: 1 s}}]}}
concurrency: {{key: [{key}], policy: preempt_lower, priority: {priority}}}
approval: {{role: operator, within: 15 min, on_timeout: hold, covers: [steps]}}
steps:
  - id: cut
    write: {{FIC-201.sp: 3{priority} m3/h}}
    verify: {{that: "FIC-201.sp < 35 m3/h", within: 1 min}}
    undo: {{none: less load is the safe side}}
    on_fail: {{then: hold}}
limits: {{max_writes: 1, max_duration: 30 min}}
"""
OUTER = """\
schema: playbook/1
id: test/outer
version: 1.0.0
title: Cut the load by another playbook
owner: tests
style: computer-assisted
trigger: {any: [{when: "LT-101.pv > 92 %", for: 1 s}]}
concurrency: {key: [E-101], policy: reject, priority: 4}
steps:
  - {id: other, title: Cut, run: test/later}
limits: {max_writes: 0, max_duration: 30 min}
"""
PUMP, TOWER = frozenset({"P-101A"}), frozenset({"CT-101"})


def intended(case_id: str, trip_min: float = inf, priority: int = 4, **more: object) -> IntendedRun:
    rank = Rank(trip_min, trip_min, priority, f"2026-11-25T08:{case_id[-2:]}", 0, case_id)
    fields = {"equipment": PUMP, "asks": True} | more
    return IntendedRun(rank, **fields)  # type: ignore[arg-type]


OWN = intended("C-30", 60.0, 2)


@pytest.mark.parametrize(
    ("others", "open_requests", "coming", "reason"),
    [
        ([], [], 1, ""),
        ([], ["R-1", "R-2"], 0, "2 requests are open or being filed, R-1 is decided first"),
        ([], ["R-1"], 1, "2 requests are open or being filed, R-1 is decided first"),
        ([], [], 2, "2 requests are open or being filed"),
        ([intended("C-10")], ["R-1"], 0, ""),  # it is older, and trips nothing
        ([intended("C-40", 59.0)], [], 0, "C-40 comes first for P-101A"),
        ([intended("C-40", 60.0, 1)], [], 0, "C-40 comes first for P-101A"),
        ([intended("C-20", 60.0, 2)], [], 0, "C-20 comes first for P-101A"),
        (
            [intended("C-40", 5.0, waits=True)],
            [],
            0,
            "",
        ),  # it does not hold the equipment meanwhile
        ([intended("C-40", 5.0, equipment=TOWER)], [], 0, ""),
        (
            [intended("C-40", 5.0, equipment=TOWER, waits=True)],
            ["R-1"],
            0,
            "C-40 comes first of the 2 requests that may be open",
        ),
        ([intended("C-40", 5.0, equipment=TOWER, asks=False)], ["R-1"], 0, ""),
    ],
)
def test_a_case_waits_for_what_comes_first_and_for_a_free_request(
    others: Sequence[IntendedRun], open_requests: Sequence[str], coming: int, reason: str
) -> None:
    denial = turn_denial(OWN, others, open_requests, coming, most=2)
    assert (denial.reason.partition("; next: ")[0] if denial else "") == reason
    unasked = turn_denial(OWN._replace(asks=False), [], ["R-1"] * 9, 9, most=2)
    assert unasked is None


async def test_beyond_the_bound_the_most_urgent_case_asks_once_a_request_is_decided(
    new_room: NewRoom, tmp_path: Path
) -> None:
    wanted = ("first", 90, "S-101", 4), ("later", 92, "T-101", 3), ("urgent", 92, "CT-101", 2)
    async with new_room(is_worn=False, supervision=Supervision(requests=1)) as room:
        room.library = [
            loaded(tmp_path, ASKS.format(name=n, level=at, key=key, priority=p), f"{n}.yaml")
            for n, at, key, p in wanted
        ]
        room.library.append(loaded(tmp_path, OUTER, "outer.yaml"))
        await room.start_agents()
        room.plant.lies["LT-101.pv"] = 91.0
        await room.until(room.requests, "the first request", 10.0)
        name = room.requests()[0].request.request_id
        room.plant.lies["LT-101.pv"] = 95.0
        await room.scan(3)
        waiting = [each for each in room.cases() if not each.run_id]
        assert [each.judgement["candidates"][0]["code"] for each in waiting] == ["turn"] * 3
        told = f"a request is open or being filed, {name} is decided first"
        assert [told in case_line(each, "") for each in waiting] == [True] * 3
        assert case_line(waiting[0], "").startswith(f"{waiting[0].case_id}  waits, since ")
        room.say("reject")
        await room.until(lambda: room.runs("urgent"), "the urgent one", 15.0)
        await room.scan(11)
        assert (room.runs("later"), len(room.runs())) == ([], 2)
        assert [str(each.state) for each in room.requests()] == ["REJECTED", "PENDING"]
