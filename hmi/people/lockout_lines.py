"""What is locked out, as lines: with a gate or without one."""

from collections.abc import Iterable

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.interlocks.lockout_files import read_lockouts
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.signatures.administrators import locked_out
from handwheel.tools.safe_text import plain, printable


def file_words(said: str) -> str:
    """Returns what the file of a lockout said of who made it, and what that is worth."""
    quoted = printable(said).replace('"', "'")  # nothing in it ends the quotation
    return f'its file said: "{quoted}"; anybody can write that'


def lockout_lines(
    site: Site, database: Database, latched: Iterable[str] | None = None
) -> list[str]:
    """Returns a line for each scope that is locked out: by its file, or latched by a gate.

    Args:
        latched: What a gate says is latched; `None` asks the ledger.

    Raises:
        LedgerError: The ledger is asked, and cannot be read.
    """
    known = locked_out(site, database) if latched is None else latched
    scopes = {*known, *read_lockouts(site.state)}
    return [f"LOCKED OUT: {plain(scope)}" for scope in sorted(scopes)]
