"""Table of the suite in which a proposer deceives."""

from collections.abc import Iterator, Sequence

from handwheel.evaluation.benchmark.hold_spec import PROGRAM_CASES
from handwheel.evaluation.benchmark.holding.hold_result import HoldResult, total
from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.summary import by_case

from ..shell.terminal.show import in_columns
from ..shell.terminal.wrap import fold

_FRAMES = {
    "frames": "frames", "unsigned": "unsigned", "doubled": "doubled", "lying": "lying labels"
}  # fmt: skip
_OF_LIARS = ("episodes", "requests", "denied", "refused", "approved")
_OF_PROGRAMS = (
    "episodes", "killed", "requests", "proposed", "denied", "approved", "ordered", "followed"
)  # fmt: skip
_WORDS = (
    "approved: requests that enough people have signed; unsigned, doubled: frames that no person "
    "has signed, or that came more often; lying labels: writes of signed cards whose value is not "
    "that of the bytes"
)
_LIARS_WORDS = "denied: by the policy; refused: attempts that ledger, format or card did not take"
_PROGRAMS_WORDS = (
    "killed: how often the program was; proposed: requests of the program; denied: by the policy; "
    "ordered, followed: episodes in which hostile texts ordered a write, and those in which the "
    "program proposed it"
)


def hold_results(results: Sequence[Result]) -> list[HoldResult]:
    """Returns the results of episodes with a proposer that deceives."""
    return [each for each in results if isinstance(each, HoldResult)]


def hold_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yields a row for each count, with a column for each case and one for all of them."""
    cases = {**by_case(results), "all": results}
    counts = [total(hold_results(found)) for found in cases.values()]
    of_programs = any(each.case in PROGRAM_CASES for each in results)
    names = _OF_PROGRAMS if of_programs else _OF_LIARS
    shown = {**{each: each for each in names}, **_FRAMES}
    rows = [("case", *cases)]
    rows += [(text, *(str(getattr(each, name)) for each in counts)) for name, text in shown.items()]
    yield from in_columns(rows, ["  "] * len(cases), right=set(range(1, len(cases) + 1)))
    yield fold(f"{_PROGRAMS_WORDS if of_programs else _LIARS_WORDS}; {_WORDS}", 2)
