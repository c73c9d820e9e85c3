"""Opening of a site's ledger by a process that is not the gate's."""

from collections.abc import Generator
from contextlib import contextmanager

from handwheel.connectors.model.site import Site

from ..ledger.store.database import Database


@contextmanager
def open_ledger(site: Site) -> Generator[Database]:
    """Opens a site's ledger. Raises `LedgerError` if it cannot be used."""
    with Database(site.state, site.id) as database:
        yield database
