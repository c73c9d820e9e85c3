"""Delivers the notices of a site beside its agents."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from handwheel.agents.problem_log import ProblemLog
from handwheel.connectors.model.notice_spec import NoticeSpec
from handwheel.connectors.model.site import Site
from handwheel.tools import notices
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.notices.attempt_database import Attempts
from handwheel.tools.notices.delivery import DeliveryContext, NoticeDelivery
from handwheel.tools.notices.open_channels import open_channels
from handwheel.tools.requests.timestamps import instant_now

from ..shell.terminal.line_writer import print_log
from .waiting_notices import WaitingNotices

_PAUSE_S = 10.0  # after a fault


@asynccontextmanager
async def delivering_notices(site: Site, database: Database) -> AsyncGenerator[None]:
    """Delivers notices while the body runs, if the site names channels.

    Nothing here ends the body. A fault is told, and delivery begins again.

    Effect: notices leave the site. Retry: about an hour for each. Timeout: `within` for an attempt.
    """
    if site.notices is None:
        yield
        return
    print_log(notices.__name__)
    task = asyncio.create_task(_deliver(site, site.notices, database))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _deliver(site: Site, spec: NoticeSpec, database: Database) -> None:
    report = ProblemLog(notices.__name__)
    while True:
        try:
            context = DeliveryContext(
                site.id, spec, open_channels(spec, site.root), instant_now, report
            )
            with WorkOrders(site.state) as orders, Attempts(site.state) as attempts:
                waiting = WaitingNotices(database, orders, spec.default, instant_now, report)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(NoticeDelivery(context, orders, attempts).work())
                    if spec.default:
                        tasks.create_task(waiting.work())
        except Exception as fault:  # noqa: BLE001 (a fault in delivery must not stop the agents)
            report("notices", f"not delivered: {_words(fault)}")
        await asyncio.sleep(_PAUSE_S)


def _words(fault: BaseException) -> str:
    """Returns a fault in words, of a group its first."""
    while isinstance(fault, BaseExceptionGroup):
        fault = cast("BaseExceptionGroup[BaseException]", fault).exceptions[0]
    return f"{type(fault).__name__}: {fault}"
