"""Benchmark of the agents for agents of others, in Python.

An agent is a coroutine function that takes the `Verbs` of an episode. `play` lets it play.
"""

from handwheel.evaluation.benchmark.programs.briefing import (
    Briefing,
    FaultBrief,
    PlaybookBrief,
    TagBrief,
)
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

from .play import play

__all__ = [
    "AlarmRow",
    "Briefing",
    "Conclusion",
    "EpisodeOver",
    "FaultBrief",
    "JournalRow",
    "PlaybookBrief",
    "Program",
    "Proposal",
    "ProposalState",
    "TagBrief",
    "TagReading",
    "TimeSlot",
    "Verbs",
    "play",
]
