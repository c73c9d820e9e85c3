"""Episodes of a suite, drawn from their seeds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random

from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.errors import InvalidArguments

from .suite import CaseSpec, Size, Suite


@dataclass(frozen=True, slots=True)
class Truth:
    """Names that are right, by the faults that were injected.

    Attributes:
        expected: Names that must be confirmed; none for a decoy.
        also: Names that are true as well.
        abstain: Suspects of an abstention that is right; none where no abstention is.
        later: Fault of each name that begins later than the onset.
    """

    expected: frozenset[str]
    also: frozenset[str] = frozenset()
    abstain: frozenset[str] = frozenset()
    later: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def names(self) -> frozenset[str]:
        """All names that are true."""
        return self.expected | self.also


@dataclass(frozen=True, slots=True)
class Episode:
    """One run of a plant with its faults, from the warm steady state on.

    Attributes:
        case: Case of the suite, such as `F02`.
        seed: Seed of the noise and of all that is drawn.
        events: Faults, each with its name `fault`, its onset `at_s` in seconds, and its sizes
            `parameters` in SI units.
        onset_s: Time of the first fault since the beginning of the episode, seconds.
        lasts_s: Time from the onset to the end, seconds.
        alarm: Alarm of the plant before which the judged time ends; empty for none.
        before_s: How long before this alarm it ends, seconds.
    """

    suite: str
    plant: str
    case: str
    seed: int
    events: tuple[FaultEvent, ...]
    truth: Truth
    onset_s: float
    lasts_s: float
    alarm: str = ""
    before_s: float = 0.0

    @property
    def end_s(self) -> float:
        """Time at which the episode ends at the latest."""
        return self.onset_s + self.lasts_s

    def begins_s(self, name: str) -> float:
        """Returns the time from which a name is true, seconds since the beginning."""
        fault = self.truth.later.get(name)
        return next((each.at_s for each in self.events if each.fault == fault), self.onset_s)


def draw_episodes(
    suite: Suite, cases: Sequence[str], seeds: Iterable[int] | None, *, programs: bool
) -> list[Episode]:
    """Returns the episodes of a suite, those of a seed side by side.

    Args:
        cases: Those that are wanted, all of them if none are given.
        seeds: From 1 on, as many as the suite says, if none are given.
        programs: Whether a program of others plays them, for which some suites have other cases.

    Raises:
        InvalidArguments: There is no such case.
    """
    known = suite.file.cases_for(programs=programs)
    if unknown := [each for each in cases if each not in known]:
        names = ", ".join(map(repr, unknown))
        is_others = all(each in suite.file.cases for each in unknown)
        whom = f" for {'a program of others' if programs else 'our agents'}" if is_others else ""
        raise InvalidArguments(f"{suite.name} has no {names}{whom}; known: {', '.join(known)}")
    return [
        draw_episode(suite, case, seed)
        for seed in (range(1, suite.file.seeds + 1) if seeds is None else seeds)
        for case in known
        if not cases or case in cases
    ]


def draw_episode(suite: Suite, case: str, seed: int) -> Episode:
    """Draws an episode. The same case and seed give the same one on every machine."""
    spec = suite.file.cases[case]
    drawn_as = suite.file.cases_of or suite.name
    draw = Random(f"{drawn_as} {suite.file.plant} {case} {seed}")
    onset_s = float(round(draw.uniform(*suite.file.onset)))
    sized = {
        fault: {name: _drawn(size, draw) for name, size in sizes.items()}
        for fault, sizes in spec.faults.items()
    }
    later_s = {fault: float(round(draw.uniform(*each))) for fault, each in spec.later.items()}
    events = tuple(
        FaultEvent(fault, onset_s + later_s.get(fault, 0.0), sizes)
        for fault, sizes in sized.items()
    )
    truth = _truth(spec)
    lasts_s, ends = _lasts_s(spec, events), spec.ends_before
    if suite.file.respond is not None:  # what is right may take longer than to find the fault
        lasts_s, ends = suite.file.respond.responses[case].lasts or lasts_s, None
    alarm, before_s = (ends.alarm, ends.by) if ends else ("", 0.0)
    return Episode(
        suite.name, suite.file.plant, case, seed, events, truth, onset_s, lasts_s, alarm, before_s
    )


def _truth(spec: CaseSpec) -> Truth:
    named = zip(spec.expect, spec.faults, strict=False)  # a decoy has no name
    later = {name: fault for name, fault in named if fault in spec.later}
    return Truth(frozenset(spec.expect), frozenset(spec.also), frozenset(spec.abstain), later)


def longest_s(suite: Suite) -> float:
    """Returns the longest process time of an episode of a suite."""
    responses = suite.file.respond.responses if suite.file.respond else {}
    lasts_s = [
        (responses[case].lasts if case in responses else None) or _most_s(spec)
        for case, spec in suite.file.cases.items()
    ]
    return suite.file.onset[1] + max(lasts_s, default=0.0)


def _most_s(spec: CaseSpec) -> float:
    if not isinstance(spec.lasts, str):
        return spec.lasts
    sizes = [sizes[spec.lasts] for sizes in spec.faults.values() if spec.lasts in sizes]
    return max(float(each[1] if isinstance(each, tuple) else each) for each in sizes)


def _drawn(size: Size, draw: Random) -> float | str:
    return draw.uniform(*size) if isinstance(size, tuple) else size


def _lasts_s(spec: CaseSpec, events: tuple[FaultEvent, ...]) -> float:
    if not isinstance(spec.lasts, str):
        return spec.lasts
    given: Mapping[str, float | str] = {
        name: value for each in events for name, value in each.parameters.items()
    }
    value = given.get(spec.lasts, inf)
    assert not isinstance(value, str)
    return float(int(value))
