"""Edits of what an agent's process has stored, by whoever can write its folder."""

import json
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

Edit = Callable[[bytes], bytes]
_INTERRUPT = "__interrupt__"


def replacing(old: float, new: float) -> Edit:
    """Returns an edit that puts one number in place of another, as text and as packed double."""

    def edit(stored: bytes) -> bytes:
        text = stored.replace(str(old).encode(), str(new).encode())
        return text.replace(struct.pack(">d", old), struct.pack(">d", new))

    return edit


def edit_all(store: Path, edit: Edit) -> None:
    """Edits all that is stored."""
    for path in store.glob("*.json"):
        path.write_bytes(_without_digests(edit(path.read_bytes())))
    for path in store.glob("*.sqlite"):
        _edit_rows(path, "checkpoints", "checkpoint", "1", edit)
        _edit_rows(path, "writes", "value", "1", edit)


def edit_shown(store: Path, edit: Edit) -> None:
    """Edits only the copy that a person is shown."""
    for path in store.glob("requests.json"):
        path.write_bytes(edit(path.read_bytes()))
    for path in store.glob("state.json"):
        state: dict[str, Any] = json.loads(path.read_bytes())
        shown = json.dumps(state["current_step"]).encode()
        state["current_step"] = json.loads(edit(shown))
        path.write_bytes(_without_digests(json.dumps(state).encode()))
    for path in store.glob("*.sqlite"):
        _edit_rows(path, "writes", "value", f"channel = '{_INTERRUPT}'", edit)


def _without_digests(stored: bytes) -> bytes:
    """Empties the digests of calls that the OpenAI SDK keeps, without a key, beside the calls."""
    state = json.loads(stored)
    if isinstance(state, dict) and "tool_invocations" in state.get("context", ()):
        state["context"]["tool_invocations"] = {}
    return json.dumps(state).encode()


def _edit_rows(path: Path, table: str, column: str, which: str, edit: Edit) -> None:
    with closing(sqlite3.connect(path)) as opened, opened:
        rows = opened.execute(f"SELECT rowid, {column} FROM {table} WHERE {which}").fetchall()  # noqa: S608
        changed = [(edit(stored), rowid) for rowid, stored in rows]
        opened.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", changed)  # noqa: S608
