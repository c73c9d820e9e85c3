"""Messages as anybody may send them to the gate, and the honest one that comes after each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from secrets import token_hex

from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.approval.messages.agents import Effects
from handwheel.tools.guardrails.approval.messages.run_requests import SetDue
from handwheel.tools.guardrails.approval.propose import Propose
from handwheel.tools.guardrails.signatures.decisions import Reason, meaning_of
from handwheel.tools.guardrails.signatures.message import Message
from handwheel.tools.requests.canonical import canonical
from handwheel.tools.requests.request import ActionRequest

from .asked import GOOD
from .flood import Flood, Kind, Told, altered

Spoil = Callable[[Flood, ActionRequest, Decide], Message | bytes]
"""Returns what is sent in the place of an honest approval."""


def _approval(flood: Flood, request: ActionRequest, by: str) -> Decide:
    signed = flood.word(request, by)
    return Decide(site=flood.site.id, signed=signed, card=flood.desk.card(request))


def _fields(**changes: object) -> Spoil:
    """Writes other fields into the message, canonically."""
    return lambda _, __, honest: canonical(json.loads(honest.text) | changes).encode()


def _a_byte(flood: Flood, _: ActionRequest, honest: Decide) -> bytes:
    """Changes one bit, but not of the message's id: what has another is another message."""
    before, mark, after = honest.text.partition(honest.id)
    text = bytearray((before + after).encode())
    text[flood.rng.randrange(len(text))] ^= 1 << flood.rng.randrange(7)
    return bytes(text[: len(before)]) + mark.encode() + bytes(text[len(before) :])


def _other_signature(flood: Flood, _: ActionRequest, honest: Decide) -> Message:
    signature = bytearray.fromhex(honest.signed.signature)
    signature[flood.rng.randrange(len(signature))] ^= 1 << flood.rng.randrange(8)
    signed = honest.signed.model_copy(update={"signature": signature.hex()})
    return honest.model_copy(update={"signed": signed})


def _other_person(_: Flood, __: ActionRequest, honest: Decide) -> Message:
    signed = honest.signed.model_copy(
        update={"text": honest.signed.text.replace('"anna"', '"gina"')}
    )
    return honest.model_copy(update={"signed": signed})


def _altered_request(flood: Flood, request: ActionRequest, _: Decide) -> Message:
    """Files, with the proposer's signature, a request that says something else by now."""
    meaning = meaning_of("propose", request)
    signed = flood.word(request, "gina", verdict="propose", meaning=meaning, card=None)
    other = altered(request, lambda draft: draft.update(reason="something else"))
    return Propose(site=flood.site.id, request=other, signed=signed)


def _due(flood: Flood, request: ActionRequest, _: Decide) -> Message:
    """Sets it due as a process that works on no run."""
    operations = (SetDue(action_id=request.actions[0].action_id),)
    return Effects(site=flood.site.id, holder=token_hex(16), operations=operations)


SPOILED: Mapping[str, tuple[Spoil, str]] = {
    "a space": (lambda _, __, honest: b" " + honest.text.encode(), "not-canonical"),
    "half": (lambda _, __, honest: honest.text.encode()[: len(honest.text) // 2], "not-canonical"),
    "no text": (lambda _, __, honest: honest.text.encode("utf-16"), "not-canonical"),
    "a byte": (_a_byte, ""),
    "one more field": (_fields(more=1), "form"),
    "a list": (lambda _, __, ___: b"[]", "form"),
    "another site": (_fields(site="elsewhere"), "other-site"),
    "an id that is none": (_fields(id="1"), "form"),
    "another signature": (_other_signature, Reason.BAD_SIGNATURE),
    "another person": (_other_person, Reason.OTHER_PERSON),
    "another card": (_fields(card=canonical({"schema": "card/1"})), Reason.NO_CARD),
    "no card": (lambda _, __, honest: honest.model_copy(update={"card": None}), Reason.NO_CARD),
    "the proposer": (lambda flood, request, _: _approval(flood, request, "gina"),
                     Reason.OWN_REQUEST),
    "an altered request": (_altered_request, Reason.OTHER_DIGEST),
    "due": (_due, "lock is over"),
}  # fmt: skip


async def _sent(flood: Flood, name: str) -> Told:
    """What is spoiled is refused however often; the honest one counts once however often."""
    request = flood.ask(flood.rng.choice(GOOD))
    honest, (spoil, _) = _approval(flood, request, "anna"), SPOILED[name]
    spoiled = spoil(flood, request, honest)
    said = flood.post(spoiled)
    assert said, name
    assert flood.post(spoiled), name
    assert not flood.post(honest)
    assert not flood.post(honest)
    told = await flood.carried_out(request)
    again = Decide(site=honest.site, signed=honest.signed, card=honest.card)
    assert flood.post(again)
    assert not flood.post(honest)
    await flood.act()
    return replace(told, said=said)


SENT = tuple(
    Kind(f"sent: {name}", partial(_sent, name=name), reason, is_honest=True)
    for name, (_, reason) in SPOILED.items()
)
