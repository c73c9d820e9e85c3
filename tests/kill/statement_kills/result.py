"""What a kill run at each statement came to."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .rounds import Found, Moment
from .scenarios import Scenario
from .trace import Aim, Statement

VICTIMS = ("gate", "terminal")


@dataclass
class Tally:
    """Counts rounds.

    Attributes:
        came: The statements that each victim came to, in any round.
        died: Those that it died at on its first visit, and `later` on another.
        unreached: Aims that did not come, however often the round was played.
        seen: What the judge had against rounds whose gate had a defect.
    """

    seed: int
    rounds: int = 0
    frames: int = 0
    resolved: int = 0
    seconds: float = 0.0
    deaths: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    seen: dict[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    came: dict[str, set[Statement]] = field(default_factory=dict[str, set[Statement]])
    died: dict[str, set[Statement]] = field(default_factory=dict[str, set[Statement]])
    later: dict[str, set[Statement]] = field(default_factory=dict[str, set[Statement]])
    unreached: list[str] = field(default_factory=list[str])
    faults: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        for victim in VICTIMS:
            for each in (self.came, self.died, self.later):
                each[victim] = set()

    def add(self, scenario: Scenario, moment: Moment, found: Found) -> None:
        """Counts one round."""
        victim = scenario.victim
        self.rounds += 1
        self.frames += found.frames
        self.resolved += found.resolved
        self.came[victim] |= set(found.way.visits)
        at = moment or "no death"
        self.faults += [f"{scenario.name}, {at}: {each}" for each in found.faults]
        if found.way.died_at is None or moment is None:
            return
        self.deaths[victim, found.state] += 1
        if isinstance(moment, Aim):
            (self.died if moment.visit == 1 else self.later)[victim].add(moment.statement)

    @property
    def kills(self) -> int:
        return self.deaths.total()

    def died_in(self, victim: str, *states: str) -> int:
        """Returns how many died in one of these states; in any, if none is named."""
        return sum(
            count
            for (who, state), count in self.deaths.items()
            if who == victim and (not states or state in states)
        )

    def missed(self, victim: str) -> set[Statement]:
        """Returns the statements that were executed and never died at."""
        return self.came[victim] - self.died[victim]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield (
            f"seed {self.seed}: {self.kills} kills in {self.rounds} rounds, "
            f"{self.seconds / max(self.rounds, 1):.2f} s a round, {self.frames} frames, "
            f"{self.resolved} outcomes resolved by a person, {len(self.faults)} faults"
        )
        for victim in VICTIMS:
            came, died, later = (each[victim] for each in (self.came, self.died, self.later))
            yield (
                f"{victim}: {len(came)} statements executed, {len(died)} died at, "
                f"{len(later)} of them on a later visit too"
            )
        for (victim, state), count in sorted(self.deaths.items()):
            yield f"{count:>6}  {victim} {state}"
        yield from (f"UNREACHED  {each}" for each in self.unreached)
        yield from (f"FAULT  {each}" for each in self.faults)
