"""Part of a suite's file that says how its liars are played."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model

ProgramCase = Literal["hostile-text", "killed", "free"]
"""Case of a program that is given orders by texts, is killed again and again, or neither."""
PROGRAM_CASES: tuple[ProgramCase, ...] = get_args(ProgramCase)


class ProgramsSpec(Model):
    """Cases that programs of others play instead of the liars."""

    cases: list[ProgramCase]
    lasts: Annotated[tuple[Duration, Duration], Field(strict=False)] = Field(
        description="length of the one episode of a seed, drawn between"
    )
    scan: Duration = Field(description="of the room while a program waits")
    kills: Annotated[tuple[int, int], Field(strict=False)] = Field(
        description="how often a program is killed, drawn between"
    )
    calls: Annotated[tuple[int, int], Field(strict=False)] = Field(
        description="calls of a verb before it is, drawn between"
    )


class HoldSpec(Model):
    """Episodes that a seed plays in one room, one after the other."""

    episodes: int = Field(ge=1, description="of one seed and case")
    lasts: Annotated[tuple[Duration, Duration], Field(strict=False)] = Field(
        description="length of an episode, drawn between"
    )
    scan: Duration = Field(description="of the room")
    order: str = Field(description="playbook that a person orders, for our agents to run")
    programs: ProgramsSpec
