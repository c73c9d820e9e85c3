"""Verbs of an episode without a plant, which is over after some calls."""

import asyncio
from collections.abc import Sequence

from handwheel.bench import (
    AlarmRow,
    Briefing,
    Conclusion,
    EpisodeOver,
    JournalRow,
    Proposal,
    ProposalState,
    TagReading,
    TimeSlot,
)
from handwheel.tools.errors import InvalidArguments, PolicyViolation

BRIEFING = Briefing(
    plant="skid", task="Find the fault.", acts=True, lasts_s=60.0, call_s=1.0,
    tags=(), faults=(), playbooks=(),
)  # fmt: skip


class FakeVerbs:
    """Notes each call. At most one is at work at a time, as in an episode."""

    def __init__(self, calls: int = 100) -> None:
        self.called: list[str] = []
        self.concluded: list[Conclusion] = []
        self._calls = calls
        self._lock = asyncio.Lock()

    @property
    def briefing(self) -> Briefing:
        return BRIEFING

    async def _count(self, verb: str) -> None:
        async with self._lock:
            await asyncio.sleep(0)
            if len(self.called) >= self._calls:
                raise EpisodeOver("the episode has ended")
            self.called.append(verb)

    async def read(self, tags: Sequence[str], after_s: float = 0.0) -> list[TagReading]:
        await self._count(f"read {after_s:g}")
        return [TagReading(tag=each, value=1.5, unit="kPa", quality="good") for each in tags]

    async def window(self, tag: str, last_s: float, slots: int = 60) -> list[TimeSlot]:
        await self._count(f"window {tag} {last_s:g} {slots}")
        return [TimeSlot(ago_s=last_s, span_s=last_s, mean=None, low=None, high=None)]

    async def alarms(self) -> list[AlarmRow]:
        await self._count("alarms")
        return []

    async def journal(self, last: int = 50) -> list[JournalRow]:
        await self._count(f"journal {last}")
        return []

    async def conclude(self, conclusion: Conclusion) -> None:
        await self._count("conclude")
        if "x" in conclusion.faults:
            raise InvalidArguments("there is no fault 'x'; did you mean 'y'?")
        self.concluded.append(conclusion)

    async def propose(self, proposal: Proposal) -> ProposalState:
        await self._count("propose")
        raise PolicyViolation(f"{proposal.playbook} is forbidden")

    async def outcome(self, proposal: str, within_s: float = 0.0) -> ProposalState:
        await self._count(f"outcome {proposal} {within_s:g}")
        raise ZeroDivisionError
