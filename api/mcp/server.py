"""MCP server of a site's tools. Each call opens the site under the name of the peer."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from handwheel.connectors.errors import HandwheelError
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.proposer import LONGEST_GUEST_NAME
from handwheel.tools.safe_text import plain
from handwheel.tools.toolset import tool as tools
from handwheel.tools.toolset.effect import Effect, RetrySafety
from handwheel.tools.toolset.toolset import Toolset

from ..site import Site

_INSTRUCTIONS = (
    "Tools of an industrial plant. They read it and propose; people approve each write in the "
    "terminal, and no tool does. Rely on a value only if its quality is good. After propose, ask "
    "outcome what became of it, and report no other outcome than that."
)

Context = ServerRequestContext[Any, Any]


def mcp_server(root: Path, toolset: Toolset) -> Server[Any]:
    """Returns the server of a site's tools.

    Args:
        root: Folder of the site.

    Effect: the tools'. Retry: none. Timeout: the tools'.
    """

    async def list_tools(ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        del ctx, params
        return ListToolsResult(tools=[described(each) for each in toolset])

    async def call_tool(ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        try:
            wanted = toolset.find(params.name)
        except InvalidArguments as error:
            raise MCPError(INVALID_PARAMS, str(error)) from None
        try:
            async with Site.open(root, peer_name(ctx)) as site:
                result = await wanted.call(site, params.arguments or {})
        except HandwheelError as error:
            text = TextContent(text=wanted.error_text(error))
            return CallToolResult(content=[text], is_error=True)
        return answer(result)

    return Server(
        "handwheel",
        version=version("handwheel"),
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def answer(result: Any) -> CallToolResult:
    """Returns a result of a tool, which is JSON, as MCP peers get it."""
    table: object = result
    structured = table if isinstance(result, dict) else {"result": table}  # as older peers need
    text = TextContent(text=json.dumps(result, ensure_ascii=False))
    return CallToolResult(content=[text], structured_content=structured)


def described(each: tools.Tool) -> Tool:
    """Returns a tool as MCP peers see it."""
    return Tool(
        name=each.name,
        description=each.docstring,
        input_schema=dict(each.schema),
        annotations=ToolAnnotations(
            read_only_hint=each.effect is Effect.OBSERVE,
            destructive_hint=False,
            idempotent_hint=each.retry is not RetrySafety.NEVER,
            open_world_hint=False,
        ),
    )


def peer_name(ctx: Context) -> str:
    """Returns `mcp` and the name that the peer gives itself, which nobody has verified.

    What a guest's name must not have is replaced or cut off.
    """
    peer = ctx.session.client_params
    own = plain(peer.client_info.name).replace('"', "'").strip() if peer else ""
    return f"mcp {own}"[:LONGEST_GUEST_NAME].strip()
