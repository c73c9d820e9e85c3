"""The independent judge sees each single thing that is wrong with frames, states and lockouts."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .audit import judge
from .sample_journal import (
    ANNA,
    CARLA,
    SETPOINT,
    START_B,
    Draft,
    World,
    good_world,
)


def _sent(world: World, name: str) -> Draft:
    return world.find("action.SENDING", name)


def _ends_as(world: World, name: str, state: str, **body: Any) -> None:
    row = world.find("action.VERIFIED", name)
    row["kind"], row["body"] = f"action.{state}", {"from": "SENDING", "to": state, **body}


def _later(world: World, kind: str, subject: str, before: str, **body: Any) -> None:
    """Adds a row where the first row of a kind of R-1 stands, in front of it."""
    row = world.find(before, "R-1")
    row_before = {"at": row["at"] - 0.05, "kind": kind, "subject": subject, "body": body}
    world.rows.insert(world.rows.index(row), row_before)


def _moved(world: World, draft: Draft, before: Draft) -> None:
    world.rows.remove(draft)
    draft["at"] = before["at"] - 0.01
    world.rows.insert(world.rows.index(before), draft)


def _foreign_frame(world: World) -> None:
    world.frame("010500140000")


def _frame_of_somebody_else(world: World) -> None:
    world.frame(SETPOINT, user="viewer")


def _other_unit(world: World) -> None:
    world.frames[0]["unit"] = 2


def _two_values_in_one_frame(world: World) -> None:
    world.frames[1]["body"] = f"02000000{SETPOINT}{SETPOINT}"


def _doubled_frame(world: World) -> None:
    world.frames.append(world.frames[0] | {"at": world.frames[0]["at"] + 0.01})


def _doubled_frame_much_later(world: World) -> None:
    world.frames.append(world.frames[0] | {"at": 100.0})


def _lost_frame(world: World) -> None:
    del world.frames[0]


def _frame_before_its_intent(world: World) -> None:
    world.frames[0]["at"] = _sent(world, "R-1")["at"] - 0.005


def _frame_after_its_outcome(world: World) -> None:
    world.frames[0]["at"] = world.find("action.VERIFIED", "R-1")["at"] + 0.005


def _other_port(world: World) -> None:
    world.frames[0]["listener"] = 5023


def _other_port_over_opcua(world: World) -> None:
    world.frames[1]["listener"] = 4841


def _asked_for_another_endpoint(world: World) -> None:
    action = world.find("request.filed", "R-1")["request"]["commands"][0]
    action["identity"]["where"] = "modbus://127.0.0.1:502/1"


def _wrong_wire(world: World) -> None:
    _sent(world, "R-1")["body"]["wire"] = "010500140000"
    world.frames[0]["pdu"] = "0500140000"


def _missing_sending(world: World) -> None:
    world.rows.remove(_sent(world, "R-1"))


def _claim_before_approval(world: World) -> None:
    approval = world.find("request.APPROVED", "R-1")
    world.rows.remove(approval)
    world.rows.insert(world.rows.index(world.find("action.CLAIMED", "R-1")) + 1, approval)


def _locked_out(world: World) -> None:
    _later(world, "lockout.latched", "P-101B", "action.SENDING", scope="P-101B", generation=1)


def _released(world: World) -> None:
    _locked_out(world)
    world.decide(CARLA, "release", "lockout", subject="lockout:P-101B:1")
    _moved(world, world.rows[-1], _sent(world, "R-1"))
    _later(world, "lockout.released", "P-101B", "action.SENDING", scope="P-101B", generation=1)


def _released_by_an_operator(world: World) -> None:
    _released(world)
    release = world.find("decision", "lockout")
    release["by"] = ANNA
    release["decision"] |= {"person": "anna", "key_id": ANNA.key_id, "role": "operator"}


def _not_sent_but_was(world: World) -> None:
    _ends_as(world, "R-1", "REFUSED", sent=False)


def _refused_but_accepted(world: World) -> None:
    _ends_as(world, "R-1", "REFUSED", sent=True)


def _aborted_but_was_sent(world: World) -> None:
    world.rows.remove(_sent(world, "R-1"))
    _ends_as(world, "R-1", "ABORTED_NOT_SENT")
    world.find("action.ABORTED_NOT_SENT")["body"]["from"] = "CLAIMED"


def _verified_unread(world: World) -> None:
    del world.find("action.VERIFIED", "R-1")["body"]["readback"]


def _verified_by_the_answer_alone(world: World) -> None:
    world.find("action.VERIFIED", "R-1")["body"]["readback"] = "acknowledged; a pulse"


def _resolved_by_nobody(world: World) -> None:
    _ends_as(world, "R-1", "UNKNOWN")
    world.move("action", "R-1/c1", "UNKNOWN", "RESOLVED_APPLIED")


def _sent_while_unknown(world: World) -> None:
    _ends_as(world, "R-1", "UNKNOWN")
    action = world.find("request.filed", "R-3")["request"]["commands"][0]
    action["equipment"] = "P-101B"


def _sent_while_another_is(world: World) -> None:
    world.rows.remove(world.find("action.VERIFIED", "R-1"))


def _gate_restarted(world: World) -> None:
    _later(world, "gate.started", "gate", "action.CLAIMED", epoch=2, pid=4712)


def _stale_gate(world: World) -> None:
    _sent(world, "R-1")["body"]["epoch"] = 0


def _other_words(world: World) -> None:
    _sent(world, "R-1")["body"]["from"] = "DUE"


def _never_filed(world: World) -> None:
    world.find("action.DUE", "R-1")["subject"] = "R-9/c1"


def _sent_twice(world: World) -> None:
    _later(world, "action.SENDING", "R-1/c1", "action.VERIFIED", wire=START_B, epoch=1)


def _closed_before_it_was_approved(world: World) -> None:
    world.rows.remove(world.find("request.APPROVED", "R-1"))


def _digest_of_another(world: World) -> None:
    world.find("request.filed", "R-1")["digest"] = "f" * 64


FAULTS: Sequence[tuple[Callable[[World], None], str]] = [
    (_foreign_frame, "frame 4: foreign, no request holds these bytes"),
    (_frame_of_somebody_else, "frame 4: somebody else than the gate has written"),
    (_other_unit, "frame 1: foreign"),
    (_two_values_in_one_frame, "frame 2: foreign"),
    (_doubled_frame, "frame 4: the frame of R-1/c1 a second time"),
    (_doubled_frame_much_later, "frame 4: R-1/c1 has these bytes and was sent at another time"),
    (_lost_frame, "R-1/c1 is VERIFIED and no frame was accepted"),
    (_frame_before_its_intent, "frame 1: R-1/c1 has these bytes and was sent at another time"),
    (_frame_after_its_outcome, "frame 1: R-1/c1 has these bytes and was sent at another time"),
    (_other_port, "frame 1: R-1/c1 has these bytes for another port than 5023"),
    (
        lambda world: world.call("i=9111", "ns=1;s=start"),
        "frame 4: somebody else than the gate has written",
    ),
    (_other_port_over_opcua, "frame 2: R-2/c1 has these bytes for another port than 4841"),
    (_asked_for_another_endpoint, "frame 1: R-1/c1 has these bytes for another port than 5021"),
    (_wrong_wire, "R-1/c1: the bytes are not those of the request"),
    (_missing_sending, "R-1/c1 goes from CLAIMED to VERIFIED"),
    (_claim_before_approval, "R-1/c1 is claimed while its request is PENDING"),
    (_locked_out, "R-1/c1 is sent under the lockout of row"),
    (_released, "R-1/c1 is older than the lockout of row"),
    (_released_by_an_operator, "no administrator has signed the release of P-101B"),
    (_not_sent_but_was, "frame 1: R-1/c1 says that it was not sent"),
    (_refused_but_accepted, "frame 1: R-1/c1 is REFUSED and the device accepted it"),
    (_aborted_but_was_sent, "frame 1: R-1/c1 has these bytes and is ABORTED_NOT_SENT"),
    (_verified_unread, "R-1/c1 is VERIFIED without a read-back"),
    (_verified_by_the_answer_alone, "R-1/c1 is VERIFIED unread, and a tag would show it"),
    (_resolved_by_nobody, "R-1/c1: nobody has signed resolve-applied"),
    (_sent_while_unknown, "R-3/c1 is sent while R-1/c1 is UNKNOWN"),
    (_sent_while_another_is, "R-2/c1 is sent while R-1/c1 is in flight"),
    (_gate_restarted, "R-1/c1: it was approved before this gate started"),
    (_stale_gate, "R-1/c1 is sent by a gate that is no longer the newest"),
    (_other_words, "says DUE to SENDING, it is CLAIMED to SENDING"),
    (_never_filed, "R-9/c1 is in no request"),
    (_sent_twice, "R-1/c1 goes from SENDING to SENDING"),
    (_closed_before_it_was_approved, "R-1 goes from PENDING to CLOSED"),
    (_digest_of_another, "request.filed cannot be read: the digest is not that of the text"),
]


@pytest.mark.parametrize(
    ("alter", "sentence"), FAULTS, ids=[alter.__name__.strip("_") for alter, _ in FAULTS]
)
def test_one_thing_wrong_is_seen(alter: Callable[[World], None], sentence: str) -> None:
    world = good_world()
    alter(world)
    report = judge(*world.seal(), CARLA.key_id)
    assert any(sentence in fault for fault in report.faults), report
