"""What people ask for: honest proposals, and values and tags that nobody may write."""

import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import inf, nan

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.values import Value
from handwheel.tools.requests.request import ActionRequest

from .flood import Flood, Kind, Told, altered


def float32(bits: int) -> float:
    value: float = struct.unpack(">f", struct.pack(">I", bits))[0]
    return value


OVER_420, UNDER_280 = float32(0x43D20001), float32(0x438BFFFF)
"""The numbers of the device next to the limits."""
GOOD: Sequence[tuple[str, Value]] = (
    ("P-101A.run_cmd", True), ("P-101A.run_cmd", False), ("P-101B.run_cmd", True),
    ("P-101B.reset", True),
    *(("PIC-102.sp", each) for each in (280.0, 420.0, 340.1, 350, float32(0x43D1FFFF))),
    *(("TIC-103.sp", each) for each in (-40.0, 40.0, -0.0, 0.1, -3, 1e-30, float32(1))),
)  # fmt: skip
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


async def _one(flood: Flood, write: tuple[str, Value]) -> Told:
    return await _approved(flood, flood.ask(write), flood.rng.choice(("anna", "bert")))


async def _several(flood: Flood) -> Told:
    chosen = dict(flood.rng.sample(GOOD, 3))
    return await _approved(flood, flood.ask(*chosen.items()), "anna")


async def _two_people(flood: Flood) -> Told:
    request = flood.ask(("P-101A.mode", 0))
    assert request.quorum == 2
    told = await _approved(flood, request, *flood.rng.sample(("anna", "bert"), 2))
    flood.plant.values["P-101A.mode"] = 1  # somebody turns the switch back
    return told


async def _approved(flood: Flood, request: ActionRequest, *names: str) -> Told:
    assert not flood.approve(request, *names)
    return await flood.carried_out(request)


async def _twice(flood: Flood) -> Told:
    """What was carried out is filed, approved and set due once more."""
    request = flood.ask(GOOD[0])
    signed = flood.word(request)
    assert not flood.decide(request, signed)
    told = await flood.carried_out(request)
    with suppress(HandwheelError):
        flood.desk.file(request)
    said = flood.decide(request, signed) and flood.decide(request, flood.word(request))
    await flood.by_hand(request)
    return replace(told, said=said)


async def _bad(flood: Flood, tag: str, value: Value) -> Told:
    try:
        flood.site.find_tags([tag])  # as the command line does
        flood.desk.request([(tag, value)])
    except HandwheelError as refusal:
        return Told(str(refusal))
    raise AssertionError((tag, value))


async def _denied(flood: Flood, tag: str, value: Value) -> Told:
    """It is filed as denied; then somebody leaves that out, and says whose word is enough."""
    request, denial = flood.desk.request([(tag, value)])
    if flood.rng.random() < 0.3:
        flood.desk.file(request, denial=denial)
        flood.approve(request, "anna", "bert")
        assert flood.desk.states(request) == ["CANCELLED"]
        return Told(str(denial), str(denial))
    harmless = {"risk_class": "R2", "roles": ["operator"], "quorum": 1}
    request = altered(request, lambda draft: draft.update(harmless))
    flood.file(request)
    flood.approve(request, "anna", "bert")
    return Told(str(denial), await flood.take_up(request))


ASKED = (
    *(Kind(f"write {n}", partial(_one, write=each), is_honest=True) for n, each in enumerate(GOOD)),
    Kind("several writes", _several, is_honest=True),
    Kind("two people", _two_people, gate="VERIFIED", is_honest=True),
    Kind("twice", _twice, "CLOSED", "VERIFIED", is_honest=True),
    *(
        Kind(f"bad value or tag {n}", partial(_bad, tag=tag, value=value), reason)
        for n, (tag, value, reason) in enumerate(BAD)
    ),
    *(
        Kind(f"denied {n}", partial(_denied, tag=tag, value=value), reason, reason)
        for n, (tag, value, reason) in enumerate(DENIED)
    ),
)
