"""Sets up the agents of a site and runs them."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from time import monotonic
from typing import NamedTuple

from handwheel import agents, playbooks
from handwheel.agents.agent_context import AgentContext
from handwheel.agents.checkpoints import open_checkpoints
from handwheel.agents.deviations.baseline_file import read_baseline
from handwheel.agents.deviations.continuous_diagnosis import ContinuousDiagnosis
from handwheel.agents.deviations.standing import diagnosed_tags, diagnosis_of
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.guests.guest_context import GuestContext
from handwheel.agents.lookahead.load import SiteTwin, load_twin, twin_tags
from handwheel.agents.lookahead.site_look_ahead import SiteLookAhead, looked_at
from handwheel.agents.lookahead.twin_process import TwinProcess
from handwheel.agents.planning.plan_check import check_plan
from handwheel.agents.planning.planners import planners_of
from handwheel.agents.site_agents import SiteAgents
from handwheel.connectors import historian
from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.historian.recorder import Recorder, source_limits
from handwheel.connectors.methods.hourly_means import PAST_S
from handwheel.connectors.model import computed_tags
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.playbooks.execution.plant_view import PlantView, RecalledWindows
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.playbooks.lint.lint import lint_all
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import printable

from ..journal.rows.row_line import show_run_row
from ..playbooks.release_command import warn_of_unreleased
from ..shell.cli.line_writer import LineWriter, print_log
from ..site.commissioning.file_check import warn_of_notices
from ..site.tags.connection_text import connection_text
from .guests import guest_context, serving_guests
from .notices import delivering_notices
from .serve import announce, serve, way_to_stop

_SILENT_S = 2.0
_LONGEST_S = 60.0
_FEW = 3  # names of playbooks that fit on a line


async def run_agents(site: Site, note_start: Callable[[], None], *, as_json: bool) -> None:
    """Runs the agents of a site until Ctrl-C, SIGTERM, or the end of a pipe there.

    Args:
        note_start: Called before there is anything to lose; what was recorded is read before.
        as_json: Print one JSON line when they are at work, and one for each event of a run.

    Raises:
        ConfigError: The policy or the operators are wrong.
        GuardrailError: Other agents work at this site already.
        LedgerError: The ledger cannot be used.

    Effect: OBSERVE; requests are submitted, and the gate carries out what people approve.
    """
    with twin_process(site) as process:
        loaded = valid_playbooks(site)
        for package in (agents, playbooks, historian, computed_tags):
            print_log(package.__name__)
        at_work = _site_agents(site, loaded, process, note_start)
        async with at_work as (site_agents, reader, guests):
            database = guests.database
            names = [each.id for each in loaded]
            words = f"agents of {site.id} ready, watching for {watched_text(names)}; "
            words += f"{way_to_stop()} stops them"
            announce(site, "run", words, as_json=as_json, playbooks=names)
            warn_of_unreleased(site, loaded)
            warn_of_notices(site, loaded)
            scan = partial(reader.next_scan, site.shortest_scan_s)
            work = site_agents.work(reporting_reader(reader), scan)
            async with delivering_notices(site, database), serving_guests(guests):
                await serve(work, database, partial(show_run_row, as_json=as_json))


def reporting_reader(reader: SiteReader) -> Callable[[], Readings]:
    """Returns a reader of the latest values that reports lost and restored connections."""
    lost, lines = dict[str, str](), LineWriter(sys.stderr)

    def latest() -> Readings:
        for each in reader.connections:
            before = lost.get(each.name, "")
            if before != each.reason:
                lost[each.name] = each.reason
                words = printable(connection_text(each))
                lines.write(f"handwheel: reading {words}")
        return reader.latest()

    return latest


def valid_playbooks(site: Site) -> list[Playbook]:
    """Returns the playbooks without errors, and reports why the others are left out."""
    loaded, findings = load_library(site)
    wrong = [each for each in (*findings, *lint_all(loaded, site)) if each.is_error]
    for each in wrong:
        sys.stderr.write(f"handwheel: left out: {each.problem}\n")
    files = {each.file for each in wrong}
    return _whole([each for each in loaded if each.display_name not in files])


def _valid_hypotheses(site: Site) -> Hypotheses:
    """Returns the hypotheses without errors, and reports why others are left out.

    One whose playbook is left out is diagnosed still.
    """
    hypotheses, problems = load_hypotheses(site)
    for each in problems:
        sys.stderr.write(f"handwheel: left out: {each}\n")
    return hypotheses


@contextmanager
def twin_process(site: Site) -> Generator[TwinProcess | None]:
    """Starts the process of a site's twin beside the start of the agents, `None` without one."""
    process = TwinProcess(site.twin.model or site.twin.fmu) if site.twin else None
    try:
        if process is not None:
            process.start()
        yield process
    finally:
        if process is not None:
            process.close()


class PlantReading(NamedTuple):
    """A plant as agents read it, with their diagnosis and foresight."""

    reader: SiteReader
    view: PlantView
    diagnosis: ContinuousDiagnosis | None  # `None` without failure modes
    look_ahead: SiteLookAhead | None  # `None` without a twin


