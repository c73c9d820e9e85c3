"""One attempt to deliver a message."""

import asyncio

from handwheel.connectors.config.durations import format_duration

from .channel import Channel, DeliveryFailed
from .message import Message


async def attempt(channel: Channel, message: Message, within_s: float) -> str:
    """Returns the receiver's answer.

    Raises:
        DeliveryFailed: The channel did not take it, did not answer in time, or has a fault.
    """
    try:
        async with asyncio.timeout(within_s):
            return await channel.deliver(message)
    except DeliveryFailed:
        raise
    except TimeoutError:
        raise DeliveryFailed(f"no answer within {format_duration(within_s)}") from None
    except Exception as fault:  # a fault of a channel costs only itself
        raise DeliveryFailed(f"{type(fault).__name__}: {fault}") from fault
