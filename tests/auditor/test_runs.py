"""The independent judge and runs: one with an undo passes, and each single fault of it is seen."""

from collections.abc import Sequence

import pytest

from .sample_journal import (
    ANNA,
    BEN,
    MODE_A,
    START_B,
    WHERE,
    Alter,
    Draft,
    World,
    check_each,
    good_world,
)

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
    report = run_world().judged()
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


def _drops(*actions: str) -> Alter:
    return lambda world: _drop(world, *actions)


def _filed(name: str, **more: object) -> Alter:
    return lambda world: world.request(name).update(more)


def _run(name: str, **more: object) -> Alter:
    return lambda world: world.request(name)["run"].update(more)


def _recovery(number: int, **more: object) -> Alter:
    return lambda world: world.request("R-5")["recovery"][number].update(more)


def _after_recovery(world: World) -> None:
    _drop(world, "R-5/c2")
    _send(world, "R-5/c2", START_B)


def _first_too_late(world: World) -> None:
    """The first command was skipped, so that the second one had to be in time."""
    _drop(world, "R-4/c1")
    world.rows.insert(
        world.rows.index(world.find("action.DUE", "R-4/c2")),
        {"at": 5.0, "kind": "action.SKIPPED", "subject": "R-4/c1", "body": {}},
    )


FAULTS: Sequence[tuple[str, Alter]] = [
    ("R-5/r1: it undoes R-4/c1, and that was not sent", _drops("R-4/c1")),
    ("R-5/r2: nothing of its run was sent before", _drops("R-4/c1", "R-4/c2", "R-5/r1")),
    ("R-5/r1: it undoes R-4/c1, and that was not sent", _run("R-4", run_id="U-0000000B")),
    ("R-5/r1: it undoes R-4/c2, and that wrote another tag", _recovery(0, undoes="R-4/c2")),
    ("R-5/r2: R-5/r1 had undone R-4/c1 before", _recovery(1, undoes="R-4/c1")),
    (
        "R-4/c2: R-4/c1 before it is PLANNED",
        lambda world: _before(world, "R-4/c2", world.find("action.DUE", "R-4/c1")),
    ),
    ("R-5/c2: R-5/r1 is VERIFIED already", _after_recovery),
    ("R-4/c2: it was claimed more than 900 s after it", _run("R-4", max_duration_s=900)),
    ("R-4/c2: it was claimed more than 60 s after the last signature", _first_too_late),
    (
        "R-4 is SUPERSEDED by no approved request of its run",
        lambda world: world.request("R-5").pop("supersedes"),
    ),
    ("R-5 supersedes R-1, which is no earlier one", _filed("R-5", supersedes="R-1")),
    ("cannot be read: only an agent asks for a run", lambda world: world.request("R-4").pop("run")),
    (
        "cannot be read: a person asks for recovery",
        _filed("R-1", recovery=[_action("R-1/r1", STOP_B, "x")]),
    ),
]


def test_each_fault_of_a_run_is_seen() -> None:
    check_each(run_world, FAULTS)


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
    assert world.judged().faults == ()
    _asked_anew_to_take_back(world)
    assert world.judged().faults == ()


_NO_MORE = (
    "not_started", "rejected", "holding", "held", "stopping", "stopped", "aborting", "aborted",
    "completing", "completed",
)  # fmt: skip


def test_what_is_due_while_nothing_is_to_be_sent_is_seen() -> None:
    def told(event: str, before: str) -> Alter:
        return lambda world: _tell(world, event, before)

    command, unasked = "R-4/c2 is due after run.{}, and nobody let it go", "it takes back unasked"
    faults = [(command.format(each), told(each, "action.DUE R-4/c2")) for each in _NO_MORE]
    faults.append(
        (f"R-5/r1 is due after run.held: {unasked}", lambda world: world.drop("run.aborting"))
    )
    faults += [
        (f"R-5/r1 is due after run.aborting: {unasked}", told("resuming", "action.DUE R-5/r1")),
        (f"R-5/r2 is due after run.holding: {unasked}", told("holding", "action.DUE R-5/r2")),
        (f"R-5/r2 is due after run.aborted: {unasked}", told("aborted", "action.DUE R-5/r2")),
    ]
    check_each(followed_world, faults)


@pytest.mark.parametrize("dropped", ["resuming", "approved"])
def test_a_command_needs_both_a_resumption_and_an_approval(dropped: str) -> None:
    world = followed_world()
    _drop(world, "R-5/r1", "R-5/r2", "R-5/c1")
    world.rows.remove([row for row in world.rows if row["kind"] == f"run.{dropped}"][-1])
    world.drop("run.aborting", "run.aborted", "action.CANCELLED R-5/c2", "request.CLOSED R-5")
    _send(world, "R-5/c1", MODE_A)
    report = world.judged()
    assert any("R-5/c1 is due after run.held" in fault for fault in report.faults), report
