"""The command `handwheel playbooks plan`."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.start import split_given

from ..shell.cli.completion import complete_role
from ..shell.cli.exits import run
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from .checked_playbooks import find_valid_playbook
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
    params: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            metavar="NAME=VALUE",
            help="Another value of a parameter than the default, such as high='6 mm/s'.",
        ),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a run would write and ask, by one reading.

    Nothing is filed, and no gate is needed. A window over time needs the history that the agents
    collect. What blocks the run only now does not change the exit code.

    Exit codes: 0 shown, 1 the policy denies a write, 2 wrong usage or configuration, 3 a device is
    not reachable.
    """
    with uninterrupted_import():
        from .preview.print_preview import print_preview

    chosen = _chosen(roles or (), "--role", "ROLE=EQUIPMENT, such as duty=P-101B")
    given = _chosen(params or (), "--param", "NAME=VALUE, such as high='6 mm/s'")
    opened = open_site(site)
    playbook = find_valid_playbook(path, opened)
    more, values = split_given(given, playbook.file.roles)
    bound = bind(playbook, opened, {**chosen, **more}, values)
    run(print_preview(opened, bound, as_json=as_json))


def _chosen(pairs: Sequence[str], option: str, form: str) -> Mapping[str, str]:
    chosen: dict[str, str] = {}
    for each in pairs:
        name, equals, value = (part.strip() for part in each.partition("="))
        if not name or not equals or not value:
            raise typer.BadParameter(f"{each!r}: write {form}", param_hint=option)
        chosen[name] = value
    return chosen
