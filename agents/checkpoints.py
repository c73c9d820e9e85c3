"""LangGraph's checkpoints. They hold the position of each thread and no safety state."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Collection, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from handwheel.tools.problem_log import ProblemLog

CHECKPOINTS_FILE = "checkpoints.db"
"""Name in the site's state folder. Deleting the file loses only what `cases show --why` adds."""
KEPT = 20
"""Number of the latest deliberations of a thread that are kept, beside the first that chose."""
_KEPT_FOR = timedelta(days=30)  # after the latest checkpoint of a thread that is over
_READ = 200  # checkpoints of a thread that are read at most; older ones are removed unread
_PAGES = 2500  # that are given back to the file system at once, 10 MB
_FAULTS = (sqlite3.Error, AttributeError, ValueError, LookupError, TypeError)

# A checkpoint that is written meanwhile is newer than all that were read, and stays.
_PRUNE = """DELETE FROM checkpoints WHERE thread_id = ? AND checkpoint_id < ?
AND checkpoint_id NOT IN (SELECT value FROM json_each(?))"""
_PRUNE_WRITES = "DELETE FROM writes WHERE thread_id = ? AND checkpoint_id < ?"


class Checkpoints(AsyncSqliteSaver):
    """Checkpoints of a site, which are bounded.

    LangGraph writes the whole state at each step, and reads only the newest of a thread. People
    are told the last of each deliberation.
    """

    _report = ProblemLog(__name__)

    async def keep_latest(self, thread: str, unrecorded: str) -> None:
        """Removes what nobody reads of a thread. See `KEPT`.

        Args:
            unrecorded: Stamp of a deliberation that no row of the journal tells, empty for none.
        """
        with self._told(thread):
            await self._prune(thread, unrecorded)

    async def _prune(self, thread: str, unrecorded: str) -> None:
        found = [each async for each in self.alist(thread_config(thread), limit=_READ)]
        if not found:
            return
        newest = found[0].checkpoint["id"]
        last: dict[str, str] = {}  # checkpoint of each deliberation, the latest first
        first = ""
        for each in found:
            values, name = each.checkpoint["channel_values"], each.checkpoint["id"]
            plan, at = values.get("plan"), str(values.get("at", ""))
            if plan and at != unrecorded and at not in last:
                last[at] = name
                first = name if plan["choice"] else first
        kept = json.dumps([*list(last.values())[:KEPT], first])
        async with self.lock:
            await self.conn.execute(_PRUNE, (thread, newest, kept))
            await self.conn.execute(_PRUNE_WRITES, (thread, newest))
            await self.conn.commit()

    async def remove_old(self, now: datetime, still_open: Collection[str]) -> None:
        """Removes the threads that were over a month ago, except some.

        Args:
            now: Time of the computer.
            still_open: Threads that stay, whatever their age.
        """
        with self._told(CHECKPOINTS_FILE):
            await self.setup()
            async with self.conn.execute("SELECT DISTINCT thread_id FROM checkpoints") as rows:
                threads = [str(each) for (each,) in await rows.fetchall()]
            for each in threads:
                with self._told(each):
                    if each not in still_open and await self._is_old(each, now):
                        await self.adelete_thread(each)
            async with self.lock:
                # Only a script is stepped through to its end; else one page is given back.
                await self.conn.executescript(f"PRAGMA incremental_vacuum({_PAGES})")

    @contextmanager
    def _told(self, about: str) -> Generator[None]:
        """Logs what fails. The agents work on, and the file grows."""
        try:
            yield
            self._report(about, "")
        except _FAULTS as error:
            self._report(about, f"its checkpoints cannot be removed: {error}")

    async def _is_old(self, thread: str, now: datetime) -> bool:
        newest = await self.aget_tuple(thread_config(thread))
        return newest is not None and (
            now - datetime.fromisoformat(newest.checkpoint["ts"]) > _KEPT_FOR
        )


def thread_config(thread: str) -> RunnableConfig:
    """Returns the configuration by which LangGraph finds a thread."""
    return {"configurable": {"thread_id": thread}}


@asynccontextmanager
async def open_checkpoints(state: Path) -> AsyncGenerator[Checkpoints]:
    """Opens the checkpoints of a site, from which only plain values are read back."""
    path = state / CHECKPOINTS_FILE
    is_new = not path.exists()
    async with aiosqlite.connect(path) as connection:
        if is_new:  # a file that has tables would have to be written anew
            await connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        yield Checkpoints(
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
    except _FAULTS:
        return {}


async def _deliberations(state: Path, thread: str) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    async with open_checkpoints(state) as saver:
        async for each in saver.alist(thread_config(thread)):
            values = each.checkpoint["channel_values"]
            if values.get("plan"):
                found.setdefault(str(values.get("at", "")), values)
    return found
