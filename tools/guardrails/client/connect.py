"""Opens the ledger of a site, over the gate's socket while there is a gate."""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from handwheel.connectors.model.site import Site

from ...errors import NoGate
from ..ledger.store.database import Database, Ledger
from ..ledger.store.journal import Anchors, JournalRow
from ..ledger.store.ledger import JournalReader
from ..ledger.store.log_file import ANCHORS, ledger_file, read_rows
from ..signatures.message import Message
from .gate_client import GateClient


class LedgerFile(Database):
    """Ledger of a site whose gate does not run, as it was when it was opened, to read only."""

    def submit(self, message: Message) -> Sequence[JournalRow]:
        """Raises `NoGate`, since nobody is there to take the message."""
        raise NoGate


class JournalFile:
    """Rows and anchors as they were in the file, which nothing was concluded from."""

    def __init__(self, state: Path, site: str) -> None:
        path = ledger_file(state)
        self._anchors = Anchors(path.with_name(ANCHORS)).lines()
        self._rows = [JournalRow(*each) for each in read_rows(path, site)]

    def journal(self, after: int = 0) -> Iterator[JournalRow]:
        """Yields the rows in order, those after a number."""
        return (row for row in self._rows if row.seq > after)

    def anchor_lines(self) -> list[str]:
        """Returns the lines of the anchors."""
        return self._anchors


@contextmanager
def open_ledger(site: Site) -> Generator[Ledger]:
    """Opens the running gate's ledger, or without a gate a copy of the file, to read only.

    Raises:
        NoGate: No gate is running, and this user may not read the file.
        LedgerError: The gate does not answer, or the file cannot be used.
    """
    with _client(site) or LedgerFile(site.state, site.id, read_only=True) as found:
        yield found


@contextmanager
def open_journal(site: Site) -> Generator[JournalReader]:
    """Opens rows and anchors as `open_ledger`, also of a file on which no gate would start."""
    with _client(site) or nullcontext(JournalFile(site.state, site.id)) as found:
        yield found


def _client(site: Site) -> GateClient | None:
    """Returns a client of the running gate, or `None` if there is none and the file may be read."""
    try:
        return GateClient(site.state, site.id)
    except NoGate:
        folder = ledger_file(site.state).parent
        if os.path.lexists(folder) and folder.lstat().st_uid != os.geteuid():
            raise NoGate("its ledger, another user's, cannot be read") from None
        return None
