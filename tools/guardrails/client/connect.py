"""Opens the ledger of a site, over the gate's socket while there is a gate."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from handwheel.connectors.model.site import Site

from ...errors import NoGate
from ..ledger.store.database import Database, Ledger
from ..ledger.store.journal import JournalRow
from ..ledger.store.log_file import ledger_file
from ..signatures.message import Message
from .gate_client import GateClient

_NOTHING_NEW = "nothing new comes"


class LedgerFile(Database):
    """Ledger of a site whose gate does not run, as it was when it was opened, to read only."""

    def submit(self, message: Message) -> Sequence[JournalRow]:
        """Raises `NoGate`, since nobody is there to take the message."""
        raise NoGate

    def follow(self) -> NoReturn:
        """Raises `NoGate`, since nothing can change."""
        raise NoGate(_NOTHING_NEW)

    def wait(self, timeout_s: float) -> NoReturn:
        """Raises `NoGate`, since nothing can change."""
        raise NoGate(_NOTHING_NEW)

    async def wait_async(self, timeout_s: float) -> NoReturn:
        """Raises `NoGate`, since nothing can change."""
        raise NoGate(_NOTHING_NEW)


@contextmanager
def open_ledger(site: Site) -> Generator[Ledger]:
    """Opens the running gate's ledger, or without a gate a copy of the file, to read only.

    Raises:
        NoGate: No gate is running, and this user may not read the file.
        LedgerError: The gate does not answer, or the file cannot be used.
    """
    try:
        client = GateClient(site.state, site.id)
    except NoGate:
        with _file(site) as file:
            yield file
        return
    with client:
        yield client


def _file(site: Site) -> LedgerFile:
    folder = ledger_file(site.state).parent
    if os.path.lexists(folder) and folder.lstat().st_uid != os.geteuid():
        raise NoGate("its ledger, another user's, cannot be read")
    return LedgerFile(site.state, site.id, read_only=True)
