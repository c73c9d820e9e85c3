"""Runner lock. One process at a time works on the runs of a site.

The holder renews it; one that has died or stopped renewing loses it. Whatever the holder writes
about a run is checked against the lock in the same transaction, so that a process which was
stopped and wakes up again changes nothing.
"""

from pathlib import Path

from handwheel.connectors.hints import shell_command

from ...errors import PermitRefused
from ...requests.timestamps import Instant
from .store.database import Ledger, LostRace, Transaction

RUNS = "runs"
"""The lock of the process that works on the site's runs."""
RUNNER_LOCK_S = 10.0
"""How long the lock holds after it was renewed, on the boot clock."""


def take_runner_lock(database: Ledger, now: Instant, holder: str, pid: int) -> None:
    """Takes the lock for a process. Raises `PermitRefused` if another one that lives has it."""
    with database.transaction(now) as transaction:
        rows = transaction.all(
            "SELECT holder, pid, boot_id, renewed_boot_ms FROM lease WHERE name = ?", RUNS
        )
        if rows and _is_held(rows[0]["pid"], rows[0]["boot_id"], rows[0]["renewed_boot_ms"], now):
            raise PermitRefused(
                f"another process works on this site's runs: pid {rows[0]['pid']}; "
                f"end it first, there is one '{shell_command('run')}' for each site"
            )
        transaction.record("lease.taken", RUNS, {"pid": pid, "holder": holder})


def renew_runner_lock(database: Ledger, holder: str, now: Instant) -> None:
    """Keeps the lock for another while. Raises `LostRace` if another process has it by now."""
    with database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        transaction.change(
            "UPDATE lease SET renewed_boot_ms = ? WHERE name = ? AND holder = ?",
            (now.boot_ms, RUNS, holder),
        )


def extend_runner_lock(database: Ledger, since_ms: int, now: Instant) -> None:
    """Lets the lock hold longer after a time in which it could not be renewed.

    Raises `LostRace` if nobody had it when that time began.

    Args:
        since_ms: When it began, on the boot clock.
    """
    oldest_ms = since_ms - round(RUNNER_LOCK_S * 1000.0)
    with database.transaction(now) as transaction:
        transaction.change(
            "UPDATE lease SET renewed_boot_ms = renewed_boot_ms + ? "
            "WHERE name = ? AND boot_id = ? AND renewed_boot_ms >= ?",
            (now.boot_ms - since_ms, RUNS, now.boot_id, oldest_ms),
        )


def release_runner_lock(database: Ledger, holder: str, now: Instant) -> None:
    """Lets the next process take the lock at once."""
    with database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        pid = transaction.one("SELECT pid FROM lease WHERE name = ?", RUNS)
        transaction.record("lease.given_back", RUNS, {"pid": pid})


def check_runner_lock(transaction: Transaction, holder: str) -> None:
    """Raises `LostRace` if a process does not hold the lock any more."""
    rows = transaction.all(
        "SELECT boot_id, renewed_boot_ms FROM lease WHERE name = ? AND holder = ?", RUNS, holder
    )
    if not rows or not _is_fresh(rows[0]["boot_id"], rows[0]["renewed_boot_ms"], transaction.now):
        raise LostRace("this process does not work on the site's runs any more: its lock is over")


def is_runner_alive(database: Ledger, now: Instant) -> bool:
    """Whether a live process works on the site's runs."""
    return live_runner(database, now) is not None


def live_runner(database: Ledger, now: Instant) -> int | None:
    """Returns the process that works on the site's runs, or `None` if none is alive."""
    rows = database.all("SELECT pid, boot_id, renewed_boot_ms FROM lease WHERE name = ?", RUNS)
    return rows[0][0] if rows and _is_held(rows[0][0], rows[0][1], rows[0][2], now) else None


def _is_fresh(boot_id: str, renewed_boot_ms: int, now: Instant) -> bool:
    return boot_id == now.boot_id and now.boot_ms - renewed_boot_ms <= RUNNER_LOCK_S * 1000.0


def _is_held(pid: int, boot_id: str, renewed_boot_ms: int, now: Instant) -> bool:
    return _is_fresh(boot_id, renewed_boot_ms, now) and _is_alive(pid)


def _is_alive(pid: int) -> bool:
    """Whether a process of this machine exists. A zombie does not count.

    One that cannot be asked counts as there: its lock ends by itself.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
