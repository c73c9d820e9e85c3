"""Command group `handwheel operators`."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.identity.enrolment import (
    Enrolment,
    check_enrolment,
    ending_root,
    enroll,
    renew,
    root_warning,
    vouch,
)
from handwheel.tools.guardrails.identity.key_files import create_own_key, new_key_path
from handwheel.tools.guardrails.identity.keys import fingerprint, key_path, public_line
from handwheel.tools.guardrails.identity.roster import (
    ADMINISTRATOR,
    PERSON,
    PERSON_WORDS,
    Operator,
    Roster,
    load_roster,
)
from handwheel.tools.guardrails.ledger.store.database import LEDGER_FILE
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ..shell.cli.exits import CONFIGURATION, fail
from ..shell.cli.field_lines import print_fields
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.cli.signer_options import AdministratorOption, PassphraseOption
from ..shell.terminal.passphrase import new_passphrase
from .operator_arguments import (
    EnrolledArgument,
    IssuerPassphraseOption,
    KeyOption,
    NewPassphraseOption,
)
from .operator_text import (
    person_fields,
    person_lines,
    roster_fields,
    warn_of_no_use,
)
from .private_key import open_key
from .public_key_input import read_given_key
from .rotate_key import check_unrevoked, rotate_key
from .rotate_key import revoke as revoke_key
from .signer_choice import find_administrator, find_person
from .signing import open_context, open_signer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_LONGEST_DAYS = 3650
_FIRST, _OTHERS = f"{_LONGEST_DAYS}d", "365d"
_NO_KEY_GIVEN = (
    "--key is for a key that was made elsewhere. It takes no passphrase, and the first "
    "administrator cannot use it"
)


@app.command("enroll")
def enroll_person(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person, such as anna.")],
    role: Annotated[list[str], typer.Option(help="A role of the person; repeatable.")],
    valid: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=f"Validity; default {_OTHERS}, for the first administrator {_FIRST}.",
        ),
    ] = None,
    issuer: AdministratorOption = None,
    key: KeyOption = None,
    passphrase_file: NewPassphraseOption = None,
    issuer_passphrase_file: IssuerPassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Enroll a person, vouched for by an administrator.

    The first person of a site is its administrator, who vouches for themselves. Within the
    last 30 days of that record, or later, the same command renews it with the same key.

    Exit codes: 0 enrolled, 1 refused, 2 no passphrase, wrong usage or configuration.
    """
    opened = open_site(site)
    roster, now = load_roster(opened), datetime.now(UTC)
    is_first, root = not opened.trust_root, ending_root(opened, roster, now)
    if root is not None and (root.person, [ADMINISTRATOR]) == (name, role):
        if issuer not in {None, name}:
            fail("the trust root vouches for itself; leave out --as", CONFIGURATION)
        file = issuer_passphrase_file or passphrase_file
        _renew(opened, root, _wanted(name, role, valid or _FIRST, now), file)
        return
    _warn_of_the_root(opened, roster, now)
    wanted = _wanted(name, role, valid or (_FIRST if is_first else _OTHERS), now)
    check_enrolment(opened, roster, wanted, makes_key=key is None)
    if is_first and (issuer or issuer_passphrase_file):
        fail("the first administrator vouches for themselves; leave out --as", CONFIGURATION)
    admin = (
        None if is_first else find_person(opened, roster, issuer, wanted.start, administrator=True)
    )
    if key is not None:
        if admin is None or passphrase_file is not None:
            fail(_NO_KEY_GIVEN, CONFIGURATION)
        public = read_given_key(key)
        check_unrevoked(_revoked_keys(opened), public)
        person = vouch(opened, wanted, public, open_key(opened, admin, issuer_passphrase_file))
        place = ", made elsewhere"
    else:
        signer = open_key(opened, admin, issuer_passphrase_file) if admin else None
        person = enroll(opened, wanted, new_passphrase(name, passphrase_file), signer)
        place = f" in {key_path(opened.id, name)}"
    why = f", when {admin.person}'s own ends" if admin and person.until < wanted.until else ""
    typer.echo(f"{name}: {', '.join(sorted(person.roles))}, until {stamp(person.until)}{why}")
    typer.echo(f"key {person.key_id}{place}")
    _tell(person)
    warn_of_no_use(opened, person)
    if is_first:
        typer.echo("this key is now the trust root of the site: compare it with site.yaml")


def _renew(site: Site, root: Operator, wanted: Enrolment, passphrase_file: Path | None) -> None:
    person = renew(site, root, wanted, open_key(site, root, passphrase_file))
    typer.echo(f"{person.person}: {ADMINISTRATOR}, until {stamp(person.until)}")
    typer.echo(f"with the same key, {person.key_id}, from {stamp(person.start)}")
    _tell(person)


def _tell(person: Operator) -> None:
    tell_result(**person_fields(person, frozenset(), datetime.now(UTC)))


def _warn_of_the_root(site: Site, roster: Roster, now: datetime) -> None:
    if warning := root_warning(site, roster, now):
        sys.stderr.write(f"handwheel: {warning}\n")


def _wanted(name: str, roles: list[str], valid: str, now: datetime) -> Enrolment:
    try:
        seconds = parse_duration(valid)
    except ValueError as error:
        fail(f"--valid: {error}", CONFIGURATION)
    longest = timedelta(days=_LONGEST_DAYS)
    if not 1.0 <= seconds <= longest.total_seconds():
        fail(f"--valid: must lie between 1 s and {_LONGEST_DAYS} d", CONFIGURATION)
    start = parse_stamp(stamp(now))
    return Enrolment(name, tuple(dict.fromkeys(roles)), start, start + timedelta(seconds=seconds))


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
        fail(_NO_KEY_GIVEN, CONFIGURATION)
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
    roster, revoked = load_roster(opened), _revoked_keys(opened)
    now = datetime.now(UTC)
    _warn_of_the_root(opened, roster, now)
    if as_json:
        typer.echo(json.dumps(roster_fields(roster, revoked, now)))
        return
    for line in person_lines(roster, revoked, now):
        typer.echo(line)
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
        person_fields(records[-1], _revoked_keys(opened), datetime.now(UTC)), as_json=as_json
    )


def _revoked_keys(site: Site) -> frozenset[str]:
    if not (site.state / LEDGER_FILE).exists():
        return frozenset()  # opening would create the ledger
    with open_context(site) as context:
        return context.revoked_keys()
