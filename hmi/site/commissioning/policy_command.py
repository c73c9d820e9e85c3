"""The commands `handwheel policy`."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.explain import ExplainContext
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.identity.roster import AGENT, load_roster
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.requests.values import parse_value, split_assignment

from ...shell.cli.completion import complete_assignment
from ...shell.cli.exits import NO, run
from ...shell.cli.field_lines import print_result
from ...shell.cli.open_site import open_site
from ...shell.cli.options import JsonOption, SiteOption
from ...shell.terminal.show import show
from ...shell.terminal.wrap import folded
from .policy_explain_text import (
    ANYBODY,
    INDENT,
    RULE_COLUMNS,
    explain_write,
    explanation_fields,
    explanation_lines,
    rule_fields,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def policy() -> None:
    """List what may be written, and show how it is decided."""


@app.command("list")
def list_rules(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the tags that may be written, with class, roles and limits.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    rows = [rule_fields(each) for each in load_policy(opened).allowed()]
    after = () if rows else ("no rule allows a write",)
    show(rows, RULE_COLUMNS, fields=dict, as_json=as_json, after=after)


@app.command("explain")
def explain_(
    assignment: Annotated[
        str,
        typer.Argument(
            metavar="TAG=VALUE",
            help="Such as PIC-102.sp=360.",
            autocompletion=complete_assignment,
        ),
    ],
    as_: Annotated[
        str,
        typer.Option(
            "--as", metavar="WHO", help="The proposer: agent, person, or an operator's name."
        ),
    ] = ANYBODY,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show whether a value may be written, by whom, and why.

    Lists the rules that decide, and what blocks the write now. Reads the present values if the
    plant answers. Sends nothing.

    Exit codes: 0 it may be proposed, 1 it is denied, 2 wrong usage or configuration.
    """
    name, text = split_assignment(assignment)
    opened = open_site(site)
    (tag,) = opened.find_tags([name])
    with _explain_context(opened) as context:
        person = _person(context, as_)
        run(_explain(context, tag, parse_value(tag, text), person, as_json=as_json))


@contextmanager
def _explain_context(site: Site) -> Generator[ExplainContext]:
    policy, roster = load_policy(site), load_roster(site)
    across = cross_limits(site, policy)
    if not has_ledger(site.state):  # do not create a ledger
        yield ExplainContext(site, policy, across, None, roster, None)
        return
    with connect.open_ledger(site) as database:
        yield ExplainContext(site, policy, across, database, roster, read_snapshot(database))


def _person(context: ExplainContext, who: str) -> str:
    if who == AGENT:
        return ""
    is_known = who == ANYBODY or any(each.person == who for each in context.roster.operators)
    if not is_known:
        raise InvalidArguments(
            f"{who!a} is not agent, person or an enrolled operator; "
            f"{next_step('operators', 'list')}"
        )
    return who


async def _explain(
    context: ExplainContext, tag: Tag, asked: Value, person: str, *, as_json: bool
) -> None:
    question, found = await explain_write(context, tag, asked, person)
    print_result(
        explanation_fields(context.policy, question, asked, found),
        folded(explanation_lines(context.policy, question, asked, found), INDENT),
        as_json=as_json,
    )
    if found.denials:
        raise SystemExit(NO)
