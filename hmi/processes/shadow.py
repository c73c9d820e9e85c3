"""Sets up a shadow of a site's agents and runs it."""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import cast

import typer

from handwheel import agents, playbooks
from handwheel.agents.agent_context import ShadowLedger
from handwheel.agents.deviations.case import SHADOW, Case, case_ids, load_case
from handwheel.agents.planning.plan_check import check_plan
from handwheel.agents.planning.planners import planners_of
from handwheel.agents.shadow_agents import ShadowAgents, ShadowContext
from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.denial import Denial
from handwheel.connectors.hints import next_step
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model import computed_tags
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.gate.server.ledger_server import LedgerServer
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.timestamps import instant_now, stamp

from ..playbooks.preview.asking import preview_requests
from ..shell.cli.ledger_wait import GateWatch
from ..shell.cli.line_writer import print_log
from ..shell.terminal.wrap import warn
from .agents import (
    read_plant,
    reporting_reader,
    twin_process,
    valid_playbooks,
    watched_text,
)
from .serve import announce, serve, way_to_stop
from .shadow_text import show_shadow_row, summary_json, summary_lines

_SO = "this shadow knows the ledger as it was"


async def run_shadow(site: Site, note_start: Callable[[], None], *, as_json: bool) -> None:
    """Runs a shadow until Ctrl-C, SIGTERM, or the end of a pipe, then prints its summary.

    Arguments and errors are those of `run_agents`; here another shadow is the other process.

    Effect: OBSERVE. No request is filed, nobody is told, and no equipment is owned.
    """
    loaded = valid_playbooks(site)
    for package in (agents, playbooks, computed_tags):
        print_log(package.__name__)
    async with _shadow_agents(site, loaded) as (shadow, reader, database, watch):
        note_start()
        names = [each.id for each in loaded]
        words = f"shadow of {site.id} ready, watching for {watched_text(names)}; "
        words += f"it files nothing; {way_to_stop()} stops it"
        announce(site, SHADOW, words, as_json=as_json, playbooks=names)
        began_s, began_at = monotonic(), stamp(instant_now().wall)
        latest = reporting_reader(reader)

        def latest_and_tell() -> Readings:
            watch.tell()
            return latest()

        work = shadow.work(latest_and_tell, partial(reader.next_scan, site.shortest_scan_s))
        try:
            show = partial(show_shadow_row, as_json=as_json)
            await serve(work, database, show)
        finally:
            found = _cases_since(database, began_at)
            lasted_s = monotonic() - began_s
            if as_json:
                typer.echo(summary_json(site.id, lasted_s, found))
            else:
                typer.echo("\n".join(summary_lines(site.id, lasted_s, found)))


@asynccontextmanager
async def _shadow_agents(
    site: Site, loaded: Sequence[Playbook]
) -> AsyncGenerator[tuple[ShadowAgents, SiteReader, Database, GateWatch]]:
    own, policy, roster = (
        replace(site, state=site.state / SHADOW),
        load_policy(site),
        load_roster(site),
    )
    bindings = Bindings(site)
    plans = bindings.triggered(loaded)
    with (
        closing(RecordedHistory.of(site)) as recorded,
        twin_process(site) as process,
        _gates_ledger(site) as read,  # which says what blocks a request
        GateLedger(own.state, site.id) as database,
        WorkOrders(own.state) as notices,
    ):
        own_context = DecisionContext(own, database, policy, roster)
        async with LedgerServer(own_context, database, messages=()):  # for who lists its cases
            real = DecisionContext(site, read, policy, roster)
            plant = await read_plant(real, plans, process, recorded)
            writer = LedgerWriter.take(own_context, instant_now)
            try:
                async with plant.reader as reader, planners_of(own) as planners:
                    preview = partial(
                        preview_requests, real, cross_limits(site, policy), reader.survey,
                        instant_now,
                    )  # fmt: skip
                    context = ShadowContext(
                        ShadowLedger(writer), plant.view, notices, plans, partial(_lockout, real),
                        instant_now, preview,
                        diagnosis=plant.diagnosis, look_ahead=plant.look_ahead,
                        planners=planners, rebind=partial(bindings.bind, loaded),
                    )  # fmt: skip
                    watch = GateWatch(read, _SO)
                    yield ShadowAgents(context), reader, database, watch
            finally:
                writer.release()


@contextmanager
def _gates_ledger(site: Site) -> Generator[Database]:
    """Yields the ledger of the running gate, or without one the ledger as it is now."""
    with connect.open_ledger(site) as ledger:
        if isinstance(ledger, GateClient):
            ledger.follow()
        else:
            words = "this shadow says so until it is started again with one"
            warn(f"no gate is running, and {words}; {next_step('gate')}")
        yield cast(Database, ledger)  # only to read


def _lockout(context: DecisionContext, plan: BoundPlaybook) -> Denial | None:
    """Returns a lockout of the plan's equipment. What else the site lacks is told with the ask."""
    denial = check_plan(context, plan, instant_now())
    return denial if denial is not None and denial.code == "lockout" else None


def _cases_since(database: Database, at: str) -> list[Case]:
    """Returns the cases that were open at a time or were opened since."""
    is_open = set(case_ids(database))
    found = [load_case(database, each) for each in case_ids(database, only_open=False)]
    return [each for each in found if each.case_id in is_open or each.opened_at >= at]
