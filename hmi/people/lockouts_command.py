"""Command group `handwheel lockouts`."""

import json

import typer

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.interlocks.lockout_files import (
    lockout_file,
    lockout_note,
    read_lockouts,
)
from handwheel.tools.guardrails.ledger.latched_lockouts import latched_note, locked_scopes
from handwheel.tools.safe_text import plain

from ..shell.cli.field_lines import print_fields
from ..shell.cli.open_site import open_site
from ..shell.cli.options import EquipmentArgument, JsonOption, SiteOption
from .lockout_lines import note_text, open_with_lockouts
from .signing import tell_no_gate

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_lockouts(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List what is locked out, by its file or latched by a gate.

    Exit codes: 0 listed, 1 the gate does not answer and only the files are shown, 2 wrong usage or
    configuration, 3 only the files can be read.
    """
    found = _lockouts(open_site(site), as_json=as_json)
    if as_json:
        typer.echo(json.dumps(list(found.values())))
        return
    for scope, fields in found.items():
        state = "" if fields["latched"] else "  not read by a gate yet"
        typer.echo(f"LOCKED OUT: {plain(scope)}{state}")
    if not found:
        typer.echo("nothing is locked out")


@app.command("show")
def show(
    equipment: EquipmentArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show a lockout and what its file says.

    Exit codes: 0 shown, 2 not locked out, or wrong configuration.
    """
    found = _lockouts(open_site(site), as_json=as_json)
    if equipment not in found:
        step = next_step("lockouts", "list")
        raise InvalidArguments(f"{equipment} is not locked out; {step}")
    print_fields(found[equipment], as_json=as_json)


def _lockouts(site: Site, *, as_json: bool) -> dict[str, dict[str, object]]:
    with open_with_lockouts(site, as_json=as_json) as database:
        tell_no_gate(database)
        latched, seen = locked_scopes(database), read_lockouts(site.state)
        found: dict[str, dict[str, object]] = {}
        for scope in sorted(latched.keys() | seen):
            note = latched_note(database, scope) if scope in latched else ""
            note = note or (lockout_note(lockout_file(site.state, scope)) if scope in seen else "")
            found[scope] = {
                "equipment": plain(scope),
                "latched": scope in latched,
                "note": note_text(note) if note else "",
            }
    return found
