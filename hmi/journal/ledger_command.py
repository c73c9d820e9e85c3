"""Commands `handwheel ledger …`."""

import typer

from handwheel.tools.requests.timestamps import instant_now

from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption

app = typer.Typer(no_args_is_help=True)


@app.callback()
def ledger() -> None:
    """Bring the ledger of an older version up to this one."""


@app.command("migrate")
def migrate(site: SiteOption = None, as_json: ResultOption = False) -> None:
    """Migrate the ledger of the version before.

    Stop the gate, the agents and the terminals first, and run it as the gate's user. The old
    files stay beside it under other names.

    Exit codes: 0 migrated, 2 there is nothing to migrate, or the old ledger is not sound.
    """
    from handwheel.tools.guardrails.ledger.store.migrate import migrate as bring_up

    opened = open_site(site)
    found = bring_up(opened.state, opened.id, instant_now())
    typer.echo(f"migrated: {found.rows} rows")
    typer.echo(f"backup: {found.backup}")
    typer.echo(f"backup: {found.anchors}")
    tell_result(rows=found.rows, backup=str(found.backup), anchors=str(found.anchors))
