"""Verbs of the benchmark as tools of MCP."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_types import Tool, ToolAnnotations
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_jsonable_python

from handwheel.connectors.config.validation import Model, argument_faults
from handwheel.evaluation.benchmark.programs.verbs import Conclusion, Proposal, Verbs
from handwheel.tools.errors import InvalidArguments


class ReadArguments(Model):
    """Arguments of `read`."""

    tags: tuple[str, ...] = ()
    after_s: float = Field(default=0.0, description="process time to wait before, seconds")


class WindowArguments(Model):
    """Arguments of `window`."""

    tag: str
    last_s: float = Field(description="process time up to now, seconds")
    slots: int = Field(default=60, description="parts of equal length")


class NoArguments(Model):
    """No arguments."""


class JournalArguments(Model):
    """Arguments of `journal`."""

    last: int = Field(default=50, description="events at most")


class OutcomeArguments(Model):
    """Arguments of `outcome`."""

    proposal: str = Field(description="id that propose returned")
    within_s: float = Field(default=0.0, description="longest wait, process time in seconds")


@dataclass(frozen=True, slots=True)
class Verb:
    """Verb as a tool of MCP."""

    name: str
    arguments: type[BaseModel]
    ask: Callable[[Verbs, Any], Awaitable[object]]

    @property
    def described(self) -> Tool:
        """The verb as MCP peers see it."""
        schema = self.arguments.model_json_schema()
        schema.pop("description", None)  # that of the model, which says less than the verb's
        return Tool(
            name=self.name,
            description=getattr(Verbs, self.name).__doc__,
            input_schema=schema,
            annotations=ToolAnnotations(
                read_only_hint=self.name not in {"conclude", "propose"},
                destructive_hint=False,
                open_world_hint=False,
            ),
        )

    async def call(self, verbs: Verbs, arguments: Mapping[str, Any]) -> Any:
        """Checks the arguments, calls the verb and returns its result as JSON.

        Raises:
            InvalidArguments: An argument is wrong; all of them.
            HandwheelError: As the verb raises it.
        """
        try:
            given = self.arguments.model_validate_json(json.dumps(arguments))
        except ValidationError as error:
            faults = argument_faults(error, self.arguments)
            raise InvalidArguments("\n".join(f"{self.name}: {each}" for each in faults)) from None
        return to_jsonable_python(await self.ask(verbs, given))


VERBS = {
    each.name: each
    for each in (
        Verb("read", ReadArguments, lambda verbs, given: verbs.read(given.tags, given.after_s)),
        Verb(
            "window",
            WindowArguments,
            lambda verbs, given: verbs.window(given.tag, given.last_s, given.slots),
        ),
        Verb("alarms", NoArguments, lambda verbs, _: verbs.alarms()),
        Verb("journal", JournalArguments, lambda verbs, given: verbs.journal(given.last)),
        Verb("conclude", Conclusion, lambda verbs, given: verbs.conclude(given)),
        Verb("propose", Proposal, lambda verbs, given: verbs.propose(given)),
        Verb(
            "outcome",
            OutcomeArguments,
            lambda verbs, given: verbs.outcome(given.proposal, given.within_s),
        ),
    )
}
