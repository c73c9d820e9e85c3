"""Kills the agents at every moment of a change-over, before and after, one death to a round.

`python -m tests.kill.agent_kills.sweep --seed 1`; `--every 4` takes each fourth round only.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from ..process_group import GivenUp
from .trial import Life, Order, Played, Trial

_SIDES = ("before", "after")
_ORDERS: Sequence[Order] = ("resume", "abort", "stop")
_MID = "after step stop-duty DONE 1"  # both pumps were moved: there is much to take back
_CHECKPOINT = "checkpoint"
# What comes after the run's end, and what only a busy machine brings about.
_NO_MOMENTS = ("cleared", "slow")

Round = tuple[Sequence[Life], Played]


@dataclass
class Swept:
    """What a sweep came to."""

    seed: int
    rounds: list[Round] = field(default_factory=list[Round])
    faults: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        return sum(len(played.deaths) for _, played in self.rounds)

    def ends(self, end: str) -> int:
        return sum(played.end == end for _, played in self.rounds)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield (
            f"seed {self.seed}: {self.kills} kills in {len(self.rounds)} rounds, "
            f"{self.seconds:.0f} s, {len(self.faults)} faults"
        )
        yield f"{'moment':<38} {'state':<17} {'shown':<12} {'told':<7} end"
        for lives, played in self.rounds:
            for number, death in enumerate(played.deaths):
                told = lives[number + 1].order if number + 1 < len(lives) else ""
                is_last = number + 1 == len(played.deaths)
                end = played.end if is_last else "killed again"
                yield f"{death.moment:<38} {death.state:<17} {death.shown:<12} {told:<7} {end}"
            yield from (f"{moment:<38} never came" for moment in played.unreached)
        yield from (f"FAULT  {fault}" for fault in self.faults)


def sweep(root: Path, seed: int = 1, every: int = 1) -> Swept:
    """Plays each round, or each so-many-eth, and has the whole judged."""
    swept, begun_s = Swept(seed), monotonic()
    with Trial(root, seed) as trial:
        plans = list(_plans(trial, seed))
        for lives in plans[seed % every :: every]:
            try:
                played = trial.play(lives)
            except GivenUp as error:
                swept.faults.append(f"{[each.moment for each in lives]}: {error}")
                break
            swept.rounds.append((lives, played))
            swept.faults += played.faults
            more = "; ".join([*played.unreached, *played.faults])
            print(f"{len(swept.rounds)}: {lives[-2].moment}: {played.end} {more}", flush=True)
        swept.faults += trial.judged()
    swept.seconds = monotonic() - begun_s
    return swept


def _plans(trial: Trial, seed: int) -> Iterator[Sequence[Life]]:
    """Yields every round: of a whole change-over, of one resumed, and of one taken back."""
    whole = _moments_of(trial, Life())
    found: Sequence[tuple[Order, Sequence[str]]] = (
        ("resume", _moments_of(trial, Life(moment=_MID), Life("resume"))),
        ("abort", _moments_of(trial, Life(moment=_MID), Life("abort"))),
    )
    for number, (side, moment) in enumerate(_sided(whole)):
        yield [Life(moment=f"{side} {moment}"), Life(_ORDERS[(number + seed) % 3])]
    for order, moments in found:
        for side, moment in _sided(moments):
            yield [Life(moment=_MID), Life(order, f"{side} {moment}"), Life(order)]


def _moments_of(trial: Trial, *lives: Life) -> Sequence[str]:
    """Returns the moments of the last of some lives at which it can be killed in every round."""
    played = trial.play(lives)
    if played.faults or played.unreached:
        raise GivenUp(f"{played}")
    return [each for each in trial.moments() if not each.startswith(_NO_MOMENTS)]


def _sided(moments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields each moment from both sides; between two nodes only one side differs."""
    for moment in moments:
        sides = ("after",) if moment.startswith(_CHECKPOINT) else _SIDES
        yield from ((side, moment) for side in sides)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill.agent_kills.sweep")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="an empty folder for everything")
    options = parser.parse_args()
    with ExitStack() as stack:
        root = options.keep or Path(stack.enter_context(TemporaryDirectory()))
        swept = sweep(root, options.seed, options.every)
    print(str(swept))
    return 1 if swept.faults else 0


if __name__ == "__main__":
    sys.exit(main())
