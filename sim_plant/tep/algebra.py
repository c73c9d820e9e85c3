"""Everything of one instant that follows from the states: vessels, flows, reactions, heat.

Source: Downs and Vogel 1993.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from . import constants as k
from .boundary import Boundary
from .drum import Drum, drum
from .flows import Flows, flows
from .header import Header, header
from .heat import Heats, heats
from .kinetics import Reactions, react
from .state import HEADER, REACTOR, SEPARATOR, STRIPPER, VALVES
from .stripper import Column, strip
from .sump import Sump, sump


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
    """Solves the algebra.

    Args:
        x: The 50 states.
        guesses: Temperatures to start from: reactor, separator, stripper, header, degC.
        outside: What the surroundings impose now.
    """
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
