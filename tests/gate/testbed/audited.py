"""The independent witness at the end of a test: the plant's frames against the journal."""
# The export is taken in this process.
# pyright: reportPrivateUsage=false

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from handwheel.hmi.journal.command import _export
from handwheel.tools.guardrails.ledger.store.database import Database

from ...auditor.audit import Report, judge
from .served import World

# What no hand in the ledger excuses: it tells of frames, and not of rows that nobody signed.
_OF_FRAMES = ("frame ", "no frame was accepted", "a second time", "lockout of row", "in flight")


@asynccontextmanager
async def witnessed(world: World, request: pytest.FixtureRequest) -> AsyncGenerator[World]:
    """Ends a world; in a test of a way in, the witness has nothing to say against its frames.

    Rows that the test itself has forged are no fault of the gate.
    """
    try:
        yield world
    finally:
        await world.stop()
    if any(request.node.iter_markers("way_in")):
        assert complaints(world) == []


def complaints(world: World) -> list[str]:
    """What the witness has against the frames of a world, and where nobody forged, its rows."""
    faults = judged(world).faults
    return [each for each in faults if not world.is_forged or any(n in each for n in _OF_FRAMES)]


def judged(world: World) -> Report:
    """What the witness says of a world's frames and of its journal."""
    rows = [{**row, "listener": _named(world, row["listener"])} for row in world.frame_rows]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    operators = (world.site.root / "operators.yaml").read_text(encoding="utf-8")
    acts_as = {"shift-supervisor": ["operator"]}
    with world.ledger() as database:
        return judge(lines, exported(database), operators, world.site.trust_root, acts_as)


def _named(world: World, port: int) -> int:
    """The port by which the site names a server; a relay may stand before it."""
    return world.relays.get(port, port)


def exported(database: Database) -> str:
    """The journal as `handwheel journal export` prints it."""
    lines: list[str] = []
    add: Callable[[str], Any] = lines.append
    _export(database, add)
    return "".join(lines)
