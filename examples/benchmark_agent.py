"""Agent that plays the benchmark by MCP, and knows four faults of cw-100 by a sign of each.

`handwheel bench agents --suite watch --agent 'mcp:python examples/benchmark_agent.py'` starts it.
"""

import asyncio
import json
import os
from contextlib import suppress
from typing import Any

from mcp import Client
from mcp_types import TextContent

EVERY_S = 30.0  # process time between two looks
SIGNS = (  # tag, usual range, and the fault of a mean over five minutes outside of it
    ("PDT-101.pv", 0.0, 20.0, "strainer-plugged"),
    ("P-101A.speed", 20.0, 100.0, "pump-tripped P-101A"),
    ("SC-106.pv", 5.0, 100.0, "tower-fan-failed"),
)
ALARMS = {"XA-PKG-101.active": "pump-link-down"}


class Refused(Exception):
    """A call was refused, mostly since the episode has ended."""


async def call(client: Client, verb: str, **arguments: Any) -> Any:
    """Calls a verb, and returns its result."""
    result = await client.call_tool(verb, arguments)
    (content,) = result.content
    assert isinstance(content, TextContent)
    if result.is_error:
        raise Refused(content.text)
    return json.loads(content.text)


async def look(client: Client) -> list[str]:
    """Returns the faults that show now."""
    found = [ALARMS[each["tag"]] for each in await call(client, "alarms") if each["tag"] in ALARMS]
    for tag, low, high, fault in SIGNS:
        (slot,) = await call(client, "window", tag=tag, last_s=300.0, slots=1)
        if slot["mean"] is not None and not low <= slot["mean"] <= high:
            found.append(fault)
    return found


async def watch(client: Client) -> None:
    """Looks at the plant again and again, and says what it thinks whenever that changes."""
    said: list[str] = []
    while True:
        if (found := await look(client)) != said:
            await call(client, "conclude", faults=found)
            said = found
        await call(client, "read", tags=[], after_s=EVERY_S)


async def main() -> None:
    """Watches the plant until a call is refused."""
    async with Client(os.environ["HANDWHEEL_EPISODE_URL"]) as client:
        with suppress(Refused):
            await watch(client)


asyncio.run(main())
