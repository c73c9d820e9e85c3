"""LangGraph's checkpoints. They hold the position of each thread and no safety state."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

CHECKPOINTS_FILE = "checkpoints.db"
"""Name in the site's state folder. Deleting the file loses nothing."""


@asynccontextmanager
async def open_checkpoints(state: Path) -> AsyncGenerator[AsyncSqliteSaver]:
    """Opens the checkpoints of a site, from which only plain values are read back."""
    async with aiosqlite.connect(state / CHECKPOINTS_FILE) as connection:
        yield AsyncSqliteSaver(
            connection,
            serde=JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None),
        )
