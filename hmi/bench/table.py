"""Tables of a benchmark's results for the terminal."""

from collections.abc import Iterator, Mapping, Sequence

from handwheel.evaluation.benchmark.hold_spec import PROGRAM_CASES
from handwheel.evaluation.benchmark.holding.hold_result import HoldResult, total
from handwheel.evaluation.benchmark.judge import Diagnosed, wrong_without_baseline
from handwheel.evaluation.benchmark.programs.renamed import Renamed, recall_gap
from handwheel.evaluation.benchmark.responding.judge_response import Responded, response_summary
from handwheel.evaluation.benchmark.results import IS_RIGHT, Result, of_kind
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.evaluation.benchmark.summary import Share, Summary, by_case, meets, summary

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


def hold_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yields a row for each count, with a column for each case and one for all of them."""
    cases = {**by_case(results), "all": results}
    counts = [total(of_kind(HoldResult, found)) for found in cases.values()]
    of_programs = any(each.case in PROGRAM_CASES for each in results)
    names = _OF_PROGRAMS if of_programs else _OF_LIARS
    shown = {**{each: each for each in names}, **_FRAMES}
    rows = [("case", *cases)]
    rows += [(text, *(str(getattr(each, name)) for each in counts)) for name, text in shown.items()]
    yield from _columns(rows)
    yield fold(f"{_PROGRAMS_WORDS if of_programs else _LIARS_WORDS}; {_WORDS}", 2)


_RENAMED_HEAD = ("case", "n", "own names", "other names", "recall gap", "95 % interval", "wrong")


def renamed_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yields a row for each case and one for all of them."""
    cases = {**by_case(results), "all": results}
    rows = [_renamed_row(case, of_kind(Renamed, found)) for case, found in cases.items()]
    yield from _columns([_RENAMED_HEAD, *rows])
    yield fold(
        "own names, other names: right; recall gap: their difference, of pairs of the same case "
        "and seed, in percentage points; wrong: under other names",
        2,
    )


def _renamed_row(case: str, results: Sequence[Renamed]) -> tuple[str, ...]:
    gap = recall_gap(results)
    low, high = gap.interval
    wrong = sum(each.outcome == "wrong" for each in results)
    return (
        case, str(len(results)), _percent(gap.own), _percent(gap.other), f"{100 * gap.value:+.0f}",
        f"{100 * low:+.0f} to {100 * high:+.0f}", str(wrong or "-"),
    )  # fmt: skip


_HEAD = ("case", "n", "right", "95 % interval", "pass^5", "wrong", "symptom")
_HARM_HEAD = ("case", "trips", "alone", "excess", "alone", "better", "worse", "requests/h", "kept")
_MOST_SEEDS = 8  # of one outcome in a line


def heading(suite: Suite) -> str:
    """Returns the line above the table of a suite, where several are shown."""
    return fold(f"{suite.name}: {suite.file.title}", 2)


def lines(suite: Suite, results: Sequence[Result], wanted: int) -> Iterator[str]:
    """Yields a row for each case and one for all of them, then what was not right, and why.

    Args:
        wanted: Number of results of the whole run. If there are fewer, the goals are not judged.
    """
    if not results:
        yield f"not whole, 0 of {wanted}: nothing was played to its end"
        return
    if suite.file.hold:
        yield from hold_lines(results)
    elif suite.file.renamed:
        yield from renamed_lines(results)
    else:
        yield from _case_lines(suite, results)
    yield from _not_right(results)
    if (unlearnt := wrong_without_baseline(results)).of:
        low, high = unlearnt.interval
        shown = f"wrong {unlearnt.value:.1%}, {low:.0%} to {high:.0%}"
        yield f"without a baseline, on the same plants: {shown}"
    held = of_kind(HoldResult, results)
    count = total(held).episodes if held else len(results)
    whole = count // len(results) * wanted
    yield _verdict(suite, results, f"{count} of {whole} episodes" if count < whole else "")
    cpu_s = sum(each.cpu_s for each in results)
    yield f"{count} {'episode' if count == 1 else 'episodes'} took {cpu_s:.1f} s of CPU time"


