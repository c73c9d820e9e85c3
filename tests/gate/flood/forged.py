"""Requests that somebody altered, and words that nobody may count: everything is tried by hand too.

What was altered before anybody signed, everybody signs; what was altered afterwards keeps the
signatures of the original.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.signatures.decisions import Reason, new_nonce
from handwheel.tools.requests.canonical import signed_bytes
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ...sites import people
from .flood import Flood, Kind, Told, altered

Draft = dict[str, Any]
Change = Callable[[Draft], object]
Word = Callable[[Flood, ActionRequest], Signed]

START, MODE = ("P-101A.run_cmd", True), ("P-101A.mode", 1)
PRESSURE, TEMPERATURE = ("PIC-102.sp", 360.0), ("TIC-103.sp", 21.5)


def action(**fields: Any) -> Change:
    return lambda draft: draft["commands"][0].update(fields)


def device(**fields: Any) -> Change:
    return lambda draft: draft["commands"][0]["identity"].update(fields)


def expects(**fields: Any) -> Change:
    return lambda draft: draft["commands"][0]["expected"][0].update(fields)


def also_expects(tag: str, value: Value, **fields: Any) -> Change:
    more = {"tag": tag, "value": value, "shown": "", "max_age_s": 0.1, **fields}
    return lambda draft: draft["commands"][0]["expected"].append(more)


def top(**fields: Any) -> Change:
    return lambda draft: draft.update(fields)


def needs(text: str) -> Change:
    return lambda draft: draft["commands"][0]["requires"].append({"text": text, "why": "if"})


def another_bit(draft: Draft) -> None:
    wire = draft["commands"][0]["wire"]
    draft["commands"][0]["wire"] = f"{wire[:-1]}{int(wire[-1], 16) ^ 1:x}"


def an_hour_early(draft: Draft) -> None:
    draft["filed_at"] = stamp(parse_stamp(draft["filed_at"]) - timedelta(hours=1))


def once_more(draft: Draft) -> None:
    draft["commands"].append(draft["commands"][0])


def taken_back(draft: Draft) -> None:
    """A recovery that nobody has listed."""
    more = {"kind": "recovery", "action_id": f"{draft['request_id']}/r1"}
    draft["recovery"].append({**draft["commands"][0], **more})


CHANGES: Mapping[str, tuple[tuple[str, Value], Change, str]] = {
    "bytes": (START, another_bit, "other bytes"),
    "another coil": (START, action(wire="01050010ff00"), "other bytes"),
    "another function": (START, action(wire="010f000000010101"), "other bytes"),
    "more bytes": (PRESSURE, action(wire="0110000a00020443b4000000"), "other bytes"),
    "value": (PRESSURE, action(value=361.0), "its shown is 361"),
    "value and its text": (PRESSURE, action(value=361.0, shown="361"), "other bytes"),
    "a bool for a number": (PRESSURE, action(value=True, shown="true"), ""),
    "text": (PRESSURE, action(shown="36"), "its shown is 360"),
    "kind": (PRESSURE, action(type="int"), "its type is float"),
    "unit": (PRESSURE, action(unit="bar"), "its unit is kPa"),
    "address": (START, action(address="coil 16"), "its address is"),
    "connection": (START, action(connection="dcs"), "its connection is pkg"),
    "equipment": (START, action(equipment="P-101B"), "P-101A"),
    "readback": (START, lambda draft: draft["commands"][0].pop("readback"), "its readback is"),
    "time to read back": (START, action(within_s=60.0), "its within_s is"),
    "tag": (START, action(tag="P-101B.run_cmd"), "P-101B.run_cmd"),
    "no tag": (START, action(tag="P-101C.run_cmd"), "P-101C.run_cmd is no tag of this site"),
    "alias": (START, action(tag="P-101B.relay"), "safety relay"),
    "device": (START, device(where="modbus://127.0.0.1:5031/1"), "not the one"),
    "its name": (START, device(name="another"), "not the one"),
    "simulator": (START, device(is_simulator=False), "not the one"),
    "mode": (START, action(requires=[]), "leaves out remote_when"),
    "an interlock": (START, needs("PT-102.pv > 400 kPa"), "not true: PT-102.pv > 400 kPa"),
    "no tag in a condition": (START, needs("X-9.pv"), "a requirement cannot be evaluated"),
    "no condition": (START, action(requires=[{"text": "(", "why": "remote_when"}]), "leaves out"),
    "nothing expected": (PRESSURE, action(expected=[]), "nothing is expected of"),
    "tolerance": (PRESSURE, expects(tolerance=500.0), "more loosely"),
    "age": (PRESSURE, expects(max_age_s=3600.0), "more loosely"),
    "another plant": (PRESSURE, expects(value=400.0), "was expected"),
    "another tag's value": (START, also_expects("PT-102.pv", 350.0), "PT-102.pv reads 349 kPa;"),
    "no tag expected": (START, also_expects("X-9.pv", 1.0), "X-9.pv is expected, and no tag of"),
    "no roles": (START, top(roles=[]), str(Reason.ROLE_DOES_NOT_SATISFY)),
    "roles": (START, top(roles=["viewer"]), str(Reason.ROLE_DOES_NOT_SATISFY)),
    "quorum": (MODE, top(quorum=1), "more must sign"),
    "class": (START, top(risk_class="R1"), "it is R2 by now"),
    "R4": (START, top(risk_class="R4"), "the class is R4"),
    "time": (START, top(within_s=86400.0), "longer than the policy allows"),
    "locks": (START, top(locks={}), "a lockout came after"),
    "later locks": (START, lambda draft: draft["locks"].update({"P-101A": 7}), "a lockout came"),
    "policy": (START, lambda draft: draft["hashes"].update(policy="0" * 64), "policy.yaml"),
    "tag map": (START, lambda draft: draft["hashes"].update(tags="0" * 64), "tags.yaml"),
    "filed before": (START, an_hour_early, str(Reason.TOO_LATE)),
    "site": (START, top(site="elsewhere"), "another site"),
    "proposer": (START, lambda draft: draft["proposer"].update(name="anna"), "anna"),
    "nobody's key": (START, lambda draft: draft["proposer"].pop("key_id"), "has not signed"),
    "an agent": (START, lambda draft: draft["proposer"].update(kind="agent"), "no request"),
    "unlisted recovery": (START, taken_back, "no request"),
    "the same name": (START, once_more, "no request"),
}  # fmt: skip


async def _altered(flood: Flood, name: str) -> Told:
    write, change, _ = CHANGES[name]
    try:
        made = altered(flood.made(write), change)
    except ValueError:
        return Told(at_the_gate="no request")
    said = flood.file(made)
    by = ("max",) if "viewer" in made.roles else ("anna", "bert")[: made.quorum]
    said = flood.approve(made, *by) or said
    return Told(said, await flood.take_up(made))


async def _altered_afterwards(flood: Flood) -> Told:
    write, change, _ = flood.rng.choice(
        [each for each in CHANGES.values() if each[2] != "no request"]
    )
    honest = flood.made(write)
    made = altered(honest, change)
    said = flood.file(made)
    for name in ("anna", "bert")[: honest.quorum]:
        said = flood.decide(made, flood.word(honest, name)) or said
    return Told(said, await flood.take_up(made))


def _ended(flood: Flood, request: ActionRequest) -> Signed:
    until = stamp(flood.clock.now().wall + timedelta(seconds=1))
    signed = flood.word(request, valid_until=until)
    flood.clock.forward(2.0)
    return signed


def _used(flood: Flood, request: ActionRequest) -> Signed:
    other, nonce = flood.ask(TEMPERATURE), new_nonce()
    assert not flood.decide(other, flood.word(other, verdict="reject", nonce=nonce))
    return flood.word(request, nonce=nonce)


def _with_another_key(flood: Flood, request: ActionRequest) -> Signed:
    text = flood.word(request).text
    signature = people.key_of("max").sign(signed_bytes("decision", text)).hex()
    return Signed(text=text, signature=signature)


def _by(by: str, **changes: Any) -> Word:
    return lambda flood, request: flood.word(request, by, **changes)


# What the gate says, where that is not what was said first, comes last.
WORDS: Mapping[str, tuple[tuple[str, Value], Word, str, str]] = {
    "own request": (START, _by("gina"), Reason.OWN_REQUEST, ""),
    "viewer": (START, _by("max"), "max has none of the roles", Reason.ROLE_DOES_NOT_SATISFY),
    "another's key": (START, _with_another_key, Reason.BAD_SIGNATURE, ""),
    "another request": (PRESSURE, lambda flood, _: flood.word(flood.made(START)),
                        Reason.OTHER_DIGEST, ""),
    "another ledger": (START, _by("anna", head="f" * 64), Reason.OTHER_LEDGER, ""),
    "a script": (START, _by("anna", attended=False), Reason.UNATTENDED, "a script approved it"),
    "another card": (START, _by("anna", card="0" * 64), Reason.NO_CARD, ""),
    "no card": (START, _by("anna", card=None), Reason.NO_CARD, ""),
    "another boot": (START, _by("anna", boot_id="boot-0"), Reason.REBOOTED, ""),
    "over": (START, _ended, Reason.EXPIRED, ""),
    "nonce used": (START, _used, Reason.SAME_NONCE, Reason.QUORUM_NOT_MET),
    "one person twice": (MODE, _by("anna"), Reason.SAME_PERSON, ""),
}  # fmt: skip


async def _word(flood: Flood, name: str) -> Told:
    write, word, _, _ = WORDS[name]
    request = flood.ask(write)
    if write is MODE:
        assert not flood.decide(request, flood.word(request, "anna"))
    said = flood.decide(request, word(flood, request))
    return Told(said, await flood.take_up(request))


async def _one_of_two(flood: Flood) -> Told:
    request = flood.ask(MODE)
    assert not flood.approve(request, "anna")
    return Told(at_the_gate=await flood.take_up(request))


async def _nobody(flood: Flood) -> Told:
    return Told(at_the_gate=await flood.take_up(flood.ask(START)))


FORGED = (
    *(
        Kind(f"altered: {name}", partial(_altered, name=name), gate=reason)
        for name, (_, _, reason) in CHANGES.items()
    ),
    Kind("altered after signing", _altered_afterwards, gate="INVALIDATED"),
    *(
        Kind(f"word: {name}", partial(_word, name=name), reason, at_the_gate or reason)
        for name, (_, _, reason, at_the_gate) in WORDS.items()
    ),
    Kind("one of two", _one_of_two, gate=str(Reason.QUORUM_NOT_MET)),
    Kind("nobody", _nobody, gate=str(Reason.QUORUM_NOT_MET)),
)
