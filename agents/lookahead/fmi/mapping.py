"""Map between the tags of a site and the variables of a unit, `fmi-map/1`."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model
from handwheel.connectors.config.yaml_documents import Path_


class Link(Model):
    """Variable of the unit that a tag shows or sets."""

    variable: str
    scale: Annotated[float, Field(description="tag = scale · variable + offset")] = 1.0
    offset: float = 0.0

    def to_tag(self, variable: float) -> float:
        """Returns the value of the tag."""
        return self.scale * variable + self.offset

    def to_variable(self, tag: float) -> float:
        """Returns the value of the variable. The scale is not 0."""
        return (tag - self.offset) / self.scale


class Output(Link):
    """Variable that a tag shows, with the width of the tag's range if both are compared."""

    span: Annotated[float | None, Field(gt=0.0)] = None


class UnitMap(Model):
    """The file. All its tables are by tag, but `constants` is by variable."""

    schema_: Literal["fmi-map/1"] = Field(alias="schema")
    step: Annotated[Duration, Field(gt=0.0, le=60.0)] = 1.0
    over: Annotated[Duration, Field(ge=20.0, le=3600.0, description="mean of a start value")] = 60.0
    settle: Annotated[Duration, Field(ge=0.0, le=3600.0, description="before a comparison")] = 0.0
    inputs: dict[str, Link] = Field(default_factory=dict[str, Link])
    start: dict[str, Link] = Field(default_factory=dict[str, Link])
    constants: dict[str, float | bool] = Field(default_factory=dict[str, float | bool])
    outputs: dict[str, Output] = Field(min_length=1)
    trips: list[str] = Field(default_factory=list[str], description="outputs that are true then")

    def links(self) -> Iterator[tuple[Path_, Link]]:
        """Yields every link with its place."""
        for table in ("inputs", "start", "outputs"):
            links: dict[str, Link] = getattr(self, table)
            for tag, link in links.items():
                yield (table, tag), link
