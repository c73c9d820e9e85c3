"""Kills gate and terminal at each statement on the way of a write, and anywhere.

`python -m tests.kill.statement_kills --seed 1`; `few` for a sample, which also has the judge see
two defects of the gate.
"""

import pickle
import sys
from argparse import ArgumentParser
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

from ..site import World
from .result import VICTIMS, Tally
from .rounds import Moment, Warm
from .scenarios import LOST, PLAIN, SCENARIOS, Scenario
from .trace import Aim, Statement

ANYWHERE = {"few": 4, "whole": 200}
"""How many are killed at any time, by the size of a run."""
_ROUND_S = 0.25
_TRIES = 8
_AGAIN = 0.02  # share of the statements, died at in another scenario, that are died at once more
_SEEN: Sequence[tuple[str, Scenario, Moment]] = (
    ("late-intent", PLAIN, "sent"), ("resend", LOST, None),
)  # fmt: skip


@dataclass
class Campaign:
    """Plays the scenarios one after the other, each as often as there are statements to die at."""

    warm: Warm
    random: Random
    tally: Tally

    def whole(self, scenario: Scenario) -> None:
        """Dies at every statement that was not died at before, and at some of the others."""
        visits = dict(self._play(scenario, None))
        aims = deque(self._aims(scenario, visits))
        while aims:
            aim = aims.popleft()
            seen = self._reach(scenario, aim)
            new = {each: count for each, count in seen.items() if each not in visits}
            visits |= new  # what luck alone brings the process to
            aims.extend(self._aims(scenario, new))
        print(f"{scenario.name}: {self.tally.kills} kills", flush=True)

    def anywhere(self, scenarios: Sequence[Scenario], kills: int) -> None:
        """Dies at any time of any scenario, in the middle of a statement too."""
        until = self.tally.kills + kills
        while self.tally.kills < until:
            scenario, moment = self.random.choice(scenarios), self.random.uniform(0.0, _ROUND_S)
            self.tally.add(scenario, moment, self.warm.play(scenario, moment))

    def few(self, scenario: Scenario) -> None:
        """Dies at some statements, spread over the way from its begin to its end."""
        visits = list(self._play(scenario, None))
        for number in range(scenario.few):
            place = (number + self.random.random()) / scenario.few
            self._reach(scenario, Aim(visits[int(place * len(visits))]))

    def _aims(self, scenario: Scenario, visits: Mapping[Statement, int]) -> Iterator[Aim]:
        died, later = (each[scenario.victim] for each in (self.tally.died, self.tally.later))
        for statement, count in visits.items():
            if scenario.message or statement not in died or self.random.random() < _AGAIN:
                yield Aim(statement)
            if count > 1 and statement not in later:
                yield Aim(statement, self.random.randint(2, max(2, count * 2 // 3)))

    def _reach(self, scenario: Scenario, aim: Aim) -> Mapping[Statement, int]:
        """Plays a scenario until its victim dies where it shall.

        Not all of its visits may come again: a gate looks as often as time allows.
        """
        seen: dict[Statement, int] = {}
        kills = self.tally.kills
        for number in range(_TRIES):
            visit = aim.visit if number == 0 else min(aim.visit, 2)
            seen |= self._play(scenario, Aim(aim.statement, visit))
            if self.tally.kills > kills:
                return seen
        if aim.visit == 1:
            self.tally.unreached.append(f"{scenario.name}: {aim}")
        return seen

    def _play(self, scenario: Scenario, aim: Aim | None) -> Mapping[Statement, int]:
        found = self.warm.play(scenario, aim)
        self.tally.add(scenario, aim, found)
        return found.way.visits


def _run(root: Path, tally: Tally, size: str) -> None:
    random = Random(tally.seed)
    with Warm(World(root)) as warm:
        campaign = Campaign(warm, random, tally)
        scenarios = [each for each in SCENARIOS if each.few or size == "whole"]
        for scenario in scenarios:
            (campaign.whole if size == "whole" else campaign.few)(scenario)
        campaign.anywhere(scenarios, ANYWHERE[size])
        if size == "few":
            for warm.defect, scenario, moment in _SEEN:
                tally.seen[warm.defect] = warm.play(scenario, moment).faults


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.kill.statement_kills")
    parser.add_argument("size", choices=("whole", "few"), nargs="?", default="whole")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tally", type=Path, help="the result, for Python")
    options = parser.parse_args()
    tally, begun_s = Tally(options.seed), monotonic()
    try:
        with TemporaryDirectory() as folder:
            _run(Path(folder), tally, options.size)
    finally:
        tally.seconds = monotonic() - begun_s
        print(str(tally))
        if options.tally:
            options.tally.write_bytes(pickle.dumps(tally))
    is_whole = options.size == "whole"
    missed = sum(len(tally.missed(victim)) for victim in VICTIMS) if is_whole else 0
    return 1 if tally.faults or missed or (tally.unreached and not is_whole) else 0


if __name__ == "__main__":
    sys.exit(main())
