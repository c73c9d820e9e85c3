"""A tool that agents, peers and people call with a site and arguments."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import ConnectorError, HandwheelError
from handwheel.tools.errors import InvalidArguments, ToolFailed

from ..plant_text import PlantText
from .arguments import Arguments
from .effect import Effect, RetrySafety
from .results import json_of

ToolFunction = Callable[..., Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Tool:
    """Tool, which `tool` makes of a function.

    Attributes:
        docstring: The function's, whole. Models read it.
        schema: JSON schema of its arguments, without the site.
        timeout_s: Longest duration of a call.
        file: File that defines it, and `line` the line there, from 1.
    """

    name: str
    docstring: str
    schema: Mapping[str, Any]
    effect: Effect
    retry: RetrySafety
    timeout_s: float
    file: str
    line: int
    function: ToolFunction = field(repr=False)
    arguments: Arguments = field(repr=False)

    @property
    def summary(self) -> str:
        """First paragraph of the docstring, on one line."""
        return " ".join(self.docstring.partition("\n\n")[0].split())

    async def call(self, site: object, arguments: Mapping[str, Any]) -> Any:
        """Checks the arguments, runs the function and returns its result as JSON.

        Args:
            site: An open `handwheel.Site`.
            arguments: Values as in JSON.

        Raises:
            InvalidArguments: An argument is wrong; all of them.
            ToolFailed: It ran longer than `timeout_s`, raised an error that is not ours, or its
                result has no JSON.
            HandwheelError: As the function raises it.

        Effect: the tool's. Retry: none. Timeout: the tool's.
        """
        return self.as_json(await self.run(site, arguments))

    async def run(self, site: object, arguments: Mapping[str, Any]) -> object:
        """Checks the arguments and returns what the function returns. Raises as `call`."""
        try:
            checked = self.arguments.checked(arguments)
        except InvalidArguments as error:
            lines = (f"{self.name}: {each}" for each in str(error).splitlines())
            raise InvalidArguments("\n".join(lines)) from None
        limit = asyncio.timeout(self.timeout_s)
        try:
            async with limit:
                return await self.function(site, **checked)
        except HandwheelError:
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._failed(error) from error  # its own, which would end what serves it
        except (Exception, SystemExit) as error:  # code of others
            if limit.expired():
                why = f"no result within {format_duration(self.timeout_s)}"
                raise ToolFailed(f"{self.name}: {why}") from error
            raise self._failed(error) from error

    def _failed(self, error: BaseException) -> ToolFailed:
        said = " ".join(str(error).split())
        return ToolFailed(": ".join(filter(None, (self.name, type(error).__name__, said))))

    def error_text(self, error: HandwheelError) -> str:
        """Returns an error of a call for a model. Words of devices and of other code are quoted."""
        if not isinstance(error, ConnectorError | ToolFailed):
            return str(error)
        said = PlantText(str(error), f"tool {self.name}", datetime.now(UTC))
        return json.dumps({"error": type(error).__name__, "said": json_of(said)})

    def as_json(self, result: object) -> Any:
        """Returns a result of `run` as JSON. Raises `ToolFailed` if there is none."""
        try:
            return json_of(result)
        except ToolFailed as error:
            raise ToolFailed(f"{self.name}: {error}") from None
        except HandwheelError:
            raise
        except Exception as error:  # a `to_json` is code of others
            raise self._failed(error) from error
