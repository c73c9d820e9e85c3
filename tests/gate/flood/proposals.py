"""A flood of proposals, one after the other through filing, deciding and the gate.

What may leave is told by the kind of a proposal alone.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from handwheel.connectors.model.site import Site
from handwheel.tools.requests.request import ActionRequest

from ...plants.in_memory import Frame
from .site import frame_of
from .testbed import FloodRoom

LEDGER = 200
"""How many proposals come into one ledger."""
HONEST = 0.3
"""How many of the proposals are honest."""
PAUSE_S = 21.0  # longer than the cool-down
_NAMES = re.compile(r"(R|U)-[0-9A-Z]{8}|[0-9a-f]{32,}|-?\d+(\.\d+)?(e[+-]\d+)?")


@dataclass(frozen=True, slots=True)
class Told:
    """What a proposal came to.

    Attributes:
        said: The first reason that was given against it.
        at_the_gate: What the gate said of it; empty if nothing of it could be set due.
        frames: What may leave, and must; nothing but for honest ones.
    """

    said: str = ""
    at_the_gate: str = ""
    frames: Sequence[Frame] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of proposal.

    Attributes:
        reason: Part of what must be said first, unless nobody looks before the gate does.
        gate: Part of what the gate must say; empty where nothing of it can be set due.
    """

    name: str
    take: Callable[["Flood"], Awaitable[Told]]
    reason: str = ""
    gate: str = ""
    is_honest: bool = False


class Flood(FloodRoom):
    """Proposals, drawn by a seed, at a site of their own.

    Args:
        site: From `make_flood_site`; every ledger gets a folder in its state folder.
        is_quick: Whether the disk is not waited for.

    Attributes:
        rng: Draws everything but names and keys.
        kinds: How many proposals of each kind came.
        reasons: How often each reason was given, without names and numbers.
        frames: How many have left.
    """

    def __init__(self, site: Site, seed: int, *, is_quick: bool = False) -> None:
        super().__init__(site, is_quick=is_quick)
        self.rng = Random(seed)
        self.kinds = Counter[str]()
        self.reasons = Counter[str]()
        self.frames = 0

    async def run(self, kinds: Sequence[Kind], number: int) -> None:
        """Lets so many proposals come, each judged as it comes; first one of every kind."""
        honest = [each for each in kinds if each.is_honest]
        others = [each for each in kinds if not each.is_honest]
        for n in range(number):
            if n % LEDGER == 0:
                self.close()
                await self.open(str(n // LEDGER))
            drawn = self.rng.choice(honest if self.rng.random() < HONEST else others)
            await self._take(kinds[n] if n < len(kinds) else drawn)
        self.close()

    async def _take(self, kind: Kind) -> None:
        before = len(self.room.plant.frames)
        told = await kind.take(self)
        where = f"{kind.name}: {told}"
        assert self.room.plant.frames[before:] == list(told.frames), where
        assert bool(told.frames) == kind.is_honest, where
        assert kind.reason in told.said, where
        assert kind.gate in told.at_the_gate, where
        self.kinds[kind.name] += 1
        for by, words in (("", told.said), ("gate: ", told.at_the_gate)):
            if words:
                self.reasons[by + _NAMES.sub("#", words)[:90]] += 1
        self.room.clock.forward(PAUSE_S)

    def close(self) -> None:
        """Leaves the ledger that is open, if there is one."""
        if self._room is not None:
            self.frames += self.leave()

    async def carried_out(self, request: ActionRequest) -> Told:
        """Lets the gate carry out what was honestly asked and approved."""
        end = await self.take_up(request)
        frames = [frame_of(each.tag, each.value) for each in request.commands]
        return Told(at_the_gate=end, frames=frames)
