"""Predictions for closed cases of a site, and how far they were true, as text and JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import isinf
from typing import Any

from handwheel.agents.diagnosis.probability import LEAST_DB
from handwheel.agents.memory.episode import Episode
from handwheel.agents.memory.episode_reader import read_episodes
from handwheel.connectors.model.site import Site
from handwheel.evaluation.calibration.mode_offsets import LEAST_CASES, ModeOffset
from handwheel.evaluation.calibration.prediction import Prediction
from handwheel.evaluation.calibration.reliability import Bin, Reliability
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger
from handwheel.tools.safe_text import plain

from ..shell.terminal.plural import counted
from ..shell.terminal.show import in_columns
from ..shell.terminal.wrap import fold, warn

_ACROSS = 21  # cells of the diagram, 5 % each
_HEAD = ("odds, dB", "said", "true", "95 %", "n", "cases", "0 %".ljust(_ACROSS - 5) + "100 %")
_MODE_HEAD = ("failure mode", "n", "cases", "said", "true", "off, dB", "")
_LONG = 34  # characters of a mode's name


def reliability_lines(found: Reliability, modes: Sequence[ModeOffset]) -> Iterator[str]:
    """Yields the diagram with a row for each bin, the scores, and a row for each failure mode."""
    rows = [_HEAD, *(_bin_row(each) for each in found.bins)]
    yield from in_columns(rows, ["  "] * 6, right={0, 1, 2, 3, 4, 5})
    yield fold("│ said, ● true, ─ its interval, for which each case counts once", 2)
    yield fold(
        f"{counted(found.n, 'prediction')} in {counted(found.cases, 'case')}, "
        f"{found.true:.0%} true: Brier score {found.brier:.3f} ({found.brier_of_share:.3f} if "
        f"always {found.true:.0%} were said), expected calibration error "
        f"{found.calibration_error:.1%}, log loss {found.log_loss:.3f}",
        2,
    )
    yield ""
    rows = [_MODE_HEAD, *(_mode_row(each) for each in modes)]
    yield from in_columns(rows, ["  "] * 6, right={1, 2, 3, 4, 5})
    yield fold(
        "off: what the sum of the mode lacks, such as in its prior, ± one standard deviation; "
        f"too few: less than {LEAST_CASES} cases. A suggestion, nothing is changed",
        2,
    )


def reliability_fields(found: Reliability, modes: Sequence[ModeOffset]) -> dict[str, Any]:
    """Returns all of it as plain JSON. A bin without an end has `null` there."""
    return {
        "n": found.n, "cases": found.cases, "true": found.true, "brier": found.brier,
        "brier_of_share": found.brier_of_share, "log_loss": found.log_loss,
        "calibration_error": found.calibration_error,
        "bins": [
            asdict(each)
            | {name: None for name in ("from_db", "to_db") if isinf(getattr(each, name))}
            | {"interval": each.interval}
            for each in found.bins
        ],
        "modes": [asdict(each) | {"judgement": each.judgement} for each in modes],
    }  # fmt: skip


def bin_label(each: Bin) -> str:
    """Returns the decibans between which the odds of a bin lie."""
    low, high = (f"{end:+.0f}" if end else "0" for end in (each.from_db, each.to_db))
    if isinf(each.from_db):
        return f"below {high}"
    return f"from {low}" if isinf(each.to_db) else f"{low} to {high}"


def _bin_row(each: Bin) -> tuple[str, ...]:
    low, high = each.interval
    return (
        bin_label(each), f"{each.predicted:.0%}", f"{each.true:.0%}", f"{low:.0%} to {high:.0%}",
        str(each.n), str(each.cases), _row(each),
    )  # fmt: skip


def _row(each: Bin) -> str:
    shares = (*each.interval, each.true, each.predicted)
    low, high, true, said = (round(share * (_ACROSS - 1)) for share in shares)
    cells = ["─" if low <= n <= high else " " for n in range(_ACROSS)]
    cells[said] = "┼" if cells[said] == "─" else "│"
    cells[true] = "●"
    return "".join(cells).rstrip()


def _mode_row(each: ModeOffset) -> tuple[str, ...]:
    return (
        plain(each.mode, _LONG), str(each.n), str(each.cases), f"{each.predicted:.0%}",
        f"{each.true:.0%}", f"{each.offset_db:+.0f} ± {each.spread_db:.0f}", each.judgement,
    )  # fmt: skip


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
