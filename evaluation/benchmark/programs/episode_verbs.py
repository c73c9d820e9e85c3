"""Verbs of one episode, of which each kind of suite has its own."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from math import ceil, isfinite
from typing import TypeVar

from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.errors import InvalidArguments

from .briefing import Briefing
from .seen_plant import SeenPlant, has_course
from .verbs import (
    AlarmRow,
    Conclusion,
    EpisodeOver,
    JournalRow,
    Proposal,
    ProposalState,
    TagReading,
    TimeSlot,
)

OVER = "the episode has ended"
_MOST_SLOTS = 1000
_SAME_S = 1e-6
_Found = TypeVar("_Found")


class EpisodeVerbs(ABC):
    """Verbs on a plant in memory, which goes on only while one of them is called.

    Args:
        site: In memory.
        readings: Of the plant at the beginning.

    Attributes:
        lock: Held while a verb is at work, so that they follow one another.
        over: Set once a verb has raised `EpisodeOver`.
        is_closed: Whether the program is at its end, and every verb raises `EpisodeOver`.
    """

    def __init__(self, briefing: Briefing, site: Site, readings: Readings) -> None:
        self.lock = asyncio.Lock()
        self.over, self.is_closed = asyncio.Event(), False
        self.seen = SeenPlant(site, readings)
        self._briefing, self._site = briefing, site
        self._faults = {each.name: each for each in briefing.faults}

    @property
    def briefing(self) -> Briefing:
        """Everything that the program is told before."""
        return self._briefing

    @property
    @abstractmethod
    def is_over(self) -> bool:
        """Whether the episode has ended."""

    @abstractmethod
    async def scan(self, most_s: float) -> None:
        """Lets the plant go on to its next scan, by at most some seconds, and observes it."""

    @abstractmethod
    def note_conclusion(self, conclusion: Conclusion) -> None:
        """Takes a valid conclusion of now."""

    # --- the verbs, see `Verbs` ---------------------------------------------------------------

    async def read(self, tags: Sequence[str], after_s: float = 0.0) -> list[TagReading]:
        """Waits so many seconds of process time, and returns the reading of each tag."""
        async with self.lock:
            await self._take_turn()
            found = [self._tag(each) for each in tags]
            await self._wait(after_s, "after_s")
            return [self.seen.reading(each) for each in found]

    async def window(self, tag: str, last_s: float, slots: int = 60) -> list[TimeSlot]:
        """Returns the course of a tag of numbers, oldest first."""
        async with self.lock:
            await self._take_turn()
            found = self._tag(tag)
            if not has_course(found):
                raise InvalidArguments(f"{tag} is no tag of numbers")
            if not 1 <= slots <= _MOST_SLOTS:
                raise InvalidArguments(f"slots must be 1 to {_MOST_SLOTS}, not {slots}")
            if not (isfinite(last_s) and last_s > 0.0):
                raise InvalidArguments(f"last_s must be a time above 0 s, not {last_s:g}")
            return self.seen.window(found, last_s, slots)

    async def alarms(self) -> list[AlarmRow]:
        """Returns the alarms that stand, oldest first."""
        async with self.lock:
            await self._take_turn()
            return self.seen.alarms()

    async def journal(self, last: int = 50) -> list[JournalRow]:
        """Returns the newest events, oldest first."""
        async with self.lock:
            await self._take_turn()
            if last < 1:
                raise InvalidArguments(f"last must be at least 1, not {last}")
            rows = self.seen.rows
            return list(islice(rows, max(len(rows) - last, 0), None))

    async def conclude(self, conclusion: Conclusion) -> None:
        """Says what the program thinks, as of now."""
        async with self.lock:
            await self._take_turn()
            for each in (*conclusion.faults, *conclusion.suspects):
                known_as(each, self._faults, "there is no fault")
            self.note_conclusion(conclusion)

    async def propose(self, proposal: Proposal) -> ProposalState:
        """Asks people for something."""
        async with self.lock:
            return await self._propose(proposal)

    async def outcome(self, proposal: str, within_s: float = 0.0) -> ProposalState:
        """Waits until a proposal is over, at most so many seconds of process time."""
        async with self.lock:
            return await self._outcome(proposal, within_s)

    # --- what kinds of suites do otherwise ----------------------------------------------------

    async def _propose(self, proposal: Proposal) -> ProposalState:
        await self._take_turn()
        raise InvalidArguments("nobody answers proposals here: only conclude")

    async def _outcome(self, proposal: str, within_s: float) -> ProposalState:
        await self._take_turn()
        raise InvalidArguments(f"there is no proposal {proposal!r}, since none can be made here")

    # --- time and names -----------------------------------------------------------------------

    async def _take_turn(self) -> None:
        """Lets the process time of a call pass. Raises `EpisodeOver` at the end."""
        await asyncio.sleep(0)
        await self._wait(self._briefing.call_s, "call_s")

    async def _wait(
        self, seconds: float, name: str, is_enough: Callable[[], bool] = lambda: False
    ) -> None:
        """Lets whole seconds of process time pass. Raises `EpisodeOver` at the end."""
        if not (isfinite(seconds) and seconds >= 0.0):
            raise InvalidArguments(f"{name} must be a time of 0 s or more, not {seconds:g}")
        until_s = self.seen.now_s + ceil(seconds - _SAME_S)
        while self._go_on() and self.seen.now_s < until_s - _SAME_S and not is_enough():
            await self.scan(until_s - self.seen.now_s)
        self._go_on()

    def _go_on(self) -> bool:
        if self.is_over or self.is_closed:
            self.over.set()
            raise EpisodeOver(OVER)
        return True

    def _tag(self, name: str) -> Tag:
        return known_as(name, self._site.tags, "there is no tag", f"{name}.pv")


def known_as(name: str, known: Mapping[str, _Found], there_is: str, better: str = "") -> _Found:
    """Returns what has a name. Raises `InvalidArguments` with the known one most like it.

    Args:
        there_is: Beginning of the message, such as `there is no tag`.
        better: Suggested rather than another if it is known.
    """
    if name not in known:
        raise InvalidArguments(f"{there_is} {name!r}{did_you_mean(name, known, better)}")
    return known[name]
