"""Verbs by which a program plays an episode, the same in process and over MCP."""

from collections.abc import Sequence
from typing import Literal, Protocol

from pydantic import Field

from handwheel.connectors.config.validation import Model
from handwheel.connectors.errors import HandwheelError

from .briefing import Briefing

Number = float | bool | str
"""Value of a tag, in its unit; of an enumeration the name of its member."""


class EpisodeOver(HandwheelError):
    """The episode has ended, and no verb is answered any more."""


class TagReading(Model):
    """Present reading of a tag. Without a good quality its value is not to be relied on."""

    tag: str
    value: Number | None
    unit: str
    quality: Literal["good", "uncertain", "bad"]


class TimeSlot(Model):
    """Good values of a tag in a part of a window, `None` where there was none."""

    ago_s: float = Field(description="process time from its start to now, seconds")
    span_s: float
    mean: float | None
    low: float | None
    high: float | None


class AlarmRow(Model):
    """Alarm of the plant that stands."""

    tag: str
    text: str
    since_s: float = Field(description="process time of the episode at which it came, seconds")


class JournalRow(Model):
    """Event that everybody at the plant knows of."""

    at_s: float = Field(description="process time of the episode, seconds")
    kind: Literal["alarm", "trip", "request", "decision", "frame", "run", "order", "note"]
    text: str


class Conclusion(Model):
    """Answer of a program, which holds until its next one."""

    faults: tuple[str, ...] = Field(default=(), description="names that it is sure of")
    suspects: tuple[str, ...] = Field(default=(), description="names between which it cannot tell")
    abstain: bool = Field(default=False, description="whether it cannot name what it sees")
    would_decide: str = Field(
        default="", max_length=256, description="what would decide, which is kept and not judged"
    )


class Proposal(Model):
    """Playbook, or writes of its own, that a program asks people for."""

    playbook: str = Field(default="", description="name of one of the briefing")
    roles: dict[str, str] = Field(
        default_factory=dict[str, str], description="equipment that is not the briefing's"
    )
    parameters: dict[str, str] = Field(
        default_factory=dict[str, str], description="values that are not the playbook's own"
    )
    writes: dict[str, Number] = Field(
        default_factory=dict[str, Number], description="value by tag, instead of a playbook"
    )


class ProposalState(Model):
    """State of a proposal, from the ledger alone."""

    proposal: str = Field(description="id")
    state: str = Field(
        description="that of the run, such as RUNNING, WAITING_APPROVAL, COMPLETE or ABORTED"
    )
    is_over: bool
    reason: str = Field(description="why it is so, empty if nobody said")
    requests: dict[str, str] = Field(description="state of each request that it filed, by id")
    kept: tuple[bool, ...] = Field(description="whether each promise was kept")


class Verbs(Protocol):
    """Seven verbs of a program under test.

    Each call takes `briefing.call_s` of process time, and some verbs wait longer if they are
    asked to. Nothing else lets time pass, so that a slow program is not judged by its computer.
    Every verb raises `EpisodeOver` once the episode has ended, and `InvalidArguments` for an
    unknown name or a wrong value, which names what is like it.
    """

    @property
    def briefing(self) -> Briefing:
        """Everything that the program is told before."""
        ...

    async def read(self, tags: Sequence[str], after_s: float = 0.0) -> list[TagReading]:
        """Waits so many seconds of process time, and returns the reading of each tag.

        Without a tag it only waits.
        """
        ...

    async def window(self, tag: str, last_s: float, slots: int = 60) -> list[TimeSlot]:
        """Returns the course of a tag of numbers, or of true and false as 1 and 0, oldest first.

        It reaches back to the beginning of the episode, at most 36,000 scans.
        """
        ...

    async def alarms(self) -> list[AlarmRow]:
        """Returns the alarms that stand, oldest first."""
        ...

    async def journal(self, last: int = 50) -> list[JournalRow]:
        """Returns the newest events, oldest first. Injected faults are not in it."""
        ...

    async def conclude(self, conclusion: Conclusion) -> None:
        """Says what the program thinks, as of now.

        A fault that is named at any moment and is not there, or not yet, makes the episode wrong.
        """
        ...

    async def propose(self, proposal: Proposal) -> ProposalState:
        """Asks people for something. Raises `PolicyViolation` with what prevents it."""
        ...

    async def outcome(self, proposal: str, within_s: float = 0.0) -> ProposalState:
        """Waits until a proposal is over, at most so many seconds of process time."""
        ...


class Program(Protocol):
    """Program of others, created in each process that plays episodes."""

    @property
    def name(self) -> str:
        """Its name in results, which nobody has verified."""
        ...

    async def play(self, verbs: Verbs) -> None:
        """Plays one episode. It may return early, and the episode then goes on without it.

        An exception is told in the result, and what it has said before counts.
        """
        ...
