"""Briefing of a program before an episode, which says everything that it may know."""

from pydantic import Field

from handwheel.connectors.config.validation import Model


class TagBrief(Model):
    """Tag that a program can read."""

    name: str
    label: str
    unit: str = Field(description="empty if it has none")
    kind: str = Field(description="float, int, bool, enum or string")
    equipment: str
    low: float | None = Field(description="lower end of its range, in its unit")
    high: float | None = Field(description="upper end of its range, in its unit")
    members: dict[str, int] = Field(description="names of the numbers of an enumeration")
    writable: bool


class FaultBrief(Model):
    """Fault that a program may name."""

    name: str
    title: str
    equipment: tuple[str, ...]


class PlaybookBrief(Model):
    """Playbook that a program may propose."""

    name: str
    title: str
    roles: dict[str, str] = Field(description="equipment in each role, if it is bound as written")
    parameters: dict[str, str] = Field(
        default_factory=dict[str, str], description="value of each, unless another is proposed"
    )
    writes: tuple[str, ...] = Field(default=(), description="tags that it may write")


class Briefing(Model):
    """Everything that a program is told before an episode. Nothing in it tells the fault."""

    plant: str
    task: str = Field(description="what is asked for, in words")
    acts: bool = Field(description="whether people answer proposals, or none can be made")
    lasts_s: float = Field(description="longest process time of the episode, seconds")
    call_s: float = Field(description="process time that passes in each call of a verb, seconds")
    tags: tuple[TagBrief, ...]
    faults: tuple[FaultBrief, ...]
    playbooks: tuple[PlaybookBrief, ...] = Field(description="none where it does not act")
