"""End of the agents of a site, which only its gate knows."""

from ...requests.timestamps import Instant
from ..ledger.runner_lock import is_runner_alive
from ..ledger.store.database import Ledger
from .plant_snapshot import read_snapshot


def have_agents_stopped(database: Ledger, now: Instant) -> bool:
    """Whether nobody works on the site's runs. Nobody knows it while no gate answers."""
    return not is_runner_alive(database, now) and read_snapshot(database) is not None
