"""Part of a suite's file that says how its liars are played."""

from typing import Annotated

from pydantic import Field

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model


class HoldSpec(Model):
    """Episodes that a seed plays in one room, one after the other."""

    episodes: int = Field(ge=1, description="of one seed and case")
    lasts: Annotated[tuple[Duration, Duration], Field(strict=False)] = Field(
        description="length of an episode, drawn between"
    )
    scan: Duration = Field(description="of the room")
    order: str = Field(description="playbook that a person orders, for our agents to run")
