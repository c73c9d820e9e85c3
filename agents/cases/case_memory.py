"""Memory of a case in this process, beside its rows in the journal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from handwheel.connectors.denial import Denial

from ..lookahead.foretold_plans import FORBIDDEN
from ..planning.candidates import Candidate

_FORBIDDEN_S = 600.0  # process time after which the twin is asked again
_AGAIN_S = 60.0  # shortest wall-clock time between the first two rows of the same judgement
_LONGEST = 5  # times as long between two rows at most, once they were as many


@dataclass(slots=True)
class CaseMemory:
    """State of a case that ends with the process."""

    # Names of the playbooks that were judged last, `None` before the first judgement.
    wanted: tuple[str, ...] | None = None
    key: str = ""  # of the latest judgement that was recorded
    # When a judgement was recorded last, boot clock, and how often, by key.
    recorded: dict[str, tuple[float, int]] = field(default_factory=dict[str, tuple[float, int]])
    # Since when the evidence of a candidate is another, process time.
    differs_since_s: dict[str, float] = field(default_factory=dict[str, float])
    # Since when nothing prevents a candidate that answers a fault, process time.
    free_since_s: dict[str, float] = field(default_factory=dict[str, float])
    # Why the twin forbids a candidate, and since when that counts, process time.
    forbidden: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    gone_since_s: float | None = None  # since when its deviation is over, process time

    def is_new(self, key: str, now_ms: float) -> bool:
        """Whether a judgement is another than the one recorded last, and was not told lately.

        One that is as it was before is told the later, the more often it was told, up to 5 min.
        """
        told_ms, times = self.recorded.get(key, (-inf, 0))
        wait_ms = min(times, _LONGEST) * _AGAIN_S * 1000.0
        return key != self.key and now_ms - told_ms >= wait_ms

    def note(self, key: str, now_ms: float) -> None:
        """Notes that a judgement was recorded."""
        self.key = key
        self.recorded[key] = now_ms, self.recorded.get(key, (now_ms, 0))[1] + 1

    def note_forbidden(self, candidates: Iterable[Candidate], now_s: float) -> None:
        """Notes the candidates that the twin forbids, at a process time."""
        for each in candidates:
            if each.code == FORBIDDEN:
                self.forbidden.setdefault(each.name, (each.reason, now_s))

    def without_forbidden(self, found: list[Candidate], now_s: float) -> list[Candidate]:
        """Returns the candidates, with those prevented that the twin has forbidden lately."""
        for name, (_, since_s) in list(self.forbidden.items()):
            if not since_s <= now_s < since_s + _FORBIDDEN_S:
                del self.forbidden[name]
        return [
            each.prevented(Denial(FORBIDDEN, self.forbidden[each.name][0]))
            if each.name in self.forbidden
            else each
            for each in found
        ]
