"""Verbs of an episode under other names, units and scales, with the same physics."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from random import Random

from handwheel.tools.errors import GuardrailError, InvalidArguments

from ..episodes import Episode
from ..results import Result
from .briefing import Briefing
from .passed_verbs import ProgramOnVerbs
from .renamed_names import Renaming
from .renamed_result import Renamed, renamed
from .renamed_units import OtherUnit, draw_units
from .verbs import (
    AlarmRow,
    Conclusion,
    JournalRow,
    Number,
    Program,
    Proposal,
    ProposalState,
    TagReading,
    TimeSlot,
    Verbs,
)

_LONGEST = 256  # characters of a text of a program


class RenamedVerbs:
    """Verbs that show a program another plant than the one that answers.

    Every name, value, unit and text is translated on the way out and back. The plant's own names
    are refused like any other that does not exist, so that a program that knows the plant by
    heart gains nothing.

    Args:
        own: Verbs with the plant's names.
        units: Names of other units, one of which is drawn, by the unit that they replace.
        draw: Decides about names and units.
    """

    def __init__(self, own: Verbs, units: Mapping[str, Sequence[str]], draw: Random) -> None:
        self._own = own
        self.renaming = Renaming(own.briefing, draw_units(units, draw), draw)
        self._briefing = self.renaming.briefing(own.briefing)

    @property
    def briefing(self) -> Briefing:
        """See `Verbs.briefing`."""
        return self._briefing

    async def read(self, tags: Sequence[str], after_s: float = 0.0) -> list[TagReading]:
        """See `Verbs.read`."""
        own = [self._tag(each) for each in tags]
        with self._told():
            found = await self._own.read(own, after_s)
        return [self._reading(each) for each in found]

    async def window(self, tag: str, last_s: float, slots: int = 60) -> list[TimeSlot]:
        """See `Verbs.window`."""
        own = self._tag(tag)
        unit = self.renaming.unit(own)
        with self._told():
            found = await self._own.window(own, last_s, slots)
        return [_slot(each, unit) for each in found]

    async def alarms(self) -> list[AlarmRow]:
        """See `Verbs.alarms`."""
        with self._told():
            found = await self._own.alarms()
        text = self.renaming.text
        return [
            each.model_copy(update={"tag": text(each.tag), "text": text(each.text)})
            for each in found
        ]

    async def journal(self, last: int = 50) -> list[JournalRow]:
        """See `Verbs.journal`."""
        with self._told():
            found = await self._own.journal(last)
        return [each.model_copy(update={"text": self.renaming.text(each.text)}) for each in found]

    async def conclude(self, conclusion: Conclusion) -> None:
        """See `Verbs.conclude`."""
        names = self.renaming
        update = {
            "faults": tuple(names.own(names.faults, each, "fault") for each in conclusion.faults),
            "suspects": tuple(
                names.own(names.faults, each, "fault") for each in conclusion.suspects
            ),
            "would_decide": names.own_text(conclusion.would_decide)[:_LONGEST],
        }
        with self._told():
            await self._own.conclude(conclusion.model_copy(update=update))

    async def propose(self, proposal: Proposal) -> ProposalState:
        """See `Verbs.propose`."""
        names = self.renaming
        playbook = proposal.playbook and names.own(names.playbooks, proposal.playbook, "playbook")
        update = {
            "playbook": playbook,
            "roles": {
                names.own(names.roles, role, "role"): names.own(names.equipment, each, "equipment")
                for role, each in proposal.roles.items()
            },
            "parameters": {
                name: names.own_text(text) for name, text in proposal.parameters.items()
            },
            "writes": {
                self._tag(tag): self._own_value(tag, each) for tag, each in proposal.writes.items()
            },
            "reason": names.own_text(proposal.reason)[:_LONGEST],
        }
        with self._told():
            return self._state(await self._own.propose(proposal.model_copy(update=update)))

    async def outcome(self, proposal: str, within_s: float = 0.0) -> ProposalState:
        """See `Verbs.outcome`."""
        with self._told():
            return self._state(await self._own.outcome(proposal, within_s))

    def _tag(self, name: str) -> str:
        return self.renaming.own(self.renaming.tags, name, "tag")

    def _own_value(self, tag: str, value: Number) -> Number:
        if isinstance(value, bool | str):
            return value
        return self.renaming.unit(self._tag(tag)).own(value)

    def _reading(self, own: TagReading) -> TagReading:
        unit, value = self.renaming.unit(own.tag), own.value
        if value is not None and not isinstance(value, bool | str):
            value = unit.shown(value)
        elif isinstance(value, str):
            value = self.renaming.text(value)
        update = {"tag": self.renaming.tags[own.tag], "value": value, "unit": unit.name}
        return own.model_copy(update=update)

    def _state(self, own: ProposalState) -> ProposalState:
        return own.model_copy(update={"reason": self.renaming.text(own.reason)})

    @contextmanager
    def _told(self) -> Generator[None]:
        """Translates what an error says."""
        try:
            yield
        except (GuardrailError, InvalidArguments) as error:
            raise type(error)(self.renaming.text(str(error))) from None


def _slot(own: TimeSlot, unit: OtherUnit) -> TimeSlot:
    update = {
        name: None if value is None else unit.shown(value)
        for name, value in (("mean", own.mean), ("low", own.low), ("high", own.high))
    }
    return own.model_copy(update=update)


def play_twice(
    episode: Episode,
    units: Mapping[str, Sequence[str]],
    create: Callable[[], Program],
    play: Callable[[Callable[[], Program]], Result],
) -> Renamed:
    """Plays an episode with the plant's names, and then with others that its seed draws.

    Args:
        units: Names of other units of each unit.
        create: Creates the program.
        play: Plays the episode with a program that is created by something.
    """
    drawn = f"renamed {episode.plant} {episode.case} {episode.seed}"

    def other() -> Program:
        return ProgramOnVerbs(create, lambda own: RenamedVerbs(own, units, Random(drawn)))

    return renamed(play(create), play(other))
