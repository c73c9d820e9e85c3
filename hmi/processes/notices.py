"""Delivers the notices of a site beside its agents."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from handwheel.agents.supervised_run import Report
from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.notice_spec import NoticeSpec
from handwheel.connectors.model.site import Site
from handwheel.tools import notices
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrders
from handwheel.tools.notices.attempt_database import Attempts
from handwheel.tools.notices.delivery import DeliveryContext, NoticeDelivery
from handwheel.tools.notices.open_channels import open_channels
from handwheel.tools.problem_log import ProblemLog
from handwheel.tools.requests.timestamps import instant_now

from ..shell.cli.line_writer import print_log
from .waiting_notices import ABOUT, WaitingNotices, why_over

_PAUSE_S = 10.0  # after a fault


@asynccontextmanager
async def delivering_notices(site: Site, database: Ledger) -> AsyncGenerator[None]:
    """Delivers notices while the body runs, if the site names channels.

    Nothing here ends the body. A fault is told, and delivery begins again.

    Effect: notices leave the site. Retry: about an hour for each. Timeout: `within` for an attempt.
    """
    if site.notices is None:
        yield
        return
    print_log(notices.__name__)
    report = ProblemLog(notices.__name__)
    works = [_work("notices", partial(_deliver, site, site.notices, database, report), report)]
    if to := site.notices.default:
        works.append(_work(ABOUT, partial(_tell_waiting, site, database, to, report), report))
    tasks = [asyncio.create_task(each) for each in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _work(about: str, work: Callable[[], Awaitable[None]], report: Report) -> None:
    """Does some work without end. A fault costs only this work, which begins again."""
    while True:
        try:
            await work()
        except HandwheelError as error:
            report(about, f"not delivered: {error}")
        except Exception as fault:  # noqa: BLE001 (a fault in delivery must not stop the agents)
            report(about, f"not delivered: {type(fault).__name__}: {fault}")
        await asyncio.sleep(_PAUSE_S)


async def _deliver(site: Site, spec: NoticeSpec, database: Ledger, report: Report) -> None:
    channels = open_channels(spec, site.root)

    def over(notice: Notice) -> str:
        return why_over(database, instant_now(), notice)

    context = DeliveryContext(site.id, spec, channels, instant_now, report, over)
    with WorkOrders(site.state) as orders, Attempts(site.state) as attempts:
        await NoticeDelivery(context, orders, attempts).work()


async def _tell_waiting(site: Site, database: Ledger, to: Sequence[str], report: Report) -> None:
    with WorkOrders(site.state) as orders:
        await WaitingNotices(database, orders, to, instant_now, report).work()
