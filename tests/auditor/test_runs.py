"""The independent judge and runs: one with an undo passes, and each single fault of it is seen."""

from collections.abc import Callable

import pytest

from .audit import judge
from .sample_journal import ANNA, BEN, CARLA, MODE_A, START_B, WHERE, Draft, World, good_world

STOP_B = "010500140000"


def _action(action_id: str, wire: str, tag: str, **more: str) -> Draft:
    kind = "command" if "/c" in action_id else "recovery"
    return {
        "action_id": action_id, "kind": kind, "equipment": tag.partition(".")[0], "tag": tag,
        "identity": {"kind": "modbus", "where": WHERE["modbus"]}, "wire": wire,
        "readback": tag, **more,
    }  # fmt: skip


def _file(world: World, name: str, commands: list[Draft], recovery: list[Draft]) -> Draft:
    """Files a request of a run, and two people approve it."""
    world.file(name, None, START_B, "P-101B")
    request: Draft = world.find("request.filed", name)["request"]
    request |= {"commands": commands, "recovery": recovery}
    request["run"] |= {"run_id": "U-0000000A"}
    world.decide(ANNA, "approve", name)
    world.move("request", name, "PENDING", "PARTIAL")
    world.decide(BEN, "approve", name)
    world.move("request", name, "PARTIAL", "APPROVED")
    return request


def _send(world: World, action: str, wire: str) -> None:
    world.move("action", action, "PLANNED", "DUE", "CLAIMED")
    world.move("action", action, "CLAIMED", "SENDING", wire=wire, epoch=1)
    world.frame(wire)
    world.move("action", action, "SENDING", "VERIFIED", readback="as sent")


def run_world() -> World:
    """A run in two segments: start, and later mode; the second takes the start back, too."""
    world = good_world()
    start, mode = "P-101B.run_cmd", "P-101A.mode"
    _file(
        world, "R-4", [_action("R-4/c1", START_B, start), _action("R-4/c2", MODE_A, mode)],
        [_action("R-4/r1", STOP_B, start, undoes="R-4/c1")],
    )  # fmt: skip
    _send(world, "R-4/c1", START_B)
    world.now += 1000.0
    _send(world, "R-4/c2", MODE_A)
    second = _file(
        world, "R-5", [_action("R-5/c1", MODE_A, mode), _action("R-5/c2", START_B, start)],
        [_action("R-5/r1", STOP_B, start, undoes="R-4/c1"), _action("R-5/r2", MODE_A, mode)],
    )  # fmt: skip
    second["supersedes"] = "R-4"
    world.move("request", "R-4", "APPROVED", "SUPERSEDED")
    world.move("action", "R-4/r1", "PLANNED", "CANCELLED")
    world.move("action", "R-5/c1", "PLANNED", "SKIPPED")
    world.now += 5000.0
    _send(world, "R-5/r1", STOP_B)
    _send(world, "R-5/r2", MODE_A)
    world.move("action", "R-5/c2", "PLANNED", "CANCELLED")
    world.move("request", "R-5", "APPROVED", "CLOSED")
    return world


def test_a_run_with_an_undo_passes() -> None:
    report = judge(*run_world().seal(), CARLA.key_id)
    assert report.faults == ()
    assert [each.action_id for each in report.matched[3:]] == [
        "R-4/c1", "R-4/c2", "R-5/r1", "R-5/r2",
    ]  # fmt: skip


def _rows(world: World, action: str) -> list[Draft]:
    return [row for row in world.rows if row["subject"] == action]


def _drop(world: World, *actions: str) -> None:
    for action in actions:
        for row in _rows(world, action):
            world.rows.remove(row)


def _before(world: World, moved: str, before: Draft) -> None:
    """Moves the rows of an action in front of another row."""
    rows = _rows(world, moved)
    for row in rows:
        world.rows.remove(row)
    place = world.rows.index(before)
    world.rows[place:place] = [row | {"at": before["at"] - 0.01} for row in rows]


def _undo_of_nothing(world: World) -> None:
    _drop(world, "R-4/c1")


def _safe_state_of_nothing(world: World) -> None:
    _drop(world, "R-4/c1", "R-4/c2", "R-5/r1")


def _undo_of_another_runs(world: World) -> None:
    world.find("request.filed", "R-4")["request"]["run"]["run_id"] = "U-0000000B"


def _undo_of_another_tag(world: World) -> None:
    world.find("request.filed", "R-5")["request"]["recovery"][0]["undoes"] = "R-4/c2"


def _undone_twice(world: World) -> None:
    world.find("request.filed", "R-5")["request"]["recovery"][1]["undoes"] = "R-4/c1"


def _out_of_order(world: World) -> None:
    _before(world, "R-4/c2", world.find("action.DUE", "R-4/c1"))


def _after_recovery(world: World) -> None:
    _drop(world, "R-5/c2")
    _send(world, "R-5/c2", START_B)


def _too_late(world: World) -> None:
    world.find("request.filed", "R-4")["request"]["run"]["max_duration_s"] = 900


def _first_too_late(world: World) -> None:
    """The first command was skipped, so that the second one had to be in time."""
    for row in _rows(world, "R-4/c1"):
        world.rows.remove(row)
    world.rows.insert(
        world.rows.index(world.find("action.DUE", "R-4/c2")),
        {"at": 5.0, "kind": "action.SKIPPED", "subject": "R-4/c1", "body": {}},
    )


def _superseded_by_nobody(world: World) -> None:
    del world.find("request.filed", "R-5")["request"]["supersedes"]


def _supersedes_a_persons(world: World) -> None:
    world.find("request.filed", "R-5")["request"]["supersedes"] = "R-1"


def _agent_without_a_run(world: World) -> None:
    del world.find("request.filed", "R-4")["request"]["run"]


