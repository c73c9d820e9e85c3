"""Who died in a kill run, and what the ledger said then."""

from collections import Counter
from collections.abc import Iterator

_ORDER = (
    "no ledger", "nothing filed", "PENDING", "APPROVED", "DUE", "CLAIMED", "SENDING", "VERIFIED",
)  # fmt: skip


class Deaths(Counter[tuple[str, str]]):
    """Deaths by victim and by the state of what moved last."""

    def of(self, victim: str, *states: str) -> int:
        """Returns how many died in one of these states; in any, if none is named."""
        return sum(
            count
            for (who, state), count in self.items()
            if who == victim and (not states or state in states)
        )

    def table(self) -> Iterator[str]:
        yield f"{'state at death':<22} {'gate':>8} {'terminal':>8}"
        states = {state for _, state in self}
        known = [state for state in _ORDER if state in states]
        for state in [*known, *sorted(states - {*_ORDER})]:
            yield f"{state:<22} {self['gate', state]:>8} {self['terminal', state]:>8}"
