"""Expected effects are looked for, told once, change nothing, and no row ends the look."""
# pyright: reportPrivateUsage=false

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import RegisterAddress
from handwheel.hmi.shift.summary import summarize
from handwheel.tools.conditions.errors import ConditionError
from handwheel.tools.errors import InvalidArguments, LedgerError
from handwheel.tools.guardrails.gate.steps import effects
from handwheel.tools.guardrails.gate.steps import outcome as concluding
from handwheel.tools.guardrails.gate.steps.effects import give_up_effects, look_for_effects
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation
from handwheel.tools.requests.request import ActionRequest

from ..leases.test_expiry import standing
from ..testbed.ledger_faults import full
from ..testbed.with_oracle import SETPOINT, START_B, Watched

EFFECT = "PT-102.pv > 350 kPa within 2 min"


async def expecting(room: Watched) -> ActionRequest:
    request = await room.carried_out(SETPOINT, terms=Terms(effects=(parse_expectation(EFFECT),)))
    room.watch()
    return request


@pytest.mark.parametrize(
    ("after_s", "verdict"), [(60.0, "CAME"), (121.0, "MISSED")], ids=["came", "missed"]
)
async def test_what_is_expected_is_looked_for_and_told_once(
    room: Watched, after_s: float, verdict: str
) -> None:
    request = await expecting(room)
    room.clock.forward(after_s)
    if verdict == "CAME":
        room.plant.values["PT-102.pv"] = 355.0
    for _ in range(3):
        room.watch()
    room.plant.values["PT-102.pv"] = 355.0
    room.watch()
    found = room.rows(f"effect.{verdict}")
    assert [(each["of"], each["number"], each["after_s"]) for each in found] == [
        (f"{request.request_id}/c1", 1, after_s)
    ]
    assert str(found[0]["observed"]).startswith("PT-102.pv > 350 kPa  [PT-102.pv is ")
    table = room.desk.database.all("SELECT action_id, verdict FROM effect")
    assert [tuple(row) for row in table] == [(f"{request.request_id}/c1", verdict)]
    assert standing(room, request) == "CLOSED VERIFIED"
    assert room.faults() == ()


@pytest.mark.parametrize("was_kpa", [340.0, 360.0], ids=["came", "was there"])
async def test_what_was_so_before_the_frame_is_told_as_such(room: Watched, was_kpa: float) -> None:
    room.plant.values["PT-102.pv"] = was_kpa
    await expecting(room)
    room.plant.values["PT-102.pv"] = 360.0
    room.watch()
    found = room.rows("effect.CAME")
    assert [each.get("was_so") for each in found] == [True if was_kpa > 350.0 else None]


@pytest.mark.parametrize("unit", [None, 9], ids=["own unit", "unit 9"])
async def test_no_other_unit_is_asked_before_the_frame(
    memory_site: Site, tmp_path: Path, unit: int | None
) -> None:
    """One that is silent takes its time-out; with it the look would be too old, and refused."""
    pump = memory_site.tags["P-101A.run_cmd"]
    assert isinstance(pump.address, RegisterAddress)
    other = replace(pump, address=replace(pump.address, unit=unit))
    tags = {**memory_site.tags, pump.name: other}
    with closing(Watched(replace(memory_site, state=tmp_path, tags=tags))) as room:
        await room.start_gate()
        room.plant.values[pump.name] = True
        effects = (parse_expectation(f"{pump.name} within 2 min"),)
        await room.carried_out(START_B, terms=Terms(effects=effects))
        room.watch()
        (found,) = room.rows("effect.CAME")
        assert found.get("was_so") is (None if unit else True)
        assert len(room.plant.frames) == 1


@pytest.mark.parametrize("what", ["restart", "clock"])
async def test_an_effect_that_nobody_has_seen_is_unknown(room: Watched, what: str) -> None:
    await expecting(room)
    if what == "restart":
        await room.restart_gate()
    else:
        room.clock.set(-60.0)
    room.plant.values["PT-102.pv"] = 355.0
    room.watch()
    room.watch()
    give_up_effects(room.context)
    assert len(room.rows("effect.UNKNOWN")) == 1
    assert room.rows("effect.CAME") == []


async def test_an_effect_whose_tags_do_not_read_well_is_unknown(room: Watched) -> None:
    await expecting(room)
    room.clock.forward(121.0)
    room.running._look_on({})
    assert [each["after_s"] for each in room.rows("effect.UNKNOWN")] == [121.0]

    def refuse(*_: object) -> object:
        raise ConditionError("x", 1, 1, "no such tag")  # other tags than when it was filed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effects, "parse_condition", refuse)
        room.plant.values["PIC-102.sp"] = 350.0
        await expecting(room)
    assert len(room.rows("effect.UNKNOWN")) == 2


def test_only_what_can_be_judged_is_expected(room: Watched) -> None:
    for text in ("PT-102.pv > 350 kPa", "PT-102.pv > 350 kPa within 2 d"):
        with pytest.raises(InvalidArguments):
            parse_expectation(text)
    with pytest.raises(InvalidArguments, match="cannot be expected"):
        room.desk.propose(
            SETPOINT, terms=Terms(effects=(parse_expectation("X.pv > 1 within 1 s"),))
        )


async def test_the_next_shift_is_told_what_did_not_come(room: Watched) -> None:
    await expecting(room)
    room.clock.forward(121.0)
    room.watch()
    room.watch()
    summary = summarize(room.desk.decision_context, "anna", "bert", None, room.clock.now())
    (line,) = next(each.lines for each in summary.sections if each.title == "written")
    assert line.endswith(f"VERIFIED  MISSED: {EFFECT.partition(' within')[0]}")


async def test_a_round_asks_the_ledger_nothing_for_what_it_looks_for(room: Watched) -> None:
    await expecting(room)
    asked: list[str] = []
    connection = room.context.database.tables.connection
    connection.set_trace_callback(asked.append)
    assert look_for_effects(room.context, {}) == {"PT-102.pv"}
    connection.set_trace_callback(None)
    assert asked == []


async def test_a_verdict_that_cannot_be_written_is_told_as_soon_as_it_can(room: Watched) -> None:
    await expecting(room)
    room.clock.forward(121.0)
    with full(room), pytest.raises(LedgerError, match="disk"):
        look_for_effects(room.context, {})
    assert room.rows("effect.UNKNOWN") == []
    for _ in range(2):
        look_for_effects(room.context, {})
    assert len(room.rows("effect.UNKNOWN")) == 1


@pytest.mark.parametrize("is_rolled_back", [True, False], ids=["rolled back", "twin"])
async def test_what_did_not_come_to_the_disk_as_verified_comes_to_no_verdict(
    room: Watched, monkeypatch: pytest.MonkeyPatch, *, is_rolled_back: bool
) -> None:
    def fail(*_: object) -> str:
        raise LedgerError("the disk is full")

    with monkeypatch.context() as patch:
        if is_rolled_back:
            patch.setattr(concluding, "set_next_due", fail)
        request = await expecting(room)
    room.plant.values["PT-102.pv"] = 355.0
    room.watch()
    await room.act()
    room.watch()
    assert len(room.rows("effect.CAME")) == (not is_rolled_back)
    assert room.desk.states(request) == ["UNKNOWN" if is_rolled_back else "VERIFIED"]
    assert look_for_effects(room.context, {}) == frozenset()
