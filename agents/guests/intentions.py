"""Intentions of guests, at whose time the agents judge a plan and tell people."""

from collections.abc import Mapping
from typing import Any

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.proposer import proposal_key_of
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ..cases.intention import Intention
from .guest import Guest
from .guest_context import GuestContext
from .messages import Intended


def open_intentions(context: GuestContext) -> list[Mapping[str, Any]]:
    """Returns the intentions whose time has not come, the next one first."""
    found = sorted(context.intentions.open.items(), key=lambda each: each[1].at)
    return [each.fields(name) for name, each in found]


def record_intention(context: GuestContext, guest: Guest, asked: Intended) -> Mapping[str, Any]:
    """Records an intention, and returns it or the same one that is open already.

    Raises as `Intentions.record`.

    Effect: none on the plant. Retry: with the same key, it counts once. Timeout: 5 s for the gate.
    """
    try:
        at = parse_stamp(asked.at)
    except ValueError:
        raise InvalidArguments(
            f"{asked.at!r} is no stamp; write 2026-12-01T13:00:00.000Z"
        ) from None
    intention = Intention(
        key=proposal_key_of(guest.proposer, asked.key), equipment=asked.equipment,
        playbook=asked.playbook, roles=asked.roles, at=stamp(at),
        guest=guest.proposer, text=asked.text,
    )  # fmt: skip
    name = context.intentions.record(intention)
    return context.intentions.open[name].fields(name)


def withdraw_intention(context: GuestContext, guest: Guest, name: str) -> Mapping[str, Any]:
    """Withdraws an intention of the guest's account, and returns it.

    Raises as `Intentions.withdraw`.

    Effect: none on the plant. Retry: none. Timeout: 5 s for the gate.
    """
    return context.intentions.withdraw(name, guest.peer.user).fields(name)
