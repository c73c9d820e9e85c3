"""Equipment of `site.yaml`, with the tags that are computed for it."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from ..config.validation import Model
from .heartbeats import HeartbeatSpec


def _as_text(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


class ComputedSpec(Model):
    """A computed tag. An input is another tag, or a constant with its unit such as `40 m2`."""

    method: str
    unit: str = ""
    inputs: dict[str, Annotated[str, BeforeValidator(_as_text)]]


class Equipment(Model):
    """A piece of equipment with its class, path, members and the tags of its attributes.

    `remote_when` is the condition under which Handwheel may act on it. `heartbeat` is the tag that
    the gate writes as long as agents may act on it. `computed` has the tags that are computed from
    others.
    """

    class_: str = Field(default="", alias="class")
    path: str = ""
    members: list[str] = Field(default_factory=list)
    remote_when: str = ""
    heartbeat: HeartbeatSpec | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    computed: dict[str, ComputedSpec] = Field(default_factory=dict)
