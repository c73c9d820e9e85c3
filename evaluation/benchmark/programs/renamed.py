"""Verbs of an episode under other names, units and scales, with the same physics."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random
from typing import Any, TypeVar

from handwheel.tools.errors import InvalidArguments

from ..episodes import Episode
from ..results import IS_RIGHT, Result
from ..summary import Share
from .briefing import Briefing
from .passed_verbs import PassedVerbs, ProgramOnVerbs
from .renamed_names import OtherUnit, Renaming, draw_units
from .verbs import AlarmRow, Conclusion, JournalRow, Program, TagReading, TimeSlot, Verbs

_Z = 1.959964  # of 95 %


@dataclass(frozen=True, slots=True)
class Renamed(Result):
    """Episode under other names, units and scales, beside the same one under the plant's.

    Attributes:
        own: Result with the plant's names, a `Diagnosed`.
        other: Result with the other ones, whose fields this one has too. `cpu_s` is of both.
    """

    own: Result
    other: Result

    @property
    def instead(self) -> str:
        """See `Result.instead`, of the episode under other names."""
        return self.other.instead


def renamed(own: Result, other: Result) -> Renamed:
    """Returns the result of an episode that was played twice."""
    cpu_s, failed = own.cpu_s + other.cpu_s, other.program_failed or own.program_failed
    return Renamed(
        other.episode, other.outcome, other.wrong, other.times, cpu_s, own, other,
        program_failed=failed,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecallGap:
    """Share of right episodes that a program loses under other names.

    Attributes:
        interval: Its 95 % interval, of pairs of the same case and seed.
    """

    own: Share
    other: Share
    value: float
    interval: tuple[float, float]


def recall_gap(results: Sequence[Renamed]) -> RecallGap:
    """Returns the recall gap of some episodes.

    Source of the interval: Bonett and Price, J. Educ. Behav. Stat. 37 (2012) 479, adjusted Wald.
    """
    of = len(results)
    was, became = (
        [each.outcome in IS_RIGHT for each in one]
        for one in ([each.own for each in results], [each.other for each in results])
    )
    lost = sum(a and not b for a, b in zip(was, became, strict=True))
    won = sum(b and not a for a, b in zip(was, became, strict=True))
    down, up = (lost + 1) / (of + 2), (won + 1) / (of + 2)
    half = _Z * sqrt((down + up - (down - up) ** 2) / (of + 2))
    low, high = max(down - up - half, -1.0), min(down - up + half, 1.0)
    value = (lost - won) / of if of else 0.0
    return RecallGap(Share(sum(was), of), Share(sum(became), of), value, (low, high))


_Found = TypeVar("_Found")
_LONGEST = 256  # characters of a text of a program


class RenamedVerbs(PassedVerbs[Verbs]):
    """Verbs that show a program that only diagnoses another plant than the one that answers.

    Every name, value, unit and text is translated on the way out and back. The plant's own names
    are refused like any other that does not exist, so that a program that knows the plant by
    heart gains nothing.

    Args:
        own: Verbs with the plant's names.
        units: Names of other units, one of which is drawn, by the unit that they replace.
        draw: Decides about names and units.
    """

    def __init__(self, own: Verbs, units: Mapping[str, Sequence[str]], draw: Random) -> None:
        super().__init__(own)
        self.renaming = Renaming(own.briefing, draw_units(units, draw), draw)
        self._briefing = self.renaming.briefing(own.briefing)

    @property
    def briefing(self) -> Briefing:
        """See `Verbs.briefing`."""
        return self._briefing

    async def read(self, tags: Sequence[str], after_s: float = 0.0) -> list[TagReading]:
        """See `Verbs.read`."""
        own = [self._tag(each) for each in tags]
        return [self._reading(each) for each in await super().read(own, after_s)]

    async def window(self, tag: str, last_s: float, slots: int = 60) -> list[TimeSlot]:
        """See `Verbs.window`."""
        own = self._tag(tag)
        unit = self.renaming.unit(own)
        return [_slot(each, unit) for each in await super().window(own, last_s, slots)]

    async def alarms(self) -> list[AlarmRow]:
        """See `Verbs.alarms`."""
        text = self.renaming.text
        return [
            each.model_copy(update={"tag": text(each.tag), "text": text(each.text)})
            for each in await super().alarms()
        ]

    async def journal(self, last: int = 50) -> list[JournalRow]:
        """See `Verbs.journal`."""
        found = await super().journal(last)
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
        await super().conclude(conclusion.model_copy(update=update))

    async def passed(self, call: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
        """Makes a call, and translates what it refuses."""
        try:
            return await super().passed(call)
        except InvalidArguments as error:
            raise InvalidArguments(self.renaming.text(str(error))) from None

    def _tag(self, name: str) -> str:
        return self.renaming.own(self.renaming.tags, name, "tag")

    def _reading(self, own: TagReading) -> TagReading:
        unit, value = self.renaming.unit(own.tag), own.value
        if value is not None and not isinstance(value, bool | str):
            value = unit.shown(value)
        elif isinstance(value, str):
            value = self.renaming.text(value)
        update = {"tag": self.renaming.tags[own.tag], "value": value, "unit": unit.name}
        return own.model_copy(update=update)


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
