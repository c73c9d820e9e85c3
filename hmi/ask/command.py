"""The command `handwheel ask`."""

import json
from contextlib import ExitStack, closing
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ..shell.cli.exits import NO, silence_models, silence_protocols
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.wrap import fold, warn

if TYPE_CHECKING:
    from handwheel.agents.answering.phrasing.site_model import SiteModel
    from handwheel.connectors.model.site import Site

    from .ask_site import Told
    from .site_sources import SiteSources


class AskLevel(StrEnum):
    """How far a language model takes part."""

    GRAMMAR = "grammar"
    ROUTE = "route"
    SELECT = "select"
    PHRASE = "phrase"


LevelOption = Annotated[
    AskLevel | None,
    typer.Option(
        "--level",
        help="What a model of site.yaml does: nothing, understand the question, order our "
        "sentences too, or word them. Default: select, without a model grammar.",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="The only model to ask."),
]
RecordOption = Annotated[
    bool,
    typer.Option(
        "--record", help="Of a plan: record it, so that the agents tell people of it at its time."
    ),
]


def command(
    question: Annotated[
        list[str], typer.Argument(metavar="QUESTION", help="Such as: why is PT-102 falling?")
    ],
    site: SiteOption = None,
    level: LevelOption = None,
    model: ModelOption = None,
    record: RecordOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a question about the plant from facts, each listed with its place and time.

    It answers what a value is and where it goes, how a piece of equipment is, why and since when a
    value moves, what changed, what happens if a set point were another, how long until a limit,
    which alarms are active, what waits, who decided, which work orders are open, what the agents
    think is wrong, earlier cases, and which plan takes equipment out of service. Asking
    changes nothing. With --record the agents judge the plan again at its time, within 7 days,
    and tell people. It starts nothing, and runs withdraw ends it.

    Exit codes: 0 answered, 1 the question is none that can be answered, or refused, 2 wrong usage
    or configuration, or no plan with a clear time to record, 3 a device that the answer needs, or
    the agents that judge or record, are not reachable (what is known is shown).
    """
    with uninterrupted_import():
        from handwheel.agents.answering.question import NotUnderstood
        from handwheel.connectors.errors import NotConnected
        from handwheel.errors import NoAgents

        from .ask_site import ask_site
    silence_protocols()
    opened = open_site(site)
    with ExitStack() as stack:
        words = _word_model(opened, level, model, stack)
        wanted = level or (AskLevel.SELECT if words else AskLevel.GRAMMAR)
        sources = _sources(opened, stack)
        try:
            told = ask_site(" ".join(question), sources, wanted.value, words)
        except NotUnderstood as error:
            first, *nearest = str(error).splitlines()
            warn(first)
            for each in nearest:
                typer.echo(fold(each), err=True)
            raise SystemExit(NO) from None
    _show(told, sources, record=record, as_json=as_json)
    if sources.down:
        raise NotConnected(sources.down)
    if sources.lacks_agents:
        raise NoAgents("nobody judges what is wrong now")


def _sources(site: "Site", stack: ExitStack) -> "SiteSources":
    """Returns the sources of a site as of now, so that all times of an answer have one end."""
    with uninterrupted_import():
        from handwheel.connectors.historian.recorded_history import RecordedHistory
        from handwheel.tools.requests.timestamps import instant_now

        from ..people.signing import open_context
        from .site_sources import SiteSources
    now = instant_now().wall
    context = stack.enter_context(open_context(site, needs_policy=False))
    recorded = stack.enter_context(closing(RecordedHistory.of(site, now.timestamp)))
    return SiteSources(context, recorded, now)


def _show(told: "Told", sources: "SiteSources", *, record: bool, as_json: bool) -> None:
    """Prints an answer, records its plan where that is wanted, and says so."""
    with uninterrupted_import():
        from .record_intention import offer_lines, record_intention, recorded_lines
    if told.fault:
        warn(f"{told.fault}; the answer is as without a model")
    for line in () if as_json else told.lines:
        typer.echo(fold(line, 7 if line.startswith("  ") else 2))
    intention = {"intention": record_intention(told, sources)} if record else {}
    if as_json:
        typer.echo(json.dumps({**told.fields, **intention}))
        return
    for line in recorded_lines(intention["intention"]) if record else offer_lines(told, sources):
        typer.echo(fold(line, 2))


def _word_model(
    site: "Site", level: AskLevel | None, name: str | None, stack: ExitStack
) -> "SiteModel | None":
    """Returns the models of the site that may be asked, `None` where none is to be.

    Raises `NoWordModel` where one is asked for and there is none.
    """
    is_asked_for = name is not None or level not in {None, AskLevel.GRAMMAR}
    has_any = any("phrase" in each.roles for each in site.models)
    if level is AskLevel.GRAMMAR or not (is_asked_for or has_any):
        return None
    with uninterrupted_import():
        from handwheel.agents.answering.phrasing.site_model import SiteModel
    stack.enter_context(silence_models())
    return stack.enter_context(SiteModel.of(site, name or ""))
