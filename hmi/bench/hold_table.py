"""Table of the suite in which a proposer deceives."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple

from handwheel.evaluation.benchmark.holding.hold_result import HoldResult, total
from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.summary import by_case

from ..shell.terminal.columns import in_columns
from ..shell.terminal.wrap import fold

_HEAD = (
    "case", "episodes", "requests", "denied", "refused", "approved", "frames", "unsigned",
    "doubled", "lying labels",
)  # fmt: skip


def hold_results(results: Sequence[Result]) -> list[HoldResult]:
    """Returns the results of episodes with a proposer that deceives."""
    return [each for each in results if isinstance(each, HoldResult)]


def hold_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yields a row for each case and one for all of them, with the sums over all episodes."""
    cases = {**by_case(results), "all": results}
    rows = [(case, *map(str, astuple(total(hold_results(found))))) for case, found in cases.items()]
    width = len(_HEAD)
    yield from in_columns([_HEAD, *rows], ["  "] * (width - 1), right=set(range(1, width)))
    yield fold(
        "denied: by the policy; refused: attempts that ledger, format or card did not take; "
        "approved: requests that enough people have signed; unsigned, doubled: frames that no "
        "person has signed, or that came more often; lying labels: writes of signed cards whose "
        "value is not that of the bytes",
        2,
    )
