"""LangGraph's checkpoints. They hold the position of each thread and no safety state."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

CHECKPOINTS_FILE = "checkpoints.db"
"""Name in the site's state folder. Deleting the file loses only what `cases show --why` adds."""


@asynccontextmanager
async def open_checkpoints(state: Path) -> AsyncGenerator[AsyncSqliteSaver]:
    """Opens the checkpoints of a site, from which only plain values are read back."""
    async with aiosqlite.connect(state / CHECKPOINTS_FILE) as connection:
        yield AsyncSqliteSaver(
            connection,
            serde=JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None),
        )


def read_deliberations(state: Path, thread: str) -> Mapping[str, Mapping[str, Any]]:
    """Returns the last state of each deliberation of a thread, by the stamp of its snapshot.

    A file that is missing or cannot be read gives none.
    """
    if not (state / CHECKPOINTS_FILE).exists():
        return {}
    try:
        return asyncio.run(_deliberations(state, thread))
    except (sqlite3.Error, ValueError, LookupError, TypeError):
        return {}


async def _deliberations(state: Path, thread: str) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    async with open_checkpoints(state) as saver:
        async for each in saver.alist({"configurable": {"thread_id": thread}}):
            values = each.checkpoint["channel_values"]
            if values.get("plan"):
                found.setdefault(str(values.get("at", "")), values)
    return found
