"""Names of the agents that can play a suite."""

from enum import StrEnum


class AgentName(StrEnum):
    """Agents that can play a suite in which they act."""

    HANDWHEEL = "handwheel"
    NONE = "none"
    EACH_ALARM = "each-alarm"
    RANDOM = "random"
