"""Figures of one writer, which are messages, copies, events and the start."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from ..actuation.approval_to_write import SECRET, gate_desk, served
from ..actuation.site import make_site
from . import copies, events, messages, start


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the figures with their goals, over the socket of a gate in another process."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        return [
            *asyncio.run(_messages(place, repeats)),
            *copies.rows(place, repeats),
            *events.rows(make_site(place / "events")[0], repeats),
            *start.rows(*make_site(place / "start"), repeats),
        ]


async def _messages(place: Path, repeats: int) -> list[tuple[str, str]]:
    async with served(place) as link:
        site, people = await asyncio.to_thread(make_site, place / "messages", link, SECRET)
        with gate_desk(site, people) as desk:
            return await messages.rows(desk, repeats)
