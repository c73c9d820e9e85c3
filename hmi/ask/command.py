"""The command `handwheel ask`."""

import json
import sys
from contextlib import closing
from typing import Annotated

import typer

from ..shell.cli.exits import NO
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.wrap import fold


def command(
    question: Annotated[
        list[str], typer.Argument(metavar="QUESTION", help="Such as: why is PT-102 falling?")
    ],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question about the plant from facts, each listed with its place and time.

    It answers what a value is and where it goes, how a piece of equipment is, why and since when a
    value moves, what changed, what happens if a set point were another, how long until a limit,
    which alarms are active, what waits, who decided, which work orders are open, what the agents
    think is wrong, earlier cases, and which playbook takes equipment out of service. Asking
    changes nothing.

    Exit codes: 0 answered, 1 the question is none that can be answered, 2 wrong usage or
    configuration, 3 a device is not reachable.
    """
    with uninterrupted_import():
        from handwheel.agents.answering.answer_question import answer_question
        from handwheel.agents.answering.question import NotUnderstood
        from handwheel.connectors.historian.recorded_history import RecordedHistory
        from handwheel.tools.requests.timestamps import instant_now

        from ..people.signing import open_context
        from .answer_text import answer_fields, answer_lines
        from .site_sources import SiteSources
    opened = open_site(site)
    with open_context(opened) as context, closing(RecordedHistory.of(opened)) as recorded:
        sources = SiteSources(context, recorded, instant_now().wall)
        try:
            asked, answer = answer_question(" ".join(question), sources)
        except NotUnderstood as error:
            sys.stderr.write(f"handwheel: {error}\n")
            raise SystemExit(NO) from None
    if as_json:
        typer.echo(json.dumps(answer_fields(asked, answer)))
        return
    for line in answer_lines(answer):
        typer.echo(fold(line, 7 if line.startswith("  ") else 2))
