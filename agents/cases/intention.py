"""Intention to take equipment out of service at a time, at which people are told."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.errors import InvalidArguments, PolicyViolation
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import quoted

from ..composing.chain import IsTrue, brings_about, out_of_service

SOONEST = timedelta(minutes=1)
LONGEST_AHEAD = timedelta(days=7)
MOST_OF_ACCOUNT = 3
"""Open intentions of one account."""
MOST_OPEN = 10
"""Open intentions of all accounts together."""
MOST_IN_HOUR = 10
"""Intentions that one account may record in an hour, also if it withdraws them."""
_LONGEST_TEXT = 300


class Intention(Model):
    """Intention to take equipment out of service by a playbook, as the journal keeps it."""

    key: str  # the same is recorded once
    equipment: str
    playbook: str
    roles: dict[str, str]
    at: str  # stamp
    guest: Proposer  # with the account that the operating system names
    text: str = Field(max_length=_LONGEST_TEXT)  # the question, as it was typed

    @property
    def moment(self) -> datetime:
        """Time at which people are told, UTC."""
        return parse_stamp(self.at)

    @property
    def shown(self) -> str:
        """The intention in words, of which only account and time are known to be so."""
        who = f"account {self.guest.os_user}, {self.guest.shown}"
        text = quoted(self.text, _LONGEST_TEXT)
        at = f"{self.moment:%Y-%m-%d %H:%M} UTC"
        return f"intended for {at} by {who}, in the unverified words {text}"

    def is_same(self, other: "Intention") -> bool:
        """Returns whether another one asks for the same, whatever model it claims."""
        return self == other.model_copy(update={"guest": self.guest})

    def fields(self, name: str) -> dict[str, Any]:
        """Returns it as JSON for a guest."""
        return {
            "intention_id": name, "at": self.at, "equipment": self.equipment,
            "playbook": self.playbook, "roles": dict(self.roles), "account": self.guest.os_user,
            "program": self.guest.name, "text": self.text,
        }  # fmt: skip


def time_problems(at: datetime, now: datetime) -> Iterator[str]:
    """Yields why a time is none to be told at, past, too soon or too far ahead."""
    shown = f"{at:%Y-%m-%d %H:%M} UTC"
    if at <= now:
        yield f"{shown} is past"
    elif at - now < SOONEST:
        yield f"{shown} is less than a minute ahead"
    elif at - now > LONGEST_AHEAD:
        yield f"{shown} is more than {LONGEST_AHEAD.days} days ahead"


def check_goal(site: Site, plan: BoundPlaybook, equipment: str, is_true: IsTrue) -> None:
    """Raises `InvalidArguments` for a playbook that does not take the equipment out."""
    goal = out_of_service(site, equipment)
    if not goal or not brings_about(plan, goal, is_true):
        raise InvalidArguments(f"{plan.id} does not take {equipment!r} out of service")


def check_count(
    open_: Iterable[Intention], recorded: Iterable[datetime], account: str, now: datetime
) -> None:
    """Raises `PolicyViolation` if an account may record no more.

    Args:
        recorded: Times at which it has recorded one.
    """
    accounts = [each.guest.os_user for each in open_]
    if accounts.count(account) >= MOST_OF_ACCOUNT:
        raise PolicyViolation(f"{MOST_OF_ACCOUNT} intentions of {account} are open already")
    if len(accounts) >= MOST_OPEN:
        raise PolicyViolation(f"{MOST_OPEN} intentions are open already")
    if sum(now - each < timedelta(hours=1) for each in recorded) >= MOST_IN_HOUR:
        raise PolicyViolation(f"{account} has recorded {MOST_IN_HOUR} intentions in an hour")
