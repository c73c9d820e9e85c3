"""What people are told of a lease: what is left of it, what stays open, what came of it."""

import json

import pytest

from handwheel.hmi.journal.rows.row_line import show_row
from handwheel.hmi.processes.gate import print_open
from handwheel.hmi.requests.approve import is_complete
from handwheel.hmi.requests.write_followup import (
    followup_fields,
    followup_lines,
    notes_on_requests,
    open_lines,
)
from handwheel.tools.guardrails.approval.plant_snapshot import PlantSnapshot
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation, parse_lease

from ..monitoring.test_effects import EFFECT
from ..testbed.with_oracle import SETPOINT, Watched
from .test_expiry import in_lease, pass_time


def picture_of(room: Watched) -> PlantSnapshot | None:
    """The picture that the gate gives now."""
    return room.running.snapshot()


async def test_what_is_left_of_a_lease_is_told_until_it_is_over(room: Watched) -> None:
    request, database = await in_lease(room), room.desk.database
    name = request.request_id
    room.clock.forward(3600.0)
    words = "in its lease, 1 h 00 min left; then the gate writes PIC-102.sp → 350 kPa"
    record = room.desk.record(name)
    assert notes_on_requests(database, picture_of(room), room.clock.now()) == {name: [words]}
    assert followup_lines(database, record, picture_of(room), room.clock.now()) == [words]
    fields = followup_fields(database, record, picture_of(room), room.clock.now())
    assert fields["lease"] == {
        "for_s": 7200.0, "left_s": 3600.0, "kept": True,
    }  # fmt: skip
    assert is_complete(database, record)
    room.clock.forward(3601.0)
    late = followup_lines(database, record, picture_of(room), room.clock.now())
    assert late == ["its lease has ended; the gate writes PIC-102.sp → 350 kPa"]
    await pass_time(room, 1.0)
    assert notes_on_requests(database, picture_of(room), room.clock.now()) == {}


async def test_without_the_gate_of_its_lease_nobody_is_promised_the_way_back(room: Watched) -> None:
    request, database = await in_lease(room), room.desk.database
    record = room.desk.record(request.request_id)
    none = "no gate is running, so nothing is undone: PIC-102.sp → 350 kPa"

    def told(picture: PlantSnapshot | None) -> list[str]:
        return followup_lines(database, record, picture, room.clock.now())

    room.clock.forward(6.0)
    alive = told(picture_of(room))
    assert alive == ["in its lease, 1 h 59 min left; then the gate writes PIC-102.sp → 350 kPa"]
    fields = followup_fields(database, record, None, room.clock.now())
    assert fields["lease"] == {"for_s": 7200.0, "left_s": 7194.0, "kept": False}
    assert told(None) == [f"in its lease, 1 h 59 min left; {none}"]
    room.clock.forward(7200.0)
    assert told(None) == [f"its lease has ended; {none}"]


async def test_what_stays_open_is_told_wherever_people_look(
    room: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    request, database = await in_lease(room), room.desk.database
    await room.restart_gate()
    line = (
        f"OPEN  {request.request_id}/c1  PIC-102.sp = 360 kPa was not undone (before: 350 kPa): "
        "the gate was started after the approval"
    )
    record = room.desk.record(request.request_id)
    assert open_lines(database) == [line]
    assert followup_lines(database, record, picture_of(room), room.clock.now()) == [line]
    print_open(room.desk.database, as_json=False)
    print_open(room.desk.database, as_json=True)
    said, programs = capsys.readouterr().out.splitlines()
    assert said == line
    assert json.loads(programs)["open"]["was"] == "350 kPa"
    rows = [show_row(each, as_json=False) for each in database.journal()]
    assert any("lease.open" in row and "PIC-102.sp = 360 kPa" in row for row in rows)


async def test_what_did_not_come_is_told(room: Watched) -> None:
    terms = Terms(parse_lease("2 h"), (parse_expectation(EFFECT),))
    request, database = room.approved(SETPOINT, terms=terms), room.desk.database

    def lines() -> list[str]:
        record = room.desk.record(request.request_id)
        return followup_lines(database, record, picture_of(room), room.clock.now())

    name = f"{request.request_id}/c1"
    assert lines() == [f"{name}  expected PT-102.pv > 350 kPa within 2 min: not checked yet"]
    await room.act()
    assert lines()[1] == f"{name}  expected PT-102.pv > 350 kPa within 2 min: being checked"
    room.clock.forward(121.0)
    room.watch()
    seen = "observed: PT-102.pv is 349 kPa"
    assert lines()[1] == f"{name}  MISSED  expected PT-102.pv > 350 kPa within 2 min; {seen}"
    notes = notes_on_requests(database, picture_of(room), room.clock.now())[request.request_id]
    assert notes[1] == "MISSED: PT-102.pv > 350 kPa"
    await pass_time(room, 7200.0)
    assert room.plant.values["PIC-102.sp"] == 350.0
