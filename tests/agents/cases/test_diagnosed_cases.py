"""Continuous diagnosis opens cases, chooses among candidates, and says what would decide."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from handwheel.agents.diagnosis.diagnoser import shipped
from handwheel.connectors.model.site import Site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.hmi.cases.case_view import case_line, case_lines
from handwheel.hmi.cases.case_why import why_lines, why_steps
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent

from ...sites.cw100 import make_site
from ..conftest import NewRoom

OpenRoom = Callable[..., AbstractAsyncContextManager[SteppedTrial]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    found = make_site(tmp_path_factory.mktemp("diagnosed"))
    assert found.failure_modes == ("package:cw",)
    return found


@pytest.fixture
def open_room(site: Site) -> OpenRoom:
    @asynccontextmanager
    async def make(*faults: FaultEvent) -> AsyncGenerator[SteppedTrial]:
        async with SteppedTrial.open(site, create, seed=1, faults=list(faults)) as room:
            room.scan_s = 5.0
            yield room

    return make


async def test_a_worn_bearing_opens_a_case_before_its_alarm_and_is_asked_for(
    open_room: OpenRoom,
) -> None:
    async with open_room(FaultEvent("F01", 300.0, {"d0": 0.08, "tau": 1200.0})) as room:
        assert await room.until(lambda: room.cases, 4800.0)
        (case,) = room.cases.values()
        assert (case.opener, list(case.deviations)) == ("", ["hypothesis bearing-worn P-101A"])
        assert not room.values["VAH-101A.active"]
        await room.run_for(20.0)
        (case,) = room.cases.values()
        assert case.judgement["diagnosis"]["named"] == ["bearing-worn P-101A"]
        assert (case.judgement["choice"], room.waiting) == ("", [])
        assert "A bearing of P-101A is worn, " in case_line(case, "")
        assert await room.until(lambda: room.waiting, 4800.0)
        (case,) = room.cases.values()
        assert case.judgement["choice"] == "cw/pump-bearing-changeover (P-101A, P-101B)"
        assert case.judgement["reason"].startswith("A bearing of P-101A is worn; ")
        assert next(case_lines(case, (), "")).endswith(": A bearing of P-101A is worn")
        assert not room.values["VAH-101A.active"]
        _check_why(room, case.case_id)


def _check_why(room: SteppedTrial, case_id: str) -> None:
    """The deliberation is told from the journal alone, which says what is missing."""
    steps = why_steps(room.database.find_rows(case_id), {})
    assert json.loads(json.dumps(steps)) == steps
    text = "\n".join(why_lines(steps))
    for words in (
        "fired       hypothesis bearing-worn P-101A: A bearing of P-101A is worn",
        "A bearing of P-101A is worn (bearing-worn P-101A): -10 dB before any sign",
        "VT-101A.pv is ",
        "prevented  cw/pump-bearing-changeover: bearing is not met",
        "missing  their evidence, which only checkpoints.db had",
        "answers it by cw/pump-bearing-changeover (P-101A, P-101B)",
    ):
        assert words in text
    judged = next(each["body"] for each in steps if each["kind"] == "judged")
    state: dict[str, dict[str, Any]] = {judged["snapshot_at"]: {"weighed": [
        {"id": "strainer-plugged", "title": "Plugged", "total_db": -30.0, "prior_db": -10.0,
         "coverage": 1.0, "evidence": []},
    ]}}  # fmt: skip
    told = list(why_lines(why_steps(room.database.find_rows(case_id), state)))
    assert any("-30.0 dB  Plugged (strainer-plugged)" in line for line in told)


async def test_a_valve_that_sticks_or_is_stuck_is_told_with_what_would_decide(
    open_room: OpenRoom,
) -> None:
    load = FaultEvent("D01", 1200.0, {"load": 41.5})
    async with open_room(FaultEvent("F04", 1200.0, {}), load) as room:
        assert await room.until(lambda: room.cases, 1800.0)
        await room.run_for(5.0)
        (case,) = room.cases.values()
        diagnosis = case.judgement["diagnosis"]
        assert diagnosis["verdict"] == "abstain"
        assert set(diagnosis["suspected"]) == {"water-valve-sticks", "water-valve-stuck"}
        assert (room.waiting, case.run_id) == ([], "")
        (check, *_) = diagnosis["checks"]
        assert f"to decide: {check['title']}" in diagnosis["line"]
        shown = list(case_lines(case, room.database.find_rows(case.case_id), ""))
        assert f"  verdict    {diagnosis['line']}" in shown
        assert await room.until(lambda: room.waiting, 30.0)
        run = room.waiting[0].request.run
        assert run is not None
        assert run.playbook == "cw/valve-step-test"


def _raises(*_: object) -> float:
    raise RuntimeError("no such pump")


def _hangs(*_: object) -> float:
    while True:
        pass


@pytest.mark.parametrize(
    ("measure", "told"),
    [(_raises, "RuntimeError: no such pump"), (_hangs, "took more than 50 ms")],
)
async def test_a_method_that_fails_costs_only_its_sign_and_is_told(
    open_room: OpenRoom,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    measure: Callable[..., float],
    told: str,
) -> None:
    name = "strainer_resistance"
    monkeypatch.setitem(shipped(), name, replace(shipped()[name], measure=measure))
    async with open_room() as room:
        await room.run_for(140.0)
        ranking = room.agents.diagnosis and room.agents.diagnosis.ranking
        assert ranking
        (plugged,) = (each for each in ranking.weighed if each.hypothesis.id == "strainer-plugged")
        assert plugged.evidence[0].weight_db == 0.0
        assert told in plugged.evidence[0].text
        assert any(each.coverage == 1.0 for each in ranking.weighed)
    assert f"diagnosis: {name}: {told}" in caplog.text


async def test_a_run_answers_a_fault_that_is_confirmed_only_later(open_room: OpenRoom) -> None:
    """The trigger of the strainer's playbook is faster than its diagnosis."""
    async with open_room(FaultEvent("F02", 300.0, {"plug": 15.0})) as room:
        await room.run_for(900.0)
        diagnosis = room.agents.diagnosis
        assert diagnosis
        assert "strainer-plugged" in diagnosis.named
        (case,) = room.cases.values()
        assert case.is_closed
        assert [each.state for each in room.runs.values()] == ["COMPLETE"]