def _verdict(suite: Suite, results: Sequence[Result], part: str) -> str:
    whole, goal = summary(results), suite.file.goal
    verdict = f"not whole, {part}" if part else f"goals {'met' if meets(whole, goal) else 'missed'}"
    failed = f", the program failed in {whole.failed.count} of {whole.failed.of} episodes"
    return fold(
        f"{verdict}: right {whole.right.value:.1%} (at least {goal.right:.0%}), "
        f"wrong {whole.wrong.value:.1%} (at most {goal.wrong:.0%})"
        f"{failed if whole.failed.count else ''}",
        2,
    )


def _case_lines(suite: Suite, results: Sequence[Result]) -> Iterator[str]:
    cases = by_case(results)
    whole = summary(results)
    answered = "asked" if suite.file.respond else "named"
    rows: list[tuple[str, ...]] = [(*_HEAD, answered, "alarm")]
    rows += [_row(case, summary(found)) for case, found in cases.items()]
    rows.append(_row("all", whole))
    yield from _columns(rows)
    yield f"symptom, {answered}, alarm: median minutes after the onset"
    yield from _harm({**cases, "all": results})
    if suite.file.respond:
        yield ", ".join(f"{name} {count}" for name, count in sorted(whole.outcomes.items()))


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    width = len(rows[0])
    yield from in_columns(rows, ["  "] * (width - 1), right=set(range(1, width)))


def _row(case: str, found: Summary) -> tuple[str, ...]:
    low, high = found.right.interval
    return (
        case, str(found.right.of), _percent(found.right), f"{low:.0%} to {high:.0%}",
        _percent(found.all_five), str(found.wrong.count or "-"),
        _minutes(found.symptom_s), _minutes(found.answered_s), _minutes(found.alarm_s),
    )  # fmt: skip


def _harm(cases: Mapping[str, Sequence[Result]]) -> Iterator[str]:
    """Yields a second table if the agents have acted."""
    acted = {case: of_kind(Responded, found) for case, found in cases.items()}
    if not any(acted.values()):
        return
    yield ""
    models = response_summary(acted["all"]).models
    head = (*_HARM_HEAD, "tokens") if models else _HARM_HEAD
    yield from _columns([head, *(_harm_row(case, found) for case, found in acted.items() if found)])
    yield fold(
        "alone: the same plant and seed without agents; excess: mean minutes beyond the alarm "
        "limits, times the share of the span; kept: promises of the requests"
        f"{'; tokens: of prompts + answers of the models, mean of an episode' if models else ''}",
        2,
    )
    if models:
        cost = [f"{amount:.4f} {currency}" for currency, amount in sorted(models.cost.items())]
        yield f"the models took {', '.join([f'{models.tokens} tokens', *cost])}"


def _harm_row(case: str, results: Sequence[Responded]) -> tuple[str, ...]:
    found = response_summary(results)
    return (
        case, str(found.trips.count or "-"), str(found.trips_alone.count or "-"),
        f"{found.excess_minutes:.1f}", f"{found.excess_minutes_alone:.1f}",
        str(found.better.count or "-"), str(found.worse.count or "-"),
        f"{found.requests_per_hour:.1f}", _percent(found.kept),
        *([found.models.mean(len(results)).tokens] if found.models else []),
    )  # fmt: skip


def _percent(share: Share) -> str:
    return f"{share.value:.0%}" if share.of else "-"


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60.0:.1f}"


def _not_right(results: Sequence[Result]) -> Iterator[str]:
    """Yields what was said or done instead, with the seeds, to run an episode again."""
    said: dict[tuple[str, str], list[int]] = {}
    for each in results:
        if each.outcome not in IS_RIGHT:
            said.setdefault((each.case, each.instead), []).append(each.seed)
        if each.program_failed:
            said.setdefault((each.case, f"the program {each.program_failed}"), []).append(each.seed)
        for name, why in each.played.failed.items() if isinstance(each, Diagnosed) else ():
            said.setdefault((each.case, f"method {name} failed: {why}"), []).append(each.seed)
    for (case, what), seeds in sorted(said.items()):
        shown = ", ".join(map(str, seeds[:_MOST_SEEDS]))
        more = f" and {len(seeds) - _MOST_SEEDS} more" if len(seeds) > _MOST_SEEDS else ""
        noun = "seed" if len(seeds) == 1 else "seeds"
        yield fold(f"{case}: {what} ({noun} {shown}{more})")
