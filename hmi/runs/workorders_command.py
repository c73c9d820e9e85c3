"""The commands `handwheel workorders`."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.maintenance.work_order_database import (
    WORKORDERS_FILE,
    Trend,
    WorkOrder,
    WorkOrders,
)
from handwheel.tools.safe_text import plain, printable

from ..shell.charts.braille_trend import TrendScale, labelled
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.panel import card_width
from ..shell.terminal.wrap import fold

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_HEIGHT = 4  # rows of a plot
_LABEL = 10
_FLAT = 0.05  # a trend that never changes is drawn inside this share of its value


@app.command("list")
def list_orders(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the work orders, the oldest first.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    with _opened(open_site(site).state) as store:
        orders = store.all() if store else []
    if as_json:
        typer.echo(json.dumps([_fields(each) for each in orders]))
        return
    for each in orders:
        typer.echo(fold(_line(each), len(each.workorder_id) + 2))
    if not orders:
        typer.echo("no work orders")


@app.command("show")
def show(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a work order, or its beginning.")
    ],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a work order, its evidence and its trends.

    Exit codes: 0 shown, 2 no such work order or wrong configuration.
    """
    with _opened(open_site(site).state) as store:
        if store is None:
            raise InvalidArguments("there are no work orders at this site")
        order = store.find(name)
    if as_json:
        typer.echo(json.dumps(_fields(order)))
        return
    for line in render_order(order, card_width()):
        typer.echo(line)


@contextmanager
def _opened(state: Path) -> Generator[WorkOrders | None]:
    """Opens the site's work orders, or yields `None` if there is no database yet."""
    if not (state / WORKORDERS_FILE).exists():
        yield None
        return
    with WorkOrders(state) as store:
        yield store


def render_order(order: WorkOrder, width: int) -> Iterator[str]:
    """Yields the lines of a work order, with its trends as plots."""
    yield f"{order.workorder_id}  {printable(order.title, width)}"
    yield _row("asset", plain(order.asset))
    yield _row("class", f"{order.class_}, priority {order.priority}")
    yield _row("due", f"{order.due}, opened {order.opened_at}")
    yield _row("from", f"{plain(order.playbook)}, run {plain(order.run_id)}")
    for number, line in enumerate(order.evidence):
        yield _row("" if number else "evidence", printable(line))
    for each in order.trend:
        yield ""
        yield from _plot(each, width)


def _plot(trend: Trend, width: int) -> Iterator[str]:
    points = sorted((each[0], each[1]) for each in trend.points)
    title = f"{plain(trend.tag)} {printable(trend.unit)}".rstrip()
    if not points:
        yield f"{title}: no values"
        return
    values = _evenly(points, 2 * width)
    low, high = min(values), max(values)
    margin = 0.0 if high > low else abs(low) * _FLAT or 1.0
    seconds = points[-1][0] - points[0][0]
    scale = TrendScale(low - margin, high + margin)
    yield from labelled(f"{title}, {seconds:g} s", values, width, _HEIGHT, scale)


def _evenly(points: list[tuple[float, float]], count: int) -> list[float]:
    """Returns `count` equally spaced values. Each value holds until the next point."""
    start, end = points[0][0], points[-1][0]
    values: list[float] = []
    at = 0
    for n in range(count):
        moment = start + (end - start) * n / (count - 1)
        while at + 1 < len(points) and points[at + 1][0] <= moment:
            at += 1
        values.append(points[at][1])
    return values


def _row(label: str, text: str) -> str:
    return f"{label:<{_LABEL}}{text}"


def _line(order: WorkOrder) -> str:
    return (
        f"{order.workorder_id}  {order.priority}  {order.class_:<10}  {plain(order.asset)}  "
        f"due {order.due}  {printable(order.title)}"
    )


def _fields(order: WorkOrder) -> dict[str, object]:
    return order.model_dump(by_alias=True)