MODES = """\
schema: failure-modes/1
modes:
  - id: strainer-dirty
    title: Strainer S-101 is dirty
    prior_db: -10
    signs: [{id: loss, that: "PDT-101.pv > 8 kPa", met_db: 25, not_met_db: -20}]
"""


async def test_a_case_of_a_fault_closes_once_the_fault_is_refuted(
    agents_site: Site, new_room: NewRoom
) -> None:
    (agents_site.root / "dirty.yaml").write_text(MODES, "utf-8")
    async with new_room(is_worn=False, failure_modes=("dirty.yaml",)) as room:
        room.library = []
        await room.start_agents()
        room.scan_s = 5.0
        room.plant.lies["PDT-101.pv"] = 9.0
        await room.scan(8)
        assert room.cases() == []  # named twice, and not confirmed
        await room.scan(3)
        (case,) = room.cases()
        assert case.judgement["reason"].endswith(" % probable; no playbook answers it")
        await room.restart_agents()
        await room.scan()
        room.plant.lies.clear()
        await room.scan(8)
        assert len(room.cases()) == 1
        await room.scan(7)
        assert (room.cases(), room.case.is_closed) == ([], True)


async def test_an_alarm_that_chatters_opens_a_case_once(new_room: NewRoom) -> None:
    async with new_room(is_worn=False, failure_modes=("package:cw",)) as room:
        room.library = []
        await room.start_agents()
        room.scan_s = 5.0
        for n in range(40):
            room.plant.lies["LAL-101.active"] = n % 8 > 0  # inactive for one scan of eight
            await room.scan()
        rows = [each.fields["kind"] for each in room.desk.database.find_rows(room.case.case_id)]
        assert (len(room.cases()), rows.count("case.judged")) == (1, 1)


async def test_rivals_from_before_a_restart_are_tested_only_once_they_are_suspected(
    new_room: NewRoom,
) -> None:
    async with new_room(is_worn=False, failure_modes=("package:cw",)) as room:
        with room.desk.database.transaction(room.clock.now()) as transaction:
            for kind, mode in (("opened", "sticks"), ("joined", "stuck")):
                transaction.record(f"case.{kind}", "C-7K3MQ2XA", {
                    "condition": mode, "playbook": "", "place": "",
                    "deviation": f"hypothesis water-valve-{mode}",
                })  # fmt: skip
        await room.start_agents()
        room.scan_s = 5.0
        await room.scan(30)
        assert (room.requests(), room.cases()) == ([], [])
