"""The independent judge sees each single thing that is wrong with frames, states and lockouts."""

from collections.abc import Sequence
from typing import Any

from .sample_journal import ANNA, CARLA, SETPOINT, START_B, Alter, World, check_each, good_world

STOP_B = "010500140000"


def _frame(number: int, **more: object) -> Alter:
    """Changes a frame in the device's log."""
    return lambda world: world.frames[number].update(more)


def _frame_beside(row: str, seconds: float) -> Alter:
    """Lets the first frame arrive some time after a row, or before it."""
    return lambda world: world.frames[0].update(at=world.find(row, "R-1")["at"] + seconds)


def _frame_again(at: float | None = None) -> Alter:
    """Lets the first frame arrive a second time, a moment later if nothing else is said."""
    return lambda world: world.frames.append(
        world.frames[0] | {"at": at or world.frames[0]["at"] + 0.01}
    )


def _sent(**more: object) -> Alter:
    """Changes what is said of the sending of R-1."""
    return lambda world: world.find("action.SENDING", "R-1")["body"].update(more)


def _drop(row: str) -> Alter:
    return lambda world: world.drop(row)


def _end(state: str, **body: Any) -> Alter:
    """Lets R-1 end otherwise."""

    def end(world: World) -> None:
        row = world.find("action.VERIFIED", "R-1")
        row["kind"], row["body"] = f"action.{state}", {"from": "SENDING", "to": state, **body}

    return end


def _tell(kind: str, subject: str, before: str, **body: Any) -> Alter:
    """Adds a row in front of the first row of a kind of R-1."""

    def tell(world: World) -> None:
        row = world.find(before, "R-1")
        told = {"at": row["at"] - 0.05, "kind": kind, "subject": subject, "body": body}
        world.rows.insert(world.rows.index(row), told)

    return tell


def _asked_for_another_endpoint(world: World) -> None:
    action = world.request("R-1")["commands"][0]
    action["identity"]["where"] = "modbus://127.0.0.1:502/1"


def _wrong_wire(world: World) -> None:
    _sent(wire=STOP_B)(world)
    world.frames[0]["pdu"] = STOP_B[2:]


def _claim_before_approval(world: World) -> None:
    approval = world.find("request.APPROVED", "R-1")
    world.rows.remove(approval)
    world.rows.insert(world.rows.index(world.find("action.CLAIMED", "R-1")) + 1, approval)


_locked_out = _tell("lockout.latched", "P-101B", "action.SENDING", scope="P-101B", generation=1)


def _released(world: World) -> None:
    _locked_out(world)
    world.decide(CARLA, "release", "lockout", subject="lockout:P-101B:1")
    world.put(world.rows[-1], world.find("action.SENDING", "R-1"))
    _tell("lockout.released", "P-101B", "action.SENDING", scope="P-101B", generation=1)(world)


def _released_by_an_operator(world: World) -> None:
    _released(world)
    world.sign_as(ANNA, world.find("decision", "lockout"), role="operator")


def _aborted_but_was_sent(world: World) -> None:
    world.drop("action.SENDING R-1")
    _end("ABORTED_NOT_SENT")(world)
    world.find("action.ABORTED_NOT_SENT")["body"]["from"] = "CLAIMED"


def _resolved_by_nobody(world: World) -> None:
    _end("UNKNOWN")(world)
    world.move("action", "R-1/c1", "UNKNOWN", "RESOLVED_APPLIED")


def _sent_while_unknown(world: World) -> None:
    _end("UNKNOWN")(world)
    world.request("R-3")["commands"][0]["equipment"] = "P-101B"


FAULTS: Sequence[tuple[str, Alter]] = [
    ("frame 4: foreign, no request holds these bytes", lambda world: world.frame(STOP_B)),
    (
        "frame 4: somebody else than the gate has written",
        lambda world: world.frame(SETPOINT, user="viewer"),
    ),
    ("frame 1: foreign", _frame(0, unit=2)),
    ("frame 2: foreign", _frame(1, body=f"02000000{SETPOINT}{SETPOINT}")),
    ("frame 4: the frame of R-1/c1 a second time", _frame_again()),
    ("frame 4: R-1/c1 has these bytes and was sent at another time", _frame_again(at=100.0)),
    ("R-1/c1 is VERIFIED and no frame was accepted", lambda world: world.frames.pop(0)),
    (
        "frame 1: R-1/c1 has these bytes and was sent at another time",
        _frame_beside("action.SENDING", -0.005),
    ),
    (
        "frame 1: R-1/c1 has these bytes and was sent at another time",
        _frame_beside("action.VERIFIED", 0.005),
    ),
    ("frame 1: R-1/c1 has these bytes for another port than 5023", _frame(0, listener=5023)),
    (
        "frame 4: somebody else than the gate has written",
        lambda world: world.call("i=9111", "ns=1;s=start"),
    ),
    ("frame 2: R-2/c1 has these bytes for another port than 4841", _frame(1, listener=4841)),
    ("frame 1: R-1/c1 has these bytes for another port than 5021", _asked_for_another_endpoint),
    ("R-1/c1: the bytes are not those of the request", _wrong_wire),
    ("R-1/c1 goes from CLAIMED to VERIFIED", _drop("action.SENDING R-1")),
    ("R-1/c1 is claimed while its request is PENDING", _claim_before_approval),
    ("R-1/c1 is sent under the lockout of row", _locked_out),
    ("R-1/c1 is older than the lockout of row", _released),
    ("no administrator has signed the release of P-101B", _released_by_an_operator),
    ("frame 1: R-1/c1 says that it was not sent", _end("REFUSED", sent=False)),
    ("frame 1: R-1/c1 is REFUSED and the device accepted it", _end("REFUSED", sent=True)),
    ("frame 1: R-1/c1 has these bytes and is ABORTED_NOT_SENT", _aborted_but_was_sent),
    (
        "R-1/c1 is VERIFIED without a read-back",
        lambda world: world.find("action.VERIFIED", "R-1")["body"].pop("readback"),
    ),
    (
        "R-1/c1 is VERIFIED unread, and a tag would show it",
        lambda world: world.find("action.VERIFIED", "R-1")["body"].update(
            readback="acknowledged; a pulse"
        ),
    ),
    ("R-1/c1: nobody has signed resolve-applied", _resolved_by_nobody),
    ("R-3/c1 is sent while R-1/c1 is UNKNOWN", _sent_while_unknown),
    ("R-2/c1 is sent while R-1/c1 is in flight", _drop("action.VERIFIED R-1")),
    (
        "R-1/c1: it was approved before this gate started",
        _tell("gate.started", "gate", "action.CLAIMED", epoch=2, pid=4712),
    ),
    ("R-1/c1 is sent by a gate that is no longer the newest", _sent(epoch=0)),
    ("says DUE to SENDING, it is CLAIMED to SENDING", _sent(**{"from": "DUE"})),
    (
        "R-9/c1 is in no request",
        lambda world: world.find("action.DUE", "R-1").update(subject="R-9/c1"),
    ),
    (
        "R-1/c1 goes from SENDING to SENDING",
        _tell("action.SENDING", "R-1/c1", "action.VERIFIED", wire=START_B, epoch=1),
    ),
    ("R-1 goes from PENDING to CLOSED", _drop("request.APPROVED R-1")),
    (
        "request.filed cannot be read: the digest is not that of the text",
        lambda world: world.find("request.filed", "R-1").update(digest="f" * 64),
    ),
]


def test_each_fault_of_frames_states_and_lockouts_is_seen() -> None:
    check_each(good_world, FAULTS)
