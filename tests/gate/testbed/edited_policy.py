"""A room in memory under rules of a test's own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from handwheel.connectors.model.site import Site, load_site

from ...sites.in_memory import make_site
from .with_oracle import Watched

LOOSE = "cooldown: 20 s, "
"""What keeps a set point from being written twice in a row."""


def ruled_site(folder: Path, *edits: tuple[str, str, str]) -> Site:
    """A site some of whose text is another's; see `ruled_room`."""
    make_site(folder)
    for file, old, new in edits:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old)
        path.write_text(text.replace(old, new), encoding="utf-8")
    return load_site(folder)


@asynccontextmanager
async def ruled_room(folder: Path, *edits: tuple[str, str, str]) -> AsyncGenerator[Watched]:
    """A gate at its post in a site some of whose text is another's.

    Args:
        edits: File, what stands there, what is written instead.
    """
    room = Watched(ruled_site(folder, *edits))
    await room.start_gate()
    try:
        yield room
    finally:
        room.close()


async def carried_out(room: Watched, *writes: tuple[str, object]) -> list[str]:
    """Asks, approves and acts; returns for each write where it stands, and why."""
    request = room.approved(*writes)  # type: ignore[arg-type]
    for _ in writes:
        room.watch()
        await room.act()
    actions = room.desk.record(request.request_id).actions
    return [f"{each.state}: {each.reason}" for each in actions]
