"""Where LangGraph keeps how far each thread has come; nothing that safety needs is in it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

CHECKPOINTS_FILE = "checkpoints.db"
"""Its name in the site's state folder; whoever deletes it loses nothing."""


@asynccontextmanager
async def open_checkpoints(state: Path) -> AsyncGenerator[AsyncSqliteSaver]:
    """Opens the checkpoints of a site; only plain values are read back from them."""
    async with aiosqlite.connect(state / CHECKPOINTS_FILE) as connection:
        yield AsyncSqliteSaver(
            connection,
            serde=JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None),
        )
