"""What a kill run came to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_ORDER = ("PENDING", "APPROVED", "DUE", "CLAIMED", "SENDING", "VERIFIED", "REFUSED", "UNKNOWN")


@dataclass(frozen=True)
class Result:
    """The deaths by victim and what the ledger said when it was dead, and everything after.

    `passed` counts the states that actions came to, also those that they left again; `refused`
    what the terminal was told no to; `frames` those that the witness gave an action.
    """

    seed: int
    rounds: int
    seconds: float
    deaths: Mapping[tuple[str, str], int]
    passed: Mapping[str, int]
    refused: Mapping[str, int]
    stops: int
    frames: int
    faults: Sequence[str]

    def died(self, victim: str, *states: str) -> int:
        """Returns how many died in one of these states; in any, if none is named."""
        return sum(
            count
            for (who, state), count in self.deaths.items()
            if who == victim and (not states or state in states)
        )

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        kills = sum(self.deaths.values())
        pace = self.seconds / max(self.rounds, 1)
        yield (
            f"seed {self.seed}: {kills} kills in {self.rounds} rounds, {pace:.2f} s a round, "
            f"{self.stops} lockouts, {self.frames} frames, {len(self.faults)} faults"
        )
        yield f"{'state at death':<20} {'gate':>8} {'terminal':>8}"
        states = {state for _, state in self.deaths}
        known = [state for state in _ORDER if state in states]
        for state in [*known, *sorted(states - {*_ORDER})]:
            counts = (self.died(victim, state) for victim in ("gate", "terminal"))
            yield f"{state:<20} " + " ".join(f"{count:>8}" for count in counts)
        for title, counted in (("actions came to", self.passed), ("refused", self.refused)):
            if counted:
                yield title
            for name, count in sorted(counted.items(), key=lambda item: -item[1]):
                yield f"  {count:>6}  {name}"
        yield from (f"FAULT  {fault}" for fault in self.faults)
