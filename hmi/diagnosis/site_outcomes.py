"""Reads predictions from closed cases of a site whose work order has told the fault."""

from collections.abc import Iterator

from handwheel.agents.diagnosis.probability import LEAST_DB
from handwheel.agents.memory.episode import Episode
from handwheel.agents.memory.episode_reader import read_episodes
from handwheel.connectors.model.site import Site
from handwheel.evaluation.calibration.prediction import Prediction
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger

from ..shell.terminal.wrap import warn


def read_outcomes(site: Site) -> list[Prediction]:
    """Reads what was said of each case whose fault is known. Damaged cases are told and left out.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    if not has_ledger(site.state):
        return []  # opening would create it
    with connect.open_ledger(site) as database:
        episodes = read_episodes(database, site)
    for problem in episodes.problems:
        warn(f"skipped: {problem}")
    return [each for episode in episodes.found for each in predictions_of(episode)]


def predictions_of(episode: Episode) -> Iterator[Prediction]:
    """Yields what was said of a closed case, nothing if no work order tells what was found."""
    found = {each.found for each in episode.orders if each.found}
    if not episode.closed_at or not found:
        return
    for each in episode.diagnosis.hypotheses:
        if each.ahead_db is not None and each.total_db >= LEAST_DB:
            is_true = bool(found & {each.id, each.mode})
            yield Prediction(episode.case_id, each.id, each.total_db, each.ahead_db, is_true)
