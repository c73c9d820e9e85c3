"""Formats lockouts as lines, with or without a running gate."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager

import typer

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.interlocks.lockout_files import read_lockouts
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.safe_text import plain, printable


def note_text(note: str) -> str:
    """Returns the content of a lockout's file, marked as not verified."""
    quoted = printable(note).replace('"', "'")  # nothing in it ends the quotation
    return f'its file says: "{quoted}" (not verified)'


def lockout_lines(site: Site, database: Ledger, latched: Iterable[str] | None = None) -> list[str]:
    """Returns a line for each scope that is locked out by its file or latched by a gate.

    Without given latches they are read from the ledger, which raises `LedgerError`.
    """
    known = locked_scopes(database) if latched is None else latched
    scopes = {*known, *read_lockouts(site.state)}
    return [f"LOCKED OUT: {plain(scope)}" for scope in sorted(scopes)]


@contextmanager
def open_with_lockouts(site: Site, *, as_json: bool) -> Generator[Ledger]:
    """Opens the ledger. Where it cannot be read, lockouts are told by their files, then why."""
    try:
        with connect.open_ledger(site) as database:
            yield database
    except LedgerError:
        if not as_json:
            for scope in sorted(read_lockouts(site.state)):
                typer.echo(f"LOCKED OUT: {plain(scope)}  by its file")
        raise
