"""What people ask for: honest proposals, and values and tags that nobody may write."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan

import pytest

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.values import Value
from handwheel.tools.requests.lease_and_effects import Terms
from handwheel.tools.requests.request import ActionRequest, Lease

from ...plants.in_memory import Fault
from .proposals import Flood, Kind, Told
from .site import frame_of
from .testbed import altered


def float32(bits: int) -> float:
    value: float = struct.unpack(">f", struct.pack(">I", bits))[0]
    return value


OVER_420, UNDER_280 = float32(0x43D20001), float32(0x438BFFFF)
"""The numbers of the device next to the limits."""
GOOD: Sequence[tuple[str, Sequence[Value]]] = (
    ("P-101A.run_cmd", (True, False)),
    ("P-101B.run_cmd", (True, False)),
    ("P-101B.reset", (True, False)),
    ("PIC-102.sp", (280.0, 420.0, 320.0, 380.0, 340.1, 350, float32(0x43D1FFFF))),
    ("TIC-103.sp", (-40.0, 40.0, 0.0, -0.0, 0.1, -3, 1e-30, float32(1))),
)
BAD: Sequence[tuple[str, Value, str]] = (
    ("PIC-102.sp", nan, "finite"), ("PIC-102.sp", inf, "finite"), ("PIC-102.sp", -inf, "finite"),
    ("PIC-102.sp", True, "takes a number"), ("PIC-102.sp", "360", "takes a number"),
    ("PIC-102.sp", 1e39, "PIC-102.sp"), ("PIC-102.sp", 10**400, "PIC-102.sp"),
    ("P-101A.run_cmd", "true", "P-101A.run_cmd"), ("P-101A.run_cmd", 1, "P-101A.run_cmd"),
    ("P-101A.run_cmd", 1.0, "P-101A.run_cmd"), ("P-101A.run_cmd", 2, "P-101A.run_cmd"),
    ("P-101A.mode", 2, "takes local=0"), ("P-101A.mode", -1, "P-101A.mode"),
    ("P-101A.mode", 0.5, "P-101A.mode"), ("P-101A.mode", True, "takes a number"),
    ("P-101A.mode", nan, "P-101A.mode"),
    ("PT-102.pv", 300.0, "cannot be written"),
    ("P-101A", True, "P-101A"), ("P-101Α.run_cmd", True, "run_cmd"),  # a Greek letter
    ("p-101a.run_cmd", True, "p-101a"), ("P-101A.run_cmd ", True, "run_cmd"), ("", True, ""),
)  # fmt: skip
DENIED: Sequence[tuple[str, Value, str]] = (
    ("PIC-102.sp", OVER_420, "limits"), ("PIC-102.sp", UNDER_280, "limits"),
    ("PIC-102.sp", 600.0, "limits"), ("PIC-102.sp", -0.0, "limits"), ("PIC-102.sp", 0, "limits"),
    ("PIC-102.sp", -350.0, "limits"), ("PIC-102.sp", 3.4e38, "limits"),
    ("TIC-103.sp", 40.1, "limits"), ("TIC-103.sp", -40.1, "limits"),
    ("FIC-104.sp", 40.0, "rule"),
    ("ESD.trip", True, "safety system"), ("P-101B.relay", True, "safety relay"),
)  # fmt: skip


async def _one(flood: Flood) -> Told:
    tag, values = flood.rng.choice(GOOD)
    return await _approved(flood, flood.ask((tag, flood.rng.choice(values))))


async def _several(flood: Flood) -> Told:
    chosen = flood.rng.sample(GOOD, flood.rng.choice((2, 3)))
    request = flood.ask(*((tag, flood.rng.choice(values)) for tag, values in chosen))
    return await _approved(flood, request)


async def _two_people(flood: Flood) -> Told:
    request = flood.ask(("P-101A.mode", 1))
    assert request.quorum == 2
    return await _approved(flood, request, *flood.rng.sample(("anna", "bert"), 2))


async def _approved(flood: Flood, request: ActionRequest, *names: str) -> Told:
    said = flood.approve(request, *(names or (flood.rng.choice(("anna", "bert")),)))
    assert not said
    return await flood.carried_out(request)


async def _in_lease(flood: Flood) -> Told:
    before = flood.room.plant.values["TIC-103.sp"]
    request = flood.ask(("TIC-103.sp", flood.rng.uniform(-40, 40)), terms=Terms(Lease(for_s=30.0)))
    told = await _approved(flood, request)
    flood.room.clock.forward(31.0)
    await flood.room.go_round()
    flood.room.watch()
    return replace(told, frames=[*told.frames, frame_of("TIC-103.sp", before)])


async def _with_fault(flood: Flood) -> Told:
    """A device that does not do as it is told; a person looks after it."""
    faults: Sequence[Fault] = (
        "refused", "answer lost", "frame lost", "ignored", "other value", "other echo",
    )  # fmt: skip
    before = flood.room.plant.values["TIC-103.sp"]
    assert isinstance(before, float)
    request = flood.ask(("TIC-103.sp", 30.0 if before < 0.0 else -30.0))
    flood.room.plant.fault = flood.rng.choice(faults)
    told = await _approved(flood, request)
    if told.at_the_gate.startswith(("UNKNOWN", "MISMATCH")):
        action_id = request.commands[0].action_id
        flood.room.desk.resolve(action_id, "resolve-applied")
    return told


def _ask(flood: Flood, tag: str, value: Value) -> None:
    flood.site.find_tags([tag])  # as the command line does
    flood.room.desk.request([(tag, value)])


async def _bad(flood: Flood) -> Told:
    tag, value, reason = flood.rng.choice(BAD)
    with pytest.raises(HandwheelError) as refusal:
        _ask(flood, tag, value)
    assert reason in str(refusal.value), (tag, value)
    return Told(f"no request: {refusal.value}")


async def _denied(flood: Flood) -> Told:
    tag, value, reason = flood.rng.choice(DENIED)
    request, denial = flood.room.desk.request([(tag, value)])
    assert reason in str(denial), (tag, value, denial)
    if flood.rng.random() < 0.3:
        flood.room.desk.file(request, denial=denial)
        flood.approve(request, "anna", "bert")
        return Told(str(denial), f"denied: {flood.room.desk.states(request)}")
    # Somebody leaves out that it is denied, and says whose word is enough.
    harmless = {"risk_class": "R2", "roles": ["operator"], "quorum": 1}
    request = altered(request, lambda draft: draft.update(harmless))
    flood.file(request)
    flood.approve(request, "anna", "bert")
    end = await flood.take_up(request)
    assert reason in end, (tag, value, end)
    return Told(str(denial), f"denied: {end}")


ASKED = (
    *[Kind("one write", _one, is_honest=True)] * 12,
    *[Kind("several writes", _several, is_honest=True)] * 3,
    *[Kind("two people", _two_people, gate="VERIFIED", is_honest=True)] * 2,
    Kind("in lease", _in_lease, gate="VERIFIED", is_honest=True),
    *[Kind("faulty device", _with_fault, is_honest=True)] * 2,
    *[Kind("bad value or tag", _bad, "no request")] * 6,
    *[Kind("denied", _denied, gate="denied")] * 4,
)
