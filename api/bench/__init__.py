"""Benchmark of the agents for agents of others, in Python.

An agent is a coroutine function that takes the `Verbs` of an episode. `play` lets it play, and
returns a `Result` of each episode.
"""

from handwheel.evaluation.benchmark.episodes import Episode, Truth
from handwheel.evaluation.benchmark.holding.hold_result import HoldCounts, HoldResult
from handwheel.evaluation.benchmark.judge import Diagnosed
from handwheel.evaluation.benchmark.play import Finding, Played, WeighedFault
from handwheel.evaluation.benchmark.programs.briefing import (
    Briefing,
    FaultBrief,
    PlaybookBrief,
    TagBrief,
)
from handwheel.evaluation.benchmark.programs.renamed import Renamed
from handwheel.evaluation.benchmark.programs.verbs import (
    AlarmRow,
    Conclusion,
    EpisodeOver,
    JournalRow,
    Program,
    Proposal,
    ProposalState,
    TagReading,
    TimeSlot,
    Verbs,
)
from handwheel.evaluation.benchmark.responding.acted import Acted, Asked, ModelUse, SentFrame
from handwheel.evaluation.benchmark.responding.judge_response import Responded
from handwheel.evaluation.benchmark.responding.undisturbed import Harm, Undisturbed
from handwheel.evaluation.benchmark.results import Result, Times

from .play import play

__all__ = [
    "Acted",
    "AlarmRow",
    "Asked",
    "Briefing",
    "Conclusion",
    "Diagnosed",
    "Episode",
    "EpisodeOver",
    "FaultBrief",
    "Finding",
    "Harm",
    "HoldCounts",
    "HoldResult",
    "JournalRow",
    "ModelUse",
    "PlaybookBrief",
    "Played",
    "Program",
    "Proposal",
    "ProposalState",
    "Renamed",
    "Responded",
    "Result",
    "SentFrame",
    "TagBrief",
    "TagReading",
    "TimeSlot",
    "Times",
    "Truth",
    "Undisturbed",
    "Verbs",
    "WeighedFault",
    "play",
]
