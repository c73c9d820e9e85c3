"""Somebody with an SQL shell, who takes every step that the ledger allows but the signature."""

import json
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex
from shutil import copyfile

from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import next_row
from handwheel.tools.guardrails.signatures.decisions import Signed
from handwheel.tools.requests.canonical import canonical, digest, parse_canonical
from handwheel.tools.requests.timestamps import Instant, stamp


def forge_approvals(ledger: Path, now: Instant) -> bool:
    """Approves what waits, and sets due whatever could be; returns whether there was anything."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as shell:
        requests = shell.execute(
            "UPDATE request SET state = 'APPROVED', approved_at = ?, approved_boot_ms = ? "
            "WHERE state IN ('PENDING', 'PARTIAL')",
            (stamp(now.wall), now.boot_ms),
        )
        actions = shell.execute(
            "UPDATE action SET state = 'DUE', due_boot_ms = ? WHERE state = 'PLANNED' "
            "AND request_id IN (SELECT request_id FROM request WHERE state = 'APPROVED')",
            (now.boot_ms,),
        )
        return requests.rowcount + actions.rowcount > 0


@contextmanager
def without_triggers(shell: sqlite3.Connection, *names: str) -> Generator[None]:
    """Takes triggers away and puts them back, as somebody would who wants to leave no trace."""
    shell.execute("BEGIN IMMEDIATE")
    made = dict(shell.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
    for name in names or made:
        shell.execute(f"DROP TRIGGER {name}")
    yield
    for name in names or made:
        shell.execute(made[name])
    shell.execute("COMMIT")


def insert_decision(
    shell: sqlite3.Connection,
    request_id: str,
    signed: Signed,
    card: str | None,
    *,
    verdict: str = "",
) -> None:
    """Puts a decision beside a request, whichever it is about, and whatever it says."""
    said = json.loads(signed.text)
    shell.execute(
        "INSERT INTO decision(request_id, verdict, subject, nonce, text, signature, card) "
        "VALUES (?, ?, '', ?, ?, ?, ?)",
        (request_id, verdict or said["verdict"], said["nonce"], signed.text, signed.signature_hex,
         card),
    )  # fmt: skip


def insert_site_decision(
    shell: sqlite3.Connection, verdict: str, subject: str, signed: Signed, chain: str | None
) -> None:
    """Writes a decision about a lockout or a key, whoever has signed it."""
    shell.execute(
        "INSERT INTO decision(verdict, subject, nonce, text, signature, chain) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (verdict, subject, token_hex(16), signed.text, signed.signature_hex, chain),
    )


def append_row(
    database: Database, now: Instant, kind: str, subject: str, body: object,
    change: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    """Appends a row and keeps the chain.

    Args:
        change: Other values of the row's keys; `None` takes a key away.
    """
    row = next_row(database.head(), now, kind, subject, body)
    fields = {**parse_canonical(row.text), **(change or {})}
    text = canonical({key: value for key, value in fields.items() if value is not None})
    values = (row.seq, digest("journal", text), text)
    with database.transaction(now) as transaction:
        transaction.change("INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)", values)


@contextmanager
def shell_of(state: Path) -> Generator[sqlite3.Connection]:
    """The ledger's file, opened behind the ledger's back."""
    with closing(sqlite3.connect(state / "ledger.db", isolation_level=None)) as shell:
        yield shell


def copy_ledger(state: Path, folder: Path) -> None:
    """Copies a ledger, which may be in use, with its anchors."""
    with shell_of(state) as live, closing(sqlite3.connect(folder / "ledger.db")) as target:
        live.backup(target)
    copyfile(state / "anchors", folder / "anchors")


def write_text(state: Path, request_id: str, text: str) -> None:
    """Puts another text under a request, and the digest that it has."""
    guards = "request_is_fixed", "request_moves"
    with shell_of(state) as shell, without_triggers(shell, *guards):
        shell.execute(
            "UPDATE request SET text = ?, digest = ? WHERE request_id = ?",
            (text, digest("request", text), request_id),
        )
