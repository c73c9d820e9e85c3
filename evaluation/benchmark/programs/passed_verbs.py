"""Verbs that pass each call on to others."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .briefing import Briefing
from .verbs import (
    AlarmRow,
    Conclusion,
    JournalRow,
    Program,
    Proposal,
    ProposalState,
    TagReading,
    TimeSlot,
    Verbs,
)

_Found = TypeVar("_Found")
_Own = TypeVar("_Own", bound=Verbs)


class PassedVerbs(Generic[_Own]):
    """Verbs that pass each call on, for those that change one or see each of them.

    Args:
        verbs: Those that answer.
    """

    def __init__(self, verbs: _Own) -> None:
        self.verbs = verbs

    async def passed(self, call: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
        """Makes a call of a verb and returns its answer."""
        return await call()

    @property
    def briefing(self) -> Briefing:
        """See `Verbs.briefing`."""
        return self.verbs.briefing

    async def read(self, tags: Sequence[str], after_s: float = 0.0) -> list[TagReading]:
        """See `Verbs.read`."""
        return await self.passed(lambda: self.verbs.read(tags, after_s))

    async def window(self, tag: str, last_s: float, slots: int = 60) -> list[TimeSlot]:
        """See `Verbs.window`."""
        return await self.passed(lambda: self.verbs.window(tag, last_s, slots))

    async def alarms(self) -> list[AlarmRow]:
        """See `Verbs.alarms`."""
        return await self.passed(self.verbs.alarms)

    async def journal(self, last: int = 50) -> list[JournalRow]:
        """See `Verbs.journal`."""
        return await self.passed(lambda: self.verbs.journal(last))

    async def conclude(self, conclusion: Conclusion) -> None:
        """See `Verbs.conclude`."""
        await self.passed(lambda: self.verbs.conclude(conclusion))

    async def propose(self, proposal: Proposal) -> ProposalState:
        """See `Verbs.propose`."""
        return await self.passed(lambda: self.verbs.propose(proposal))

    async def outcome(self, proposal: str, within_s: float = 0.0) -> ProposalState:
        """See `Verbs.outcome`."""
        return await self.passed(lambda: self.verbs.outcome(proposal, within_s))


@dataclass(frozen=True, slots=True)
class ProgramOnVerbs:
    """Program that plays on verbs made from those of the episode.

    Attributes:
        create: Creates the program.
        make: Makes its verbs.
    """

    create: Callable[[], Program]
    make: Callable[[Verbs], Verbs]

    @property
    def name(self) -> str:
        """See `Program.name`."""
        return self.create().name

    async def play(self, verbs: Verbs) -> None:
        """See `Program.play`."""
        await self.create().play(self.make(verbs))
