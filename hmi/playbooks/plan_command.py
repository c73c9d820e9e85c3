"""The command `handwheel playbooks plan`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.errors import PlaybookError
from handwheel.playbooks.lint.lint import lint
from handwheel.tools.guardrails.approval.explain import ExplainContext
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import LEDGER_FILE, Database
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.requests.timestamps import instant_now

from ..shell.cli.completion import complete_role
from ..shell.cli.exits import NO, run
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.wrap import fold
from .checked_playbooks import find_playbook
from .preview.preview import make_preview, tags_to_read
from .preview.preview_text import INDENT, preview_fields, preview_lines
from .show_command import PlaybookArgument


def plan(
    path: PlaybookArgument,
    roles: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            metavar="ROLE=EQUIPMENT",
            help="Other equipment than the default, such as duty=P-101B.",
            autocompletion=complete_role,
        ),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a run would write and ask, by one reading of the plant.

    Nothing is filed, and no gate is needed. A window over time needs the history that the agents
    collect. What blocks the run only now does not change the exit code.

    Exit codes: 0 shown, 1 the policy denies a write, 2 wrong usage or configuration, 3 a device is
    not reachable.
    """
    chosen = _chosen(roles or ())
    opened = open_site(site)
    playbook = find_playbook(path, opened)
    bound = bind(playbook, opened, chosen)
    errors = [each for each in lint(playbook, opened) if each.is_error]
    if errors:
        raise PlaybookError(errors)
    run(_plan(opened, bound, as_json=as_json))


def _chosen(roles: Sequence[str]) -> Mapping[str, str]:
    chosen: dict[str, str] = {}
    for each in roles:
        role, equals, equipment = (part.strip() for part in each.partition("="))
        if not role or not equals or not equipment:
            text = f"{each!r}: write ROLE=EQUIPMENT, such as duty=P-101B"
            raise typer.BadParameter(text, param_hint="--role")
        chosen[role] = equipment
    return chosen


async def _plan(site: Site, bound: BoundPlaybook, *, as_json: bool) -> None:
    has_ledger = (site.state / LEDGER_FILE).exists()  # without one, an empty one beside the site
    with (
        TemporaryDirectory() as folder,
        Database(site.state if has_ledger else Path(folder), site.id) as database,
    ):
        policy = load_policy(site)
        context = ExplainContext(
            site, policy, cross_limits(site, policy), database if has_ledger else None,
            load_roster(site),
            read_snapshot(site.state, instant_now()),
        )  # fmt: skip
        read = tags_to_read(context, bound)
        plant = await survey(site, read, [each.tag for each in bound.writes])
        preview = make_preview(context, database, bound, plant, instant_now())
    if as_json:
        typer.echo(json.dumps(preview_fields(preview)))
    else:
        for line in preview_lines(preview):
            typer.echo(fold(line, INDENT))
    if preview.is_denied:
        raise SystemExit(NO)
