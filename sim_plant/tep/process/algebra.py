"""Algebra of vessels, flows, reactions and heat at an instant. Source: Downs and Vogel 1993."""

from collections.abc import Sequence
from dataclasses import dataclass

from .physics import constants as k
from .physics.boundary import Boundary
from .physics.drum import Drum, drum
from .physics.flows import Flows, flows
from .physics.header import Header, header
from .physics.heat import Heats, heats
from .physics.kinetics import Reactions, react
from .physics.stripper import Column, strip
from .physics.sump import Sump, sump
from .state import HEADER, REACTOR, SEPARATOR, STRIPPER, VALVES


@dataclass(slots=True)
class Algebra:
    """The process at one instant."""

    reactor: Drum
    separator: Drum
    sump: Sump
    header: Header
    flows: Flows
    reactions: Reactions
    column: Column
    heats: Heats

    @property
    def temperatures(self) -> list[float]:
        """Of reactor, separator, stripper and header, degC."""
        return [
            self.reactor.temperature,
            self.separator.temperature,
            self.sump.temperature,
            self.header.temperature,
        ]


def solve(x: Sequence[float], guesses: Sequence[float], outside: Boundary) -> Algebra:
    """Solves the algebra of the 50 states, from guesses of the four temperatures, degC."""
    valves = x[VALVES]
    reactor = drum(x[REACTOR], k.REACTOR_VOLUME, guesses[0])
    separator = drum(x[SEPARATOR], k.SEPARATOR_VOLUME, guesses[1])
    stripper = sump(x[STRIPPER], guesses[2])
    mixing = header(x[HEADER], guesses[3])
    stream = flows(valves, reactor, separator, mixing, outside)
    return Algebra(
        reactor,
        separator,
        stripper,
        mixing,
        stream,
        react(reactor, outside.rate_1, outside.rate_2),
        strip(stream.ac, outside.ac_feed, stream.underflow, separator.liquid, stripper.temperature),
        heats(
            valves,
            (x[36], x[37]),
            reactor.temperature,
            reactor.liquid_volume,
            stream.effluent,
            stripper.temperature,
            outside,
        ),
    )
