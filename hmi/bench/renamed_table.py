"""Table of the suite whose episodes are played under other names too."""

from collections.abc import Iterator, Sequence

from handwheel.evaluation.benchmark.programs.renamed_result import Renamed, recall_gap
from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.summary import Share, by_case

from ..shell.terminal.show import in_columns
from ..shell.terminal.wrap import fold

_HEAD = ("case", "n", "own names", "other names", "recall gap", "95 % interval", "wrong")


def renamed_results(results: Sequence[Result]) -> list[Renamed]:
    """Returns the results of episodes that were played under other names too."""
    return [each for each in results if isinstance(each, Renamed)]


def renamed_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yields a row for each case and one for all of them."""
    cases = {**by_case(results), "all": results}
    rows = [_row(case, renamed_results(found)) for case, found in cases.items()]
    width = len(_HEAD)
    yield from in_columns([_HEAD, *rows], ["  "] * (width - 1), right=set(range(1, width)))
    yield fold(
        "own names, other names: right; recall gap: their difference, of pairs of the same case "
        "and seed, in percentage points; wrong: under other names",
        2,
    )


def _row(case: str, results: Sequence[Renamed]) -> tuple[str, ...]:
    gap = recall_gap(results)
    low, high = gap.interval
    wrong = sum(each.outcome == "wrong" for each in results)
    return (
        case, str(len(results)), _percent(gap.own), _percent(gap.other), f"{100 * gap.value:+.0f}",
        f"{100 * low:+.0f} to {100 * high:+.0f}", str(wrong or "-"),
    )  # fmt: skip


def _percent(share: Share) -> str:
    return f"{share.value:.0%}"
