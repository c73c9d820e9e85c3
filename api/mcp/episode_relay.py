"""Relay between a peer on standard input and output and the server of an episode."""

from contextlib import AsyncExitStack
from importlib.metadata import version

from mcp import Client
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
)

from handwheel.connectors.errors import NotConnected

from .server import Context
from .transports import serve_stdio


async def relay(url: str) -> None:
    """Passes the calls of a peer on to a server by HTTP, until the peer closes its end.

    Peer and server each negotiate a version of the protocol with this process.

    Raises:
        NotConnected: The server does not answer.

    Effect: connects, and the tools'. Retry: none. Timeout: the server's.
    """

    async def list_tools(ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        del ctx, params
        return await there.list_tools()

    async def call_tool(ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        del ctx
        return await there.call_tool(params.name, params.arguments)

    async def list_resources(
        ctx: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        del ctx, params
        return await there.list_resources()

    async def read_resource(ctx: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        del ctx
        return await there.read_resource(params.uri)

    async with AsyncExitStack() as stack:
        try:
            there = await stack.enter_async_context(Client(url))
        except Exception as error:
            raise NotConnected({url: "no MCP server answers"}) from error
        server = Server(
            "handwheel-episode",
            version=version("handwheel"),
            instructions=there.instructions,
            on_list_tools=list_tools,
            on_call_tool=call_tool,
            on_list_resources=list_resources,
            on_read_resource=read_resource,
        )
        await serve_stdio(server)
