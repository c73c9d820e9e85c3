"""Agent of LangGraph that answers a tripped pump. It starts its MCP server by a command."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.tools import StructuredTool
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import TextContent, Tool

from handwheel.testing import FunctionModel

SERVER = StdioServerParameters(
    command=sys.executable, args=["-m", "handwheel.hmi", "bench", "connect"], env={**os.environ}
)


def answer(messages: Sequence[BaseMessage]) -> AIMessage:
    """A model that waits, proposes, follows its proposal and concludes."""
    told = [each.text for each in messages if isinstance(each, ToolMessage)]
    calls: list[tuple[str, dict[str, object]]] = [
        ("read", {"tags": ["P-101A.trip_cause"], "after_s": 120.0}),
        ("propose", {"playbook": "cw/pump-tripped"}),
        ("outcome", {"within_s": 300.0}),
        ("conclude", {"faults": ["pump-tripped P-101A"]}),
    ]
    if len(told) == len(calls):
        return AIMessage("done")
    name, arguments = calls[len(told)]
    if name == "outcome":
        arguments["proposal"] = json.loads(told[-1])["proposal"]
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": str(len(told))}])


def as_langchain_tool(client: Client, tool: Tool) -> StructuredTool:
    async def call(**arguments: Any) -> str:
        (content,) = (await client.call_tool(tool.name, arguments)).content
        assert isinstance(content, TextContent)
        return content.text

    return StructuredTool(
        name=tool.name,
        description=tool.description or "",
        args_schema=tool.input_schema,
        coroutine=call,
    )


async def main() -> None:
    async with Client(stdio_client(SERVER)) as client:
        tools = [as_langchain_tool(client, each) for each in (await client.list_tools()).tools]
        agent: Any = create_agent(  # pyright: ignore[reportUnknownVariableType]
            FunctionModel(answer), tools=tools
        )
        await agent.ainvoke({"messages": [("user", client.instructions)]})


if __name__ == "__main__":
    asyncio.run(main())