def _recovery_of_a_person(world: World) -> None:
    world.find("request.filed", "R-1")["request"]["recovery"] = [_action("R-1/r1", STOP_B, "x")]


@pytest.mark.parametrize(
    ("alter", "sentence"),
    [
        (_undo_of_nothing, "R-5/r1: it undoes R-4/c1, and that was not sent"),
        (_safe_state_of_nothing, "R-5/r2: nothing of its run was sent before"),
        (_undo_of_another_runs, "R-5/r1: it undoes R-4/c1, and that was not sent"),
        (_undo_of_another_tag, "R-5/r1: it undoes R-4/c2, and that wrote another tag"),
        (_undone_twice, "R-5/r2: R-5/r1 had undone R-4/c1 before"),
        (_out_of_order, "R-4/c2: R-4/c1 before it is PLANNED"),
        (_after_recovery, "R-5/c2: R-5/r1 is VERIFIED already"),
        (_too_late, "R-4/c2: it was claimed more than 900 s after it"),
        (_first_too_late, "R-4/c2: it was claimed more than 60 s after the last signature"),
        (_superseded_by_nobody, "R-4 is SUPERSEDED by no approved request of its run"),
        (_supersedes_a_persons, "R-5 supersedes R-1, which is no earlier one"),
        (_agent_without_a_run, "cannot be read: only an agent asks for a run"),
        (_recovery_of_a_person, "cannot be read: a person asks for recovery"),
    ],
    ids=lambda each: each.__name__.strip("_") if callable(each) else "",
)
def test_one_thing_wrong_with_a_run_is_seen(alter: Callable[[World], None], sentence: str) -> None:
    world = run_world()
    alter(world)
    report = judge(*world.seal(), CARLA.key_id)
    assert any(sentence in fault for fault in report.faults), report


def followed_world() -> World:
    """The same run, and the rows in which it tells how it stands."""
    world = run_world()
    for event, before in (
        ("opened", "request.filed R-4"), ("approved", "action.DUE R-4/c1"),
        ("holding", "request.filed R-5"), ("held", "request.filed R-5"),
        ("resuming", "request.filed R-5"), ("filed", "action.SKIPPED R-5/c1"),
        ("approved", "action.SKIPPED R-5/c1"), ("aborting", "action.DUE R-5/r1"),
        ("aborted", "action.CANCELLED R-5/c2"),
    ):  # fmt: skip
        _tell(world, event, before)
    return world


def _tell(world: World, event: str, before: str) -> None:
    """Puts a row of the run in front of another row."""
    row = world.find(*before.split())
    told: Draft = {"at": row["at"] - 0.01, "kind": f"run.{event}", "subject": "U-0000000A"}
    world.rows.insert(world.rows.index(row), told | {"body": {}})


def _asked_anew_to_take_back(world: World) -> None:
    """The gate was another by then: what takes the run back is a request of its own."""
    for event, before in (("aborting", "request.filed R-6"), ("aborted", "request.CLOSED R-6")):
        if event == "aborting":
            start = "P-101B.run_cmd"
            _file(world, "R-6", [_action("R-6/c1", STOP_B, start)], [])
            _send(world, "R-6/c1", STOP_B)
            world.move("request", "R-6", "APPROVED", "CLOSED")
        _tell(world, event, before)


def test_a_run_that_tells_how_it_stands_passes() -> None:
    world = followed_world()
    assert judge(*world.seal(), CARLA.key_id).faults == ()
    _asked_anew_to_take_back(world)
    assert judge(*world.seal(), CARLA.key_id).faults == ()


@pytest.mark.parametrize(
    ("event", "before", "sentence"),
    [
        *(
            (event, "action.DUE R-4/c2", f"R-4/c2 is due after run.{event}, and nobody let it go")
            for event in (
                "not_started", "rejected", "holding", "held", "stopping", "stopped", "aborting",
                "aborted", "completing", "completed",
            )
        ),
        ("resuming", "action.DUE R-5/r1", "R-5/r1 is due after run.aborting: it takes back unaske"),
        ("holding", "action.DUE R-5/r2", "R-5/r2 is due after run.holding: it takes back unasked"),
        ("aborted", "action.DUE R-5/r2", "R-5/r2 is due after run.aborted: it takes back unasked"),
    ],
)  # fmt: skip
def test_what_was_due_while_nothing_was_to_be_sent_is_seen(
    event: str, before: str, sentence: str
) -> None:
    world = followed_world()
    _tell(world, event, before)
    report = judge(*world.seal(), CARLA.key_id)
    assert any(sentence in fault for fault in report.faults), report


@pytest.mark.parametrize("dropped", ["resuming", "approved"])
def test_a_command_needs_both_a_resumption_and_an_approval(dropped: str) -> None:
    world = followed_world()
    for row in _rows(world, "R-5/r1") + _rows(world, "R-5/r2") + _rows(world, "R-5/c1"):
        world.rows.remove(row)
    found = [row for row in world.rows if row["kind"] == f"run.{dropped}"]
    world.rows.remove(found[-1])
    world.rows.remove(world.find("run.aborting"))
    world.rows.remove(world.find("run.aborted"))
    world.rows.remove(world.find("action.CANCELLED", "R-5/c2"))
    world.rows.remove(world.find("request.CLOSED", "R-5"))
    _send(world, "R-5/c1", MODE_A)
    report = judge(*world.seal(), CARLA.key_id)
    assert any("R-5/c1 is due after run.held" in fault for fault in report.faults), report


def test_what_takes_back_waits_for_the_abort() -> None:
    world = followed_world()
    world.rows.remove(world.find("run.aborting"))
    report = judge(*world.seal(), CARLA.key_id)
    assert any("R-5/r1 is due after run.held: it takes" in fault for fault in report.faults), report
