"""What can befall a ledger while a gate works with it, each brought about in the file itself."""

import resource
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager

from .with_oracle import Watched

Trouble = Callable[[Watched], AbstractContextManager[None]]


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
def read_only(room: Watched) -> Generator[None]:
    """Nothing can be written, as on a disk that was mounted anew."""
    connection = room.desk.database.tables.connection
    connection.execute("PRAGMA query_only = ON")
    yield
    connection.execute("PRAGMA query_only = OFF")


@contextmanager
def removed(room: Watched) -> Generator[None]:
    """The file is somewhere else."""
    path = room.desk.database.path
    kept = path.rename(path.with_name("kept.db"))
    yield
    kept.rename(path)


@contextmanager
def replaced(room: Watched) -> Generator[None]:
    """Another file stands in the place of the ledger."""
    with removed(room):
        path = room.desk.database.path
        path.touch()
        yield
        path.unlink()


GONE: Mapping[str, tuple[Trouble, str]] = {
    "removed": (removed, "No such file or directory; nothing is sent"),
    "replaced": (replaced, "was replaced while it was open; nothing is sent"),
}
"""How the file goes away, and what the gate says of it."""
TROUBLES: Mapping[str, tuple[Trouble, str]] = {
    "full": (full, "disk I/O error; is the disk full, or broken?"),
    "read-only": (read_only, "attempt to write a readonly database"),
}
"""How each comes about, and what the gate says of it."""
