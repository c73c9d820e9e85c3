"""Verbs by which a way of approving is driven, in a process of its own."""

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from time import sleep
from typing import Protocol

from ..order import Order

TOGETHER = "VALVE_TOGETHER"
"""Folder in which processes meet before they act, so that they act at once."""
FOLLOWED_S = "VALVE_FOLLOWED_S"
"""Longest time for which Handwheel's agent waits for its requests, seconds."""
_POLL_S = 0.005


class Way(Protocol):
    """Agent that waits for a person, with what it has stored in a folder."""

    async def ask(self, text: str) -> None:
        """Gives the agent a text, and runs it until it waits for a person or ends."""
        ...

    async def shown(self) -> Sequence[Order]:
        """Returns what a person is shown from the store."""
        ...

    async def approve(self, *, always: bool = False) -> None:
        """Stores a yes to what is shown, and runs on, as the application does for a person.

        Args:
            always: Whether the yes counts for later calls too, where the framework has that.
        """
        ...

    async def resume(self) -> None:
        """Runs on from the store without a new yes, as an application does after a restart."""
        ...

    async def goto(self, order: Order) -> None:
        """Jumps to the tool with a call of one's own."""
        ...


Opened = Callable[[Path], AbstractAsyncContextManager[Way]]


def carry_out(
    name: str, store: Path, verb: str, words: Sequence[str], more: Mapping[str, str], told: Path
) -> None:
    """Carries out one verb in this process, and tells what came of it.

    Args:
        name: Module and function that opens the way, such as `raw:opened`.
        more: Additions to the environment.
        told: File for the result, as JSON: what a person is shown, or the error.
    """
    os.environ.update(more)
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    module, function = name.split(":")
    opened: Opened = getattr(import_module(f"{__package__}.{module}"), function)
    try:
        shown = asyncio.run(_carried_out(opened, store, verb, words))
    except Exception as error:  # noqa: BLE001 (whatever a framework raises stops the verb)
        told.write_text(json.dumps({"error": f"{type(error).__name__}: {error}"}))
    else:
        told.write_text(json.dumps({"shown": [[each.tag, each.value] for each in shown]}))


async def _carried_out(
    opened: Opened, store: Path, verb: str, words: Sequence[str]
) -> Sequence[Order]:
    async with opened(store) as way:
        await asyncio.to_thread(_meet)
        match verb:
            case "ask":
                await way.ask(words[0])
            case "approve" | "always":
                await way.approve(always=verb == "always")
            case "approve-twice":
                await asyncio.gather(way.approve(), way.approve(), return_exceptions=True)
            case "resume":
                await way.resume()
            case "goto":
                await way.goto(Order(words[0], float(words[1])))
            case _:
                return await way.shown()
    return ()


def _meet() -> None:
    if folder := os.environ.get(TOGETHER):
        (Path(folder) / f"ready-{os.getpid()}").touch()
        while not (Path(folder) / "go").exists():
            sleep(_POLL_S)
