"""Effect of a tool, and the safety of calling it again."""

from enum import StrEnum


class Effect(StrEnum):
    """Effect of a tool.

    `OBSERVE`: it reads. `ADVISE`: it files something that people decide, such as a request to
    write or a work request. `ACTUATE`: it writes, which no tool does; it is refused.
    """

    OBSERVE = "observe"
    ADVISE = "advise"
    ACTUATE = "actuate"


class RetrySafety(StrEnum):
    """Safety of calling a tool again with the same arguments.

    `SAFE`: always, as it only reads. `BY_KEY`: yes with the same argument `key`, under which
    it counts once. `NEVER`: no, as each call files one thing more.
    """

    SAFE = "safe"
    BY_KEY = "by key"
    NEVER = "never"
