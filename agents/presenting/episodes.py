"""Episodes of a site, for what people read and take away."""

from ..memory.episode import (
    AskedRequest,
    CaseDiagnosis,
    CaseRun,
    Episode,
    Gain,
    RaisedOrder,
    RankedHypothesis,
    SeenSign,
    diagnosis_of,
)
from ..memory.episode_reader import Episodes, read_episodes

__all__ = [
    "AskedRequest",
    "CaseDiagnosis",
    "CaseRun",
    "Episode",
    "Episodes",
    "Gain",
    "RaisedOrder",
    "RankedHypothesis",
    "SeenSign",
    "diagnosis_of",
    "read_episodes",
]
