"""MCP server of the verbs of one episode of the benchmark."""

import asyncio
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    TextContent,
    TextResourceContents,
)

from handwheel.connectors.errors import HandwheelError
from handwheel.evaluation.benchmark.programs.verbs import EpisodeOver, Verbs

from .server import Context, answer
from .verb_tools import VERBS

BRIEFING_URI = "handwheel://briefing"
"""Resource with the briefing as JSON."""

_HOW = (
    "The resource {uri} has the tags, the faults that may be named and the playbooks. "
    "Time passes only in calls: each takes {call_s:g} s of process time, and read and outcome "
    "wait as long as they are asked to. Rely on a value only if its quality is good."
)


@dataclass(slots=True)
class ServedVerbs:
    """Verbs of an episode that peers call.

    Attributes:
        ended: Set once the episode is over, or a verb has failed.
        fault: Fault of a verb itself, which is no answer to a peer.
    """

    verbs: Verbs
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None

    @property
    def server(self) -> Server[Any]:
        """Server of the verbs as tools, with the briefing as a resource."""
        told = self.verbs.briefing
        return Server(
            "handwheel-episode",
            version=version("handwheel"),
            instructions=f"{told.task}\n\n{_HOW.format(uri=BRIEFING_URI, call_s=told.call_s)}",
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
        )

    async def _list_tools(
        self, ctx: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        del ctx, params
        return ListToolsResult(tools=[each.described for each in VERBS.values()])

    async def _list_resources(
        self, ctx: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        del ctx, params
        told = Resource(uri=BRIEFING_URI, name="briefing", mime_type="application/json")
        return ListResourcesResult(resources=[told])

    async def _read_resource(
        self, ctx: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        del ctx
        if params.uri != BRIEFING_URI:
            raise MCPError(INVALID_PARAMS, f"there is no resource but {BRIEFING_URI}")
        text = self.verbs.briefing.model_dump_json()
        told = TextResourceContents(uri=BRIEFING_URI, mime_type="application/json", text=text)
        return ReadResourceResult(contents=[told])

    async def _call_tool(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        del ctx
        if params.name not in VERBS:
            raise MCPError(INVALID_PARAMS, f"there is no tool but {', '.join(VERBS)}")
        try:
            found = await VERBS[params.name].call(self.verbs, params.arguments or {})
        except HandwheelError as error:
            if isinstance(error, EpisodeOver):
                self.ended.set()
            return CallToolResult(content=[TextContent(text=str(error))], is_error=True)
        except Exception as error:
            self.fault = error
            self.ended.set()
            raise
        return answer(found)
