"""The command `handwheel bench triage`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..shell.cli.exits import run
from ..shell.cli.field_lines import print_lines
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption
from ..shell.terminal.show import in_columns
from .play_suites import bar_of

if TYPE_CHECKING:  # slow to import
    from handwheel.connectors.model.site import Site
    from handwheel.evaluation.benchmark.triage.run_triage import Row

_HEAD = ("chooser", "n", "right", "share", "95 % interval", "valid", "s an answer", "tokens")
_SCHEMA = "triage-results/1"


def triage(
    site: SiteOption = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Say in the facts what each tag measures.")
    ] = False,
    result: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write every choice as JSON."),
    ] = None,
) -> None:
    """Measure how well models choose among candidates.

    Ten cases of cw-100 and tep whose right answer is known, each in four orders of its
    candidates. No fault is named in them. The models are those of the site with the role plan;
    without a site none is asked. Beside them stands what needs no model; of a choice at random
    it is the expected number.

    Exit codes: 0 measured, 2 wrong usage or configuration.
    """
    with uninterrupted_import():
        from handwheel.evaluation.benchmark.triage.run_triage import without_model

    opened = open_site(site) if site else None
    rows = [*without_model(has_labels=labels), *(_asked(opened, labels) if opened else ())]
    print_lines(_lines(rows))
    if result is not None:
        result.write_text(f"{json.dumps(_fields(rows, labels), indent=1)}\n", "utf-8")


def _asked(site: "Site", has_labels: bool) -> "list[Row]":
    from handwheel.agents.planning.model.pool import site_pool
    from handwheel.evaluation.benchmark.triage.run_triage import ask_model
    from handwheel.evaluation.benchmark.triage.tasks import load_tasks

    models = [each for each in site_pool(site).models if "plan" in each.spec.roles]
    tasks = load_tasks(has_labels=has_labels)
    rows: list[Row] = []

    async def work() -> None:
        names = [f"{model.spec.name}: {task.name}" for model in models for task in tasks]
        with bar_of(names) as advance:
            for each in models:
                rows.append(await ask_model(each, tasks, advance))
                await each.close()

    run(work())
    return rows


def _lines(rows: "Sequence[Row]") -> Iterator[str]:
    cells = [_HEAD, *map(_cells, rows)]
    yield from in_columns(cells, ["  "] * (len(_HEAD) - 1), set(range(1, len(_HEAD))))


def _cells(row: "Row") -> tuple[str, ...]:
    low, high = row.interval
    tokens, span = row.tokens, f"{low:.0%} to {high:.0%}"
    return (
        row.chooser, str(row.n), f"{row.right:.3g}", f"{row.right / row.n:.0%}",
        span if row.choices else "expected", str(row.valid),
        "-" if row.seconds is None else f"{row.seconds:.1f}",
        "-" if tokens is None else f"{tokens[0]} + {tokens[1]}",
    )  # fmt: skip


def _fields(rows: "Sequence[Row]", has_labels: bool) -> dict[str, Any]:
    from handwheel.evaluation.benchmark.triage.tasks import suite_sha256

    return {
        "schema": _SCHEMA, "suite_sha256": suite_sha256(), "labels": has_labels,
        "rows": [{**asdict(each), "right": each.right, "valid": each.valid} for each in rows],
    }  # fmt: skip
