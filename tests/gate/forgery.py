"""Somebody with an SQL shell, who takes every step that the ledger allows but the signature."""

import sqlite3
from contextlib import closing
from pathlib import Path

from handwheel.tools.requests.stamps import Instant, stamp


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
