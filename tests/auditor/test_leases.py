"""The witness understands leases: a frame that takes back before its time is a fault."""

import struct
from functools import partial
from typing import Any

import pytest

from .sample_journal import ANNA, BEN, CARLA, MODE_A, START_B, World, check_each, digest
from .sample_journal import canonical as canonical_text

STOP_B, MODE_BACK = "010500140000", "010600000001"
LEASE_S = 600.0


def lease(seconds: float) -> dict[str, Any]:
    return {"for_s": {"f64": struct.pack(">d", seconds).hex()}}


def leased_world(
    wait_s: float = LEASE_S, *, is_whole: bool = True, is_in_order: bool = True
) -> World:
    """Two writes for ten minutes, each taken back with a frame of its own.

    Args:
        wait_s: From the last command to what is due first.
        is_whole: Whether the second command took effect.
        is_in_order: Whether the last write is taken back first.
    """
    world = World()
    for person, issuer in ((CARLA, CARLA), (ANNA, CARLA), (BEN, CARLA)):
        world.enrol(person, issuer)
    world.row("gate.started", "gate", epoch=1, pid=4711)
    world.file("R-1", ANNA, START_B, "P-101B")
    request = world.request("R-1")
    first = request["commands"][0] | {"tag": "P-101B.run_cmd", "undo": "R-1/r2"}
    second = first | {"action_id": "R-1/c2", "wire": MODE_A, "tag": "P-101B.mode", "undo": "R-1/r1"}
    request["commands"] = [first, second]
    request["recovery"] = [
        back(second, "R-1/r1", MODE_BACK), back(first, "R-1/r2", STOP_B),
    ]  # fmt: skip
    request["lease"] = lease(LEASE_S)
    world.decide(BEN, "approve", "R-1")
    world.move("request", "R-1", "PENDING", "APPROVED")
    send(world, first)
    send(world, second, "VERIFIED" if is_whole else "REFUSED")
    world.now += wait_s
    backs = list(request["recovery"]) if is_whole else [request["recovery"][1]]
    for each in backs if is_in_order else reversed(backs):
        send(world, each)
    world.move("request", "R-1", "APPROVED", "CLOSED")
    return world


def back(command: dict[str, Any], name: str, wire: str) -> dict[str, Any]:
    kept = {key: value for key, value in command.items() if key != "undo"}
    more = {"action_id": name, "kind": "recovery", "wire": wire, "undoes": command["action_id"]}
    return kept | more


def send(world: World, action: dict[str, Any], end: str = "VERIFIED") -> None:
    name, wire = action["action_id"], action["wire"]
    world.move("action", name, "PLANNED", "DUE", "CLAIMED")
    world.row("action.intent", name, wire=wire, digest=digest("action", canonical_text(action)))
    world.move("action", name, "CLAIMED", "SENDING", wire=wire, epoch=1)
    if end == "VERIFIED":
        world.frame(wire)
    world.move("action", name, "SENDING", end, readback="as sent", sent=end == "VERIFIED")


@pytest.mark.parametrize("is_whole", [True, False])
def test_what_is_taken_back_in_time_is_no_fault(is_whole: bool) -> None:
    report = leased_world(LEASE_S if is_whole else 0.0, is_whole=is_whole).judged()
    assert report.faults == ()
    assert len(report.matched) == (4 if is_whole else 2)


def test_what_is_taken_back_otherwise_is_a_fault() -> None:
    def other_digest(world: World) -> None:
        world.find("action.intent", "R-1/r2")["body"]["digest"] = "0" * 64

    def as_it_is(world: World) -> None:
        assert world.rows

    in_time, early = partial(leased_world, LEASE_S), partial(leased_world, LEASE_S - 1.0)
    check_each(early, [("the lease of R-1 was not over", as_it_is)])
    first = partial(leased_world, is_in_order=False)
    check_each(first, [("R-1/c2 was written after it, and stands", as_it_is)])
    check_each(in_time, [
        ("R-1/r2 is sent under another digest", other_digest),
        ("a person asks for recovery", lambda world: world.request("R-1").pop("lease")),
    ])  # fmt: skip
