"""What can befall a ledger while a gate works with it, each brought about in the file itself."""
# The gate's own connection is the one that has the trouble.
# pyright: reportPrivateUsage=false

import resource
import sqlite3
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager

from .with_oracle import Watched

Trouble = Callable[[Watched], AbstractContextManager[None]]


@contextmanager
def locked(room: Watched) -> Generator[None]:
    """Somebody else holds the write lock, and the gate does not wait for long."""
    room.context.database._connection.execute("PRAGMA busy_timeout = 0")
    with closing(_shell(room)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(_: Watched) -> Generator[None]:
    """Not one byte more goes into any file: names can be made, and nothing can be written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def unanchored(room: Watched) -> Generator[None]:
    """The file of the anchors cannot be opened: something else stands in its place."""
    anchors = room.site.state / "anchors"
    kept = anchors.rename(anchors.with_name("kept"))
    anchors.mkdir()
    yield
    anchors.rmdir()
    kept.rename(anchors)


@contextmanager
def at_the_intent(room: Watched, trouble: Trouble) -> Generator[None]:
    """The trouble begins when an intent is written and not yet committed."""
    reach = room.fuse.reach
    with ExitStack() as begun:

        def reach_or_begin(point: str) -> None:
            reach(point)
            is_written = "SELECT 1 FROM journal WHERE kind = 'action.intent'"
            if point == "in transaction" and room.context.database.all(is_written):
                room.fuse.reach = reach  # type: ignore[method-assign]
                begun.enter_context(trouble(room))

        room.fuse.reach = reach_or_begin  # type: ignore[method-assign]
        yield
    assert room.fuse.reach == reach, "no intent was written"


@contextmanager
def read_only(room: Watched) -> Generator[None]:
    """The gate's file is open for reading alone, as on a disk that was mounted anew.

    Rights would not do: a test that runs as root may write all the same.
    """
    database = room.context.database
    uri = f"file:{room.site.state / 'ledger.db'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as reader:
        reader.row_factory = sqlite3.Row
        mine, database._connection = database._connection, reader
        try:
            yield
        finally:
            database._connection = mine


@contextmanager
def corrupt(room: Watched) -> Generator[None]:
    """Every page but the first is overwritten, by another process: a close here drops locks."""
    path = room.site.state / "ledger.db"
    with closing(_shell(room)) as shell:
        shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages: int = shell.execute("PRAGMA page_count").fetchone()[0]
    kept = path.with_name("kept.db")
    subprocess.run(["cp", path, kept], check=True)
    noise = ["dd", "if=/dev/urandom", f"of={path}", "bs=4096", "seek=1", f"count={pages - 1}"]
    subprocess.run([*noise, "conv=notrunc", "status=none"], check=True)
    room.plant.on_frame = lambda frame: None  # the oracle cannot read it either
    yield
    subprocess.run(["dd", f"if={kept}", f"of={path}", "conv=notrunc", "status=none"], check=True)
    with closing(_shell(room)) as shell:  # whoever has read the noise reads anew
        version = shell.execute("PRAGMA user_version").fetchone()[0]
        shell.execute(f"PRAGMA user_version = {version}")


TROUBLES: Mapping[str, tuple[Trouble, str]] = {
    "locked": (locked, "database is locked"),
    "full": (full, "disk I/O error; is the disk full, or broken?"),
    "corrupt": (corrupt, "database disk image is malformed"),
    "read-only": (read_only, "attempt to write a readonly database"),
}
"""How each comes about, and what SQLite says of it."""


def _shell(room: Watched) -> sqlite3.Connection:
    return sqlite3.connect(room.site.state / "ledger.db", isolation_level=None)
