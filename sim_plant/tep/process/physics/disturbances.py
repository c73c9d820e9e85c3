"""Random disturbances as smooth walks, active while their IDV is on.

Walks 1 to 9 are chains of cubics that meet in value and slope. Walks 10 to 12 are
episodes: a parabola from 0 to the severity, then a decay within 0.1 h. All of them
keep running while inactive, with the centre as their target, so a walk that is
switched off returns smoothly.

A segment's random numbers depend on the seed, the walk and the segment's number
alone: measurement noise and solver steps cannot shift them, and a snapshot needs no
generator state.

Source: Downs and Vogel 1993 for the shapes; Bathelt, Ricker and Jelali 2015 for why
noise and disturbances need separate streams.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

_FIRST_END_H = 0.1
_DECAY_H = 0.1
_DECAY_ABOVE = 0.1


@dataclass(frozen=True, slots=True)
class WalkKind:
    """Parameters of a walk."""

    idv: int  # number of the disturbance that activates it
    length_h: float  # mean length of a segment
    length_span_h: float  # half the range of the length, uniform
    centre: float  # value while inactive
    span: float  # half the range of the targets; 0 for an episode

    @property
    def is_episodic(self) -> bool:
        """Returns whether it rises from 0 to the severity and falls back, instead of wandering."""
        return self.span == 0.0


KINDS: dict[str, WalkKind] = {
    "ac_feed_a": WalkKind(8, 0.5, 0.2, 0.485, 0.03),
    "ac_feed_b": WalkKind(8, 1.0, 0.7, 0.005, 0.003),
    "d_feed_c": WalkKind(9, 0.5, 0.25, 45.0, 10.0),
    "ac_feed_c": WalkKind(10, 1.0, 0.7, 45.0, 10.0),
    "reactor_water_c": WalkKind(11, 0.25, 0.15, 35.0, 10.0),
    "condenser_water_c": WalkKind(12, 0.25, 0.15, 40.0, 10.0),
    "rate_1": WalkKind(13, 2.0, 1.0, 1.0, 0.25),
    "rate_2": WalkKind(13, 2.0, 1.0, 1.0, 0.25),
    "stripper_heat": WalkKind(16, 0.5, 0.4, 0.0, 0.25),
    "reactor_heat": WalkKind(17, 2.0, 1.5, 0.0, 0.0),
    "condenser_heat": WalkKind(18, 3.0, 2.0, 0.0, 0.0),
    "effluent": WalkKind(20, 2.0, 1.5, 0.0, 0.0),
}


@dataclass(slots=True)
class Walk:
    """Present segment, with the value `a + h*(b + h*(c + h*d))` at h hours after its start."""

    value: float  # at the last step
    a: float
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    start_h: float = 0.0
    end_h: float = _FIRST_END_H
    segment: int = 0  # number of segments drawn


def initial_walks() -> dict[str, Walk]:
    """Returns all walks at their centres, as at the start of a run."""
    return {name: Walk(kind.centre, kind.centre) for name, kind in KINDS.items()}


def advance(walks: dict[str, Walk], idv: Sequence[float], time_h: float, seed: int) -> None:
    """Moves all walks to this time in hours, once a step and in the order of time.

    Severities are 0..1. The seed is of the disturbances' own stream.
    """
    for name, walk in walks.items():
        if time_h >= walk.end_h:
            kind = KINDS[name]
            _renew(walk, kind, idv[kind.idv - 1], Random(f"{seed}/walk/{name}/{walk.segment}"))
        elif walk.b == walk.c == walk.d == 0.0:
            continue
        h = time_h - walk.start_h
        walk.value = walk.a + h * (walk.b + h * (walk.c + h * walk.d))


def _renew(walk: Walk, kind: WalkKind, severity: float, random: Random) -> None:
    h = walk.end_h - walk.start_h
    value = walk.a + h * (walk.b + h * (walk.c + h * walk.d))
    slope = walk.b + h * (2.0 * walk.c + 3.0 * h * walk.d)
    length = kind.length_h + kind.length_span_h * random.uniform(-1.0, 1.0)
    walk.segment += 1
    walk.start_h = walk.end_h
    if kind.is_episodic:
        if value > _DECAY_ABOVE:
            _join(walk, value, slope, 0.0, _DECAY_H)
        else:
            walk.a = walk.b = walk.d = 0.0
            walk.c = severity / (length * length)
            walk.end_h = walk.start_h + length
        return
    target = kind.centre + kind.span * severity * random.uniform(-1.0, 1.0)
    _join(walk, value, slope, target, length)


def _join(walk: Walk, value: float, slope: float, target: float, length: float) -> None:
    """Sets the cubic that starts with this value and slope and ends on the target, level."""
    rise = target - value
    square = length * length
    walk.a = value
    walk.b = slope
    walk.c = (3.0 * rise - 2.0 * length * slope) / square
    walk.d = (length * slope - 2.0 * rise) / (square * length)
    walk.end_h = walk.start_h + length
