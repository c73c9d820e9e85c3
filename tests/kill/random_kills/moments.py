"""What a round does and when whom it kills: drawn from a seed."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from ..site import COILS, SCOPES

Victim = Literal["gate", "terminal", "nobody"]

# The gate's way, and how long it takes from there to the outcome, about.
_WAY_S = {
    "action.DUE": 0.25,
    "action.CLAIMED": 0.12,
    "action.SENDING": 0.07,
    "action.VERIFIED": 0.0,
}
_OFTEN = (20, 30, 40, 10)  # most die where a frame may be on its way
_TERMINAL_KINDS = ("request.filed", "decision", "request.APPROVED")


@dataclass(frozen=True)
class Moment:
    """Kill the victim so long after the first, or second, row of a kind."""

    victim: Victim
    kind: str
    delay_s: float
    count: int = 1


@dataclass(frozen=True)
class Plan:
    """One round: the tags to be moved by one request, the moment, and what is locked out then."""

    tags: tuple[str, ...]
    moment: Moment
    lockout: str = ""


def draw(random: Random) -> Plan:
    """Draws a round: mostly the gate dies; a fourth has two commands, a tenth a lockout."""
    tags = random.sample(sorted(COILS), 2 if random.random() < 0.25 else 1)
    lockout = random.choice(SCOPES) if random.random() < 0.10 else ""
    return Plan(tuple(tags), _moment(random, len(tags)), lockout)


def _moment(random: Random, commands: int) -> Moment:
    luck = random.random()
    if luck >= 0.20:
        kind = random.choices(list(_WAY_S), _OFTEN)[0]
        return Moment("gate", kind, random.uniform(0.0, _WAY_S[kind]), random.randint(1, commands))
    if luck >= 0.05:
        return Moment("terminal", random.choice(_TERMINAL_KINDS), random.uniform(0.0, 0.05))
    return Moment("nobody", random.choice(list(_WAY_S)), random.uniform(0.0, 0.05))
