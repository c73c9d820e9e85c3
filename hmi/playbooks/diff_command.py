"""The command `handwheel playbooks diff`."""

import json
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from handwheel.connectors.errors import made_of_each
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.language.names import every_role_binding

from ..shell.cli.completion import complete_playbook
from ..shell.cli.exits import NO
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.wrap import fold
from .checked_playbooks import find_playbook
from .documents.differences import Version, difference_text, differences


def diff(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD", help="A file, or a playbook's id.", autocompletion=complete_playbook
        ),
    ],
    new: Annotated[
        str,
        typer.Argument(
            metavar="NEW", help="A file, or a playbook's id.", autocompletion=complete_playbook
        ),
    ],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what two playbooks do at this site.

    Differences of writes come first. Comments and layout do not count.

    Exit codes: 0 they do the same, 1 they differ, 2 no such playbook, or one has errors.
    """
    opened = open_site(site)
    before, after = made_of_each(partial(_version, opened), (old, new))
    found = differences(before, after)
    if as_json:
        typer.echo(json.dumps([{**asdict(each), "is_write": each.is_write} for each in found]))
    else:
        for each in found:
            typer.echo(fold(difference_text(each)))
        if not found:
            is_text_same = before.playbook.digest == after.playbook.digest
            other = "" if is_text_same else "; comments or layout differ, and so does the digest"
            typer.echo(f"no difference{other}")
    if found:
        raise SystemExit(NO)


def _version(site: Site, path: str) -> Version:
    playbook = find_playbook(path, site)
    plans = [bind(playbook, site, each.roles) for each in every_role_binding(playbook)]
    return Version(playbook, plans)
