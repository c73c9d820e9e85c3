"""Delivers messages to a program of this machine."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

from handwheel.connectors.errors import os_reason
from handwheel.connectors.model.notice_spec import CommandChannel

from .channel import DeliveryFailed
from .message import Message


class Command:
    """Channel to a program, which gets the message as JSON on standard input."""

    def __init__(self, spec: CommandChannel) -> None:
        self._words = spec.run

    async def deliver(self, message: Message) -> str:
        """Delivers a message. See `Channel.deliver`."""
        # A group of its own, so that one that hangs is ended with all that it has started.
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *self._words, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
            )
        )
        try:
            process = await asyncio.shield(starting)
            await process.communicate(json.dumps(message.fields).encode())
        except OSError as error:
            raise DeliveryFailed(f"{self._words[0]}: {os_reason(error)}") from None
        except asyncio.CancelledError:
            with suppress(OSError):
                await _end(await starting)
            raise
        if process.returncode:
            raise DeliveryFailed(f"{self._words[0]} ended with {process.returncode}")
        return f"{self._words[0]} ended with 0"


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
