"""Tells whether the agents of a site have ended, which only its gate knows."""

from ...errors import LedgerError
from ...requests.timestamps import Instant
from ..approval.plant_snapshot import read_snapshot
from ..ledger.runner_lock import is_runner_alive
from ..ledger.store.database import Ledger
from .gate_client import GateClient


def have_agents_stopped(database: Ledger, now: Instant) -> bool:
    """Whether nobody works on the site's runs. Nobody knows it while no gate answers."""
    if is_runner_alive(database, now) or not _is_answered(database):
        return False
    if isinstance(database, GateClient):
        database.catch_up()  # a gate that has just started still knows the agents
    return not is_runner_alive(database, now)


def _is_answered(database: Ledger) -> bool:
    try:
        return read_snapshot(database) is not None
    except LedgerError:
        return False
