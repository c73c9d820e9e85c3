"""Tool that writes a tag of the plant over OPC UA, as the frameworks' agents get it."""

import asyncio
import os
from pathlib import Path

from asyncua import ua
from asyncua.client.client import Client

ENDPOINT = "VALVE_ENDPOINT"
SECRET = "VALVE_SECRET"  # noqa: S105 (name of the variable)
ALARM = "VALVE_ALARM"
"""Text of an alarm that the tool reports once, after a write."""
HOLD = "VALVE_HOLD"
"""File that is made `before` or `after` the frame, as its name says; the tool then waits."""


async def write_tag(tag: str, value: float) -> str:
    """Write a value to a tag of the plant, and tell the active alarms."""
    await _hold("before")
    client = Client(os.environ[ENDPOINT])
    client.set_user("gate")
    client.set_password(os.environ[SECRET])
    async with client:
        index = await client.get_namespace_index("urn:handwheel:sim:cw-100")
        node = client.get_node(f"ns={index};s={tag}")
        await node.write_value(ua.Variant(value, await node.read_data_type_as_variant_type()))
    await _hold("after")
    return f"{tag} is {value}. Alarms: {os.environ.pop(ALARM, 'none')}"


async def _hold(moment: str) -> None:
    path = os.environ.get(HOLD, "")
    if path.endswith(f"/{moment}"):
        await asyncio.sleep(0.5)  # what the framework stores beside the tool is stored by now
        await asyncio.to_thread(Path(path).touch)
        await asyncio.Event().wait()