async def read_plant(
    context: DecisionContext,
    plans: Sequence[BoundPlaybook],
    process: TwinProcess | None,
    recorded: RecordedHistory,
    recorders: Sequence[Recorder] = (),
) -> PlantReading:
    """Sets up what some plans read of a plant, its windows filled from recorded values.

    It reports why hypotheses and a twin are left out. A baseline that does not count is empty.
    """
    site, now = context.site, instant_now().wall
    hypotheses, twin = _valid_hypotheses(site), _valid_twin(site, process)
    view = PlantView.of_plans(plans, site.clock_tag, hypotheses.conditions)
    found = read_baseline(site, hypotheses, context.roster, context.revoked_keys(), now)
    diagnosis = diagnosis_of(site, hypotheses, view, found.baseline)
    look_ahead = SiteLookAhead(twin, site, view, process) if twin and process else None
    reader = SiteReader(site, _tags(site, plans, hypotheses, twin), recorders)
    await preload(view, recorded, diagnosis, look_ahead)
    for tag in sorted(reader.computed.pasts):
        means = await asyncio.to_thread(recorded.hourly_means, tag, PAST_S)
        reader.computed.recall(tag, means)
    return PlantReading(reader, view, diagnosis, look_ahead)


def _valid_twin(site: Site, process: TwinProcess | None) -> SiteTwin | None:
    """Returns a site's twin, and reports why it is left out."""
    if process is None:
        return None
    own, problems = load_twin(site, lambda name: process.call(twin_tags, name))
    for each in problems:
        sys.stderr.write(f"handwheel: left out: {each}\n")
    return own


def _whole(playbooks: Sequence[Playbook]) -> list[Playbook]:
    """Returns the playbooks without those that run one which is left out."""
    known, found = {each.id for each in playbooks}, list[Playbook]()
    for each in playbooks:
        runs = (step.run.playbook for step in each.file.steps if step.run)
        if missing := next((name for name in runs if name not in known), ""):
            why = f"it runs {missing}, which is left out"
            sys.stderr.write(f"handwheel: left out: {each.display_name}: {each.id}: {why}\n")
        else:
            found.append(each)
    return found if len(found) == len(playbooks) else _whole(found)


@asynccontextmanager
async def _site_agents(
    site: Site,
    loaded: Sequence[Playbook],
    process: TwinProcess | None,
    note_start: Callable[[], None],
) -> AsyncGenerator[tuple[SiteAgents, SiteReader, GuestContext]]:
    policy = load_policy(site)
    bindings = Bindings(site)
    plans = bindings.triggered(loaded)
    site.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    recorder = Recorder(site.state, source_limits(site), definitions(site))
    with (
        closing(RecordedHistory.of(site)) as recorded,
        connect.open_ledger(site) as database,
        WorkOrders(site.state) as workorders,
    ):
        decision_context = DecisionContext(site, database, policy, load_roster(site))
        plant = await read_plant(
            decision_context, bindings.with_nested(loaded), process, recorded, [recorder]
        )
        note_start()
        writer = LedgerWriter.take(decision_context, instant_now)
        try:
            build_context = BuildContext(site, policy, cross_limits(site, policy))
            async with (
                open_checkpoints(site.state) as saver,
                recorder,
                plant.reader,
                planners_of(site) as planners,
            ):
                context = AgentContext(
                    LedgerPort(writer, build_context, plant.reader.survey),
                    plant.view,
                    workorders,
                    plans,
                    lambda plan: check_plan(decision_context, plan, instant_now()),
                    instant_now,
                    partial(bindings.bind, loaded),
                    site.hashes,
                    saver,
                    diagnosis=plant.diagnosis,
                    look_ahead=plant.look_ahead,
                    planners=planners,
                )
                site_agents = SiteAgents(context)
                guests = guest_context(context, site_agents, plant.reader, recorded)
                yield site_agents, plant.reader, guests
        finally:
            writer.release()


async def preload(
    view: PlantView, recorded: RecordedHistory, *more: RecalledWindows | None
) -> None:
    """Fills windows from recorded values. Tells after 2 s, stops after 60 s."""
    filled = [each for each in more if each is not None]
    recall = asyncio.to_thread(view.preload, recorded, monotonic(), *filled)
    recalling = asyncio.create_task(recall)
    try:
        if not (await asyncio.wait([recalling], timeout=_SILENT_S))[0]:
            sys.stderr.write(
                "handwheel: filling windows from recorded values, "
                f"which may take up to {_LONGEST_S:g} s\n"
            )
            if not (await asyncio.wait([recalling], timeout=_LONGEST_S - _SILENT_S))[0]:
                sys.stderr.write("handwheel: filling windows took too long; they end with a gap\n")
    finally:  # the thread must not read on from a file that is closed
        recorded.cancel()
        await asyncio.wait([recalling])
    recalling.result()


def _tags(
    site: Site, plans: Sequence[BoundPlaybook], hypotheses: Hypotheses, twin: SiteTwin | None
) -> list[Tag]:
    """Returns the tags that some plans, the diagnosis and the twin need, and the plant's clock."""
    names = {name for plan in plans for name in plan.tags} | diagnosed_tags(site, hypotheses)
    names |= looked_at(twin, site) if twin else set()
    return site.find_tags(sorted(names | ({site.clock_tag} - {""})))


def watched_text(names: Sequence[str]) -> str:
    """Returns the playbooks that are watched for, or their number if they are many."""
    return (", ".join(names) or "nothing") if len(names) <= _FEW else f"{len(names)} playbooks"
