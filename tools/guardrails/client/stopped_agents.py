"""Whether the agents of a site have ended, which only its gate knows."""

from ...requests.timestamps import Instant
from ..approval.plant_snapshot import read_snapshot
from ..ledger.runner_lock import is_runner_alive
from ..ledger.store.database import Ledger
from .gate_client import GateClient


def have_agents_stopped(database: Ledger, now: Instant) -> bool:
    """Whether nobody works on the site's runs. Nobody knows it while no gate answers."""
    if is_runner_alive(database, now) or read_snapshot(database) is None:
        return False
    if isinstance(database, GateClient):
        database.catch_up()  # a gate that has just started still knows the agents
    return not is_runner_alive(database, now)
