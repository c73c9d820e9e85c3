"""Command group `handwheel operators`."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from handwheel.connectors.hints import next_step
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.identity.key_files import create_own_key, new_key_path
from handwheel.tools.guardrails.identity.keys import fingerprint, public_line
from handwheel.tools.guardrails.identity.roster import PERSON, PERSON_WORDS, load_roster
from handwheel.tools.requests.timestamps import stamp

from ..shell.cli.completion import complete_person
from ..shell.cli.exits import fail
from ..shell.cli.field_lines import print_fields, print_lines
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.cli.signer_options import (
    AdministratorOption,
    IssuerPassphraseOption,
    KeyOption,
    NewPassphraseOption,
    PassphraseOption,
)
from ..shell.terminal.passphrase import new_passphrase
from ..shell.terminal.show import table_lines
from .enroll_command import (
    NO_KEY_GIVEN,
    enroll_people,
    person_columns,
    person_fields,
    read_given_key,
    roster_fields,
    warn_of_the_root,
)
from .rotate_key import revoke as revoke_key
from .rotate_key import revoked_keys, rotate_key
from .signing import find_administrator, open_context, open_signer

EnrolledArgument = Annotated[
    str,
    typer.Argument(metavar="NAME", help="An enrolled person.", autocompletion=complete_person),
]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

app.command("enroll")(enroll_people)


@app.command("key")
def make_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Your name, such as anna.")],
    passphrase_file: NewPassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Make your own key, and show the line for the administrator.

    The key is stored under your account, and only you need its passphrase. If you have a key
    already, the new one is stored beside it and is used once an administrator has vouched for
    it.

    Exit codes: 0 made, 2 no passphrase, a key exists, or wrong configuration.
    """
    opened = open_site(site)
    if not PERSON.fullmatch(name):
        raise InvalidArguments(f"{name!r} {PERSON_WORDS}")
    new_key_path(opened.id, name)
    private, path = create_own_key(opened.id, name, new_passphrase(name, passphrase_file))
    typer.echo(public_line(private.public_key()))
    key_id = fingerprint(private.public_key())
    typer.echo(f"key {key_id} in {path}")
    line = public_line(private.public_key())
    tell_result(person=name, key_id=key_id, public_key=line, path=str(path))


@app.command("rotate")
def rotate(
    name: EnrolledArgument,
    key: KeyOption = None,
    revokes: Annotated[
        bool, typer.Option("--revoke", help="Also revoke the old key, because it was lost.")
    ] = False,
    issuer: AdministratorOption = None,
    passphrase_file: NewPassphraseOption = None,
    issuer_passphrase_file: IssuerPassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """End a person's record now, and begin one with another key.

    Roles and end date stay. An approval by the old key that the gate has not used yet becomes
    invalid. Earlier signatures can still be verified.

    Exit codes: 0 done, 1 refused, 2 no passphrase, wrong usage or configuration.
    """
    if key is not None and passphrase_file is not None:
        fail(NO_KEY_GIVEN)
    opened = open_site(site)
    public = read_given_key(key) if key is not None else None
    with open_context(opened) as context:
        files = (passphrase_file, issuer_passphrase_file)
        rotation = rotate_key(context, name, public, issuer, files, revokes=revokes)
    ended = "is revoked" if revokes else f"ended {stamp(rotation.ended.until)}"
    typer.echo(f"{name}: key {rotation.ended.key_id} {ended}")
    typer.echo(f"{name}: key {rotation.begun.key_id}, until {stamp(rotation.begun.until)}")
    tell_result(
        person=name,
        old_key_id=rotation.ended.key_id,
        revoked=revokes,
        key_id=rotation.begun.key_id,
        until=stamp(rotation.begun.until),
    )


@app.command("revoke")
def revoke(
    name: EnrolledArgument,
    issuer: AdministratorOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Revoke a person's key, at once and permanently.

    All its signatures become invalid. The ledger records the revocation, so an old file cannot
    restore the key. To give the person a new key at the same time, use rotate --revoke.

    Exit codes: 0 revoked, 1 refused, 2 no passphrase, wrong usage or configuration.
    """
    opened = open_site(site)
    with open_context(opened) as context:
        revoked = context.revoked_keys()
        keys = {each.key_id for each in context.roster.operators if each.person == name} - revoked
        if not keys:
            raise InvalidArguments(f"{name} has no key to revoke; {next_step('operators', 'list')}")
        admin = find_administrator(context, issuer)
        signer = open_signer(opened, admin, passphrase_file)
        for key_id in sorted(keys):
            revoke_key(context, signer, key_id)
            typer.echo(f"{name}: key {key_id} is revoked")
        tell_result(person=name, revoked=sorted(keys), by=admin.person)


@app.command("list")
def list_people(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the enrolled persons, and records that are not valid.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    roster, revoked = load_roster(opened), revoked_keys(opened)
    now = datetime.now(UTC)
    warn_of_the_root(opened, roster, now)
    if as_json:
        typer.echo(json.dumps(roster_fields(roster, revoked, now)))
        return
    print_lines(table_lines(roster.operators, person_columns(revoked, now)))
    if not roster.operators:
        typer.echo("no persons are enrolled")
    for problem in roster.ignored:
        sys.stderr.write(f"handwheel: ignored: {problem}\n")


@app.command("show")
def show_person(
    name: EnrolledArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show the latest record of a person.

    Exit codes: 0 shown, 2 not enrolled or wrong configuration.
    """
    opened = open_site(site)
    records = [each for each in load_roster(opened).operators if each.person == name]
    if not records:
        raise InvalidArguments(f"{name!a} is not enrolled; {next_step('operators', 'list')}")
    print_fields(
        person_fields(records[-1], revoked_keys(opened), datetime.now(UTC)), as_json=as_json
    )
