"""The commands `handwheel workorders`."""

from bisect import bisect
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.maintenance.work_order_database import (
    NOTHING,
    WORKORDERS_FILE,
    Addition,
    Closing,
    Trend,
    WorkOrder,
    WorkOrders,
)
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.timestamps import instant_now, stamp
from handwheel.tools.safe_text import plain, printable

from ..people.lockout import system_user
from ..shell.charts.chart import Axis, check_chart_file
from ..shell.charts.terminal_chart import TrendScale, terminal_chart
from ..shell.cli.completion import complete_cause, complete_work_order
from ..shell.cli.field_lines import print_result
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.panel import card_width
from ..shell.terminal.show import Column
from ..shell.terminal.show import show as show_list
from ..shell.terminal.templates import render_macro
from ..shell.terminal.wrap import folded

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

OrderArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="Id of a work order, or its beginning.",
        autocompletion=complete_work_order,
    ),
]
_NO_ORDERS = "there are no work orders at this site"
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
        closed = store.closings() if store else {}
        added = store.additions() if store else {}
    after = [] if orders else ["no work orders"]
    show_list(
        orders,
        _columns(closed),
        fields=lambda each: _fields(each, closed, added),
        as_json=as_json,
        after=after,
    )


@app.command("show")
def show(
    name: OrderArgument,
    png: Annotated[Path | None, typer.Option(help="Draw the trends into this PNG file.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a work order, its evidence and its trends.

    Exit codes: 0 shown, 2 no such work order or wrong configuration.
    """
    if png is not None:
        check_chart_file(png)
    opened = open_site(site)
    with _opened(opened.state) as store:
        if store is None:
            raise InvalidArguments(_NO_ORDERS)
        order, closed, added = store.find(name), store.closings(), store.additions()
    if png is not None:
        _draw(png, opened, order, added.get(order.workorder_id, []))
    shown = closed.get(order.workorder_id), added.get(order.workorder_id, [])
    lines = folded(render_order(order, card_width(), *shown), _LABEL)
    print_result(_fields(order, closed, added), lines, as_json=as_json)


def _draw(png: Path, site: Site, order: WorkOrder, added: Sequence[Addition]) -> None:
    trends = [each for each in latest_trends(order, added) if each.points]
    if not trends:
        raise InvalidArguments(f"{order.workorder_id} has no trend that could be drawn")
    from .order_plot import draw_order  # it loads the library that draws

    draw_order(png, order, trends, site.tags)


@app.command("close")
def close(
    name: OrderArgument,
    found: Annotated[
        str | None,
        typer.Option(
            metavar="CAUSE",
            help="The failure mode that was found, or nothing.",
            autocompletion=complete_cause,
        ),
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="What was done.")] = "",
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Record that a work order is done or not needed any more. This needs no key.

    Exit codes: 0 closed, 2 no such open work order or wrong configuration.
    """
    opened = open_site(site)
    if found is not None:  # an empty one too, as of a variable that a script has not set
        _check_cause(opened, found)
    if note and (fault := reason_fault(note)):
        raise InvalidArguments(f"the note {fault}")
    with _opened(opened.state) as store:
        if store is None:
            raise InvalidArguments(_NO_ORDERS)
        order = store.find(name)
        if earlier := store.closings().get(order.workorder_id):
            raise InvalidArguments(f"{order.workorder_id} is {_said('closed_text', earlier)}")
        at = stamp(instant_now().wall)
        closing = Closing(
            key=order.workorder_id, at=at, by=system_user(), note=note, found=found or ""
        )
        store.close_order(closing)
    typer.echo(f"closed: {order.workorder_id}  {printable(order.title)}")
    tell_result(workorder=closing.key, **closing.model_dump(exclude={"key"}))


def _check_cause(site: Site, found: str) -> None:
    """Raises `InvalidArguments` if what was found is no failure mode of the site."""
    from handwheel.agents.diagnosis.load import load_hypotheses  # slow to import

    known = [*load_hypotheses(site)[0].causes, NOTHING]
    if found not in known:
        hint = did_you_mean(found, known) or f"; known: {', '.join(known)}"
        raise InvalidArguments(f"{found!r} is no failure mode of this site{hint}")


@contextmanager
def _opened(state: Path) -> Generator[WorkOrders | None]:
    """Opens the site's work orders, or yields `None` if there is no database yet."""
    if not (state / WORKORDERS_FILE).exists():
        yield None
        return
    with WorkOrders(state) as store:
        yield store


def render_order(
    order: WorkOrder, width: int, closed: Closing | None = None, added: Sequence[Addition] = ()
) -> Iterator[str]:
    """Yields the lines of a work order and its additions, with the latest trends as plots."""
    yield from _said("page", order, closed, added, width).splitlines()
    for trend in latest_trends(order, added):
        yield ""
        yield from _plot(trend, width)


def latest_trends(order: WorkOrder, added: Sequence[Addition]) -> list[Trend]:
    """Returns the trends of a work order, the latest one of each tag that was added again."""
    newer = {each.tag: each for one in added for each in one.trend}
    return [*(each for each in order.trend if each.tag not in newer), *newer.values()]


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
    scale = TrendScale(Axis(low - margin, high + margin))
    yield from terminal_chart(f"{title}, {seconds:g} s", values, (width, _HEIGHT), scale)


def _evenly(points: list[tuple[float, float]], count: int) -> list[float]:
    """Returns `count` equally spaced values. Each value holds until the next point."""
    times = [at for at, _ in points]
    moments = (times[0] + (times[-1] - times[0]) * n / (count - 1) for n in range(count))
    return [points[bisect(times, each) - 1][1] for each in moments]


def _said(macro: str, *values: object) -> str:
    return render_macro("handwheel.hmi.runs", "workorder.txt.j2", macro, *values)


def _columns(closed: Mapping[str, Closing]) -> list[Column[WorkOrder]]:
    def state(each: WorkOrder) -> str:
        found = closed.get(each.workorder_id)
        return _said("closed_text", found) if found else ""

    return [
        Column("work order", "workorder_id"),
        Column("priority", "priority"),
        Column("class", "class_", width=10),
        Column("asset", lambda each: plain(each.asset)),
        Column("due", lambda each: f"due {each.due[:10]}"),
        Column("title", "title"),
        Column("state", state),
    ]


def _fields(
    order: WorkOrder, closed: Mapping[str, Closing], added: Mapping[str, Sequence[Addition]]
) -> dict[str, object]:
    found = closed.get(order.workorder_id)
    state = found.model_dump(exclude={"key"}) if found else None
    more = added.get(order.workorder_id, ())
    additions = [each.model_dump(exclude={"key", "workorder_id"}) for each in more]
    return {**order.model_dump(by_alias=True), "closed": state, "additions": additions}
