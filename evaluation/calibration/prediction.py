"""Prediction of a diagnosis, with what was true."""

from dataclasses import dataclass

from handwheel.agents.diagnosis.probability import probability


@dataclass(frozen=True, slots=True)
class Prediction:
    """Probability of one hypothesis at one time, with what was true."""

    case: str  # episode or case; its predictions are not independent
    hypothesis: str
    total_db: float
    ahead_db: float  # distance to the best rival, to 0 dB if none is suspected
    is_true: bool

    @property
    def mode(self) -> str:
        """Id of its failure mode, of any piece of equipment."""
        return self.hypothesis.partition(" ")[0]

    @property
    def probability(self) -> float:
        """Probability that its decibans say."""
        return probability(self.total_db, self.ahead_db)
