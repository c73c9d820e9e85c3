"""Table of a benchmark's results for the terminal."""

from collections.abc import Iterator, Sequence

from handwheel.evaluation.benchmark.judge import IS_RIGHT, Result
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.evaluation.benchmark.summary import Share, Summary, by_case, meets, summary

from ..shell.terminal.columns import in_columns
from ..shell.terminal.wrap import fold

_HEAD = ("case", "n", "right", "95 % interval", "pass^5", "wrong", "symptom", "named", "alarm")
_MOST_SEEDS = 8  # of one outcome in a line


def lines(suite: Suite, results: Sequence[Result]) -> Iterator[str]:
    """Yields a row for each case and one for all of them, then what was not right, and why."""
    cases = by_case(results)
    rows = [_HEAD, *(_row(case, summary(found)) for case, found in cases.items())]
    whole = summary(results)
    rows.append(_row("all", whole))
    yield from in_columns(rows, ["  "] * (len(_HEAD) - 1), right=set(range(1, len(_HEAD))))
    yield "symptom, named, alarm: median minutes after the onset"
    yield from _not_right(results)
    goal = suite.file.goal
    verdict = "met" if meets(whole, goal) else "missed"
    yield fold(
        f"goals {verdict}: right {whole.right.value:.1%} (at least {goal.right:.0%}), "
        f"wrong {whole.wrong.value:.1%} (at most {goal.wrong:.0%})",
        2,
    )
    cpu_s = sum(each.played.cpu_s for each in results)
    yield f"{len(results)} episodes took {cpu_s:.1f} s of CPU time"


def _row(case: str, found: Summary) -> tuple[str, ...]:
    low, high = found.right.interval
    return (
        case, str(found.right.of), _percent(found.right), f"{low:.0%} to {high:.0%}",
        _percent(found.all_five), str(found.wrong.count or "-"),
        _minutes(found.symptom_s), _minutes(found.named_s), _minutes(found.alarm_s),
    )  # fmt: skip


def _percent(share: Share) -> str:
    return f"{share.value:.0%}" if share.of else "-"


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60.0:.1f}"


def _not_right(results: Sequence[Result]) -> Iterator[str]:
    """Yields what was said instead, with the seeds, by which an episode can be run again."""
    said: dict[tuple[str, str], list[int]] = {}
    for each in results:
        if each.outcome not in IS_RIGHT:
            said.setdefault((each.case, _instead(each)), []).append(each.seed)
        for name, why in each.played.failed.items():
            said.setdefault((each.case, f"method {name} failed: {why}"), []).append(each.seed)
    for (case, what), seeds in sorted(said.items()):
        shown = ", ".join(map(str, seeds[:_MOST_SEEDS]))
        more = f" and {len(seeds) - _MOST_SEEDS} more" if len(seeds) > _MOST_SEEDS else ""
        noun = "seed" if len(seeds) == 1 else "seeds"
        yield fold(f"{case}: {what} ({noun} {shown}{more})", 4)


def _instead(result: Result) -> str:
    if result.outcome == "wrong":
        return f"wrong, {', '.join(result.wrong)}"
    if result.outcome == "abstained":
        return f"abstained, suspected {', '.join(result.last.suspects) or 'nothing'}"
    return "missed"
