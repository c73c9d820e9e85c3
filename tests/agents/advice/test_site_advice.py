"""Agents that ask for better set points, and measure what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.lookahead.trust import LEAST_CHECKS
from handwheel.agents.lookahead.twin import Course, Estimate, Move

from ...playbooks.sample_playbook import loaded
from ..conftest import NewRoom
from ..testbed.stepped_agents import AgentsRoom

SET_POINT = "PIC-102.sp"
ADVICE = """\
schema: playbook/1
id: cw/less-pressure
version: 1.0.0
title: Save power
plant: cw-100
owner: operations
style: computer-assisted
parameters: {header: {type: quantity, unit: kPa, default: 350 kPa, min: 320 kPa, max: 380 kPa}}
advise: {minimise: "0.53 kW/A * IT-101A.pv", by: [header],
         horizon: 2 min, least_gain: 0.1 kW, every: 2 min}
concurrency: {key: [PUMPS-101], policy: reject}
invariants: [{that: "PT-102.pv > 305 kPa", grace: 5 s, on_violation: hold}]
approval: {role: operator, within: 15 min, on_timeout: stop}
steps:
  - {id: move, title: Move it, write: {PIC-102.sp: header}, on_fail: {then: hold}, undo: none,
     verify: {that: "abs(PT-102.pv - PIC-102.sp) < 5 kPa", within: 1 min, hold: 5 s}}
limits: {max_writes: 1, max_duration: 30 min}
"""


@dataclass(frozen=True)
class PowerTwin:
    """Twin whose pump takes less current for each kPa less."""

    amperes_per_kpa: float

    @property
    def tags(self) -> Sequence[str]:
        return ("PT-102.pv", "IT-101A.pv", SET_POINT)

    def estimate(self, windows: Windows) -> Estimate | None:
        found = {each: windows.latest(each) for each in self.tags}
        return None if None in found.values() else Estimate(windows.now_s, found)

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        now = state[SET_POINT]
        pressure = moves[-1].value if moves else now
        current = state["IT-101A.pv"] + (pressure - now) * self.amperes_per_kpa
        return Course((0.0, horizon_s), {"PT-102.pv": [pressure] * 2, "IT-101A.pv": [current] * 2})


async def _started(room: AgentsRoom, amperes_per_kpa: float, residual: float = 0.01) -> None:
    room.library = [loaded(room.site.state, ADVICE)]
    room.twin = SiteTwin("power", PowerTwin(amperes_per_kpa), 0.03, 600.0)
    await room.start_agents()
    ahead = room.stepped_agents.look_ahead
    assert ahead is not None
    for _ in range(LEAST_CHECKS):
        ahead.trust.note({"PT-102.pv": residual}, 0.0)
    room.speed = 2.0


async def _answered(room: AgentsRoom, kpa: str) -> None:
    """Lets time pass until it is asked for, approved and done."""
    room.speed = 2.0
    await room.until(lambda: room.requests() and room.request().state == "PENDING", kpa)
    assert (room.run.opening["given"], room.request().request.risk_class) == (
        {"header": kpa}, "R1",
    )  # fmt: skip
    room.speed = 1.0
    room.say("approve")
    await room.reach("COMPLETE")
    room.speed = 2.0


def _rows(room: AgentsRoom, kind: str) -> list[Mapping[str, Any]]:
    cases = dict.fromkeys(str(row.fields["subject"]) for row in room.desk.database.journal())
    rows = (row.fields for case in cases for row in room.desk.database.find_rows(case))
    return [each["body"] for each in rows if each["kind"] == kind]


async def test_a_gain_that_came_is_beside_the_promise_and_the_next_step_is_asked_for(
    new_room: NewRoom,
) -> None:
    async with new_room(is_worn=False) as room:
        await _started(room, 0.03)
        await _answered(room, "330 kPa")
        assert room.frames == [f"{SET_POINT}=330"]
        await room.until(lambda: _rows(room, "case.measured"), "a measured gain")
        promised, (measured,) = _rows(room, "case.promised")[0], _rows(room, "case.measured")
        assert promised["text"].startswith(f"advice: {SET_POINT} 350 → 330 kPa saves 0.318 of 4.9")
        assert "the twin power foretells" in promised["text"]
        assert room.run.opening["condition"] == promised["text"]
        assert measured["is_kept"]
        assert 0.2 < measured["measured"] < 0.5
        await _answered(room, "320 kPa")


async def test_a_gain_that_did_not_come_twice_is_not_promised_again(new_room: NewRoom) -> None:
    async with new_room(is_worn=False) as room:
        await _started(room, 0.2)
        for number, kpa in enumerate(("330 kPa", "320 kPa"), 1):
            await _answered(room, kpa)
            await room.until(lambda n=number: len(_rows(room, "case.measured")) == n, kpa)  # type: ignore[misc]
        last = _rows(room, "case.measured")[-1]
        assert (last["is_kept"], last["short"]) == (False, 2)
        assert "nothing more is asked for" in last["text"]
        room.plant.simulation.plant.write(SET_POINT, 350.0)
        await room.scan(100)
        assert len(room.runs()) == 2


async def test_advice_that_people_reject_twice_is_not_asked_for_again(new_room: NewRoom) -> None:
    async with new_room(is_worn=False) as room:
        await _started(room, 0.03)
        room.scan_s = 5.0  # the same request is refused for some time
        for number in (1, 2):
            await room.until(lambda n=number: len(room.requests()) == n, number, 2000.0)  # type: ignore[misc]
            room.say("reject")
            await room.scan(4)
        before = len(room.runs())
        await room.scan(200)
        assert len(room.runs()) == before


async def test_no_set_point_is_asked_for_with_an_untrusted_twin(new_room: NewRoom) -> None:
    async with new_room(is_worn=False) as room:
        await _started(room, 0.03, residual=0.04)
        await room.scan(150)
        assert (room.cases(), room.runs()) == ([], [])
