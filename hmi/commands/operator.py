"""`handwheel operator`: who may decide at a site."""

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.durations import parse_duration
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.site import POLICY_FILE, Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.administering import revoke_key
from handwheel.tools.guardrails.decisions import key_subject, meaning_of_subject
from handwheel.tools.guardrails.enrolment import (
    Enrolment,
    check_enrolment,
    ending_root,
    enroll,
    renew,
    root_warning,
)
from handwheel.tools.guardrails.keys import key_path
from handwheel.tools.guardrails.ledger.database import LEDGER_FILE
from handwheel.tools.guardrails.operators import ADMINISTRATOR, Operator, Roster, load_roster
from handwheel.tools.guardrails.policy import load_policy
from handwheel.tools.requests.stamps import instant_now, parse_stamp, stamp

from ..exits import CONFIGURATION, fail
from ..folding import fold
from ..open_site import open_site
from ..options import JsonOption, SiteOption
from ..own_key import open_key
from ..passphrase import new_passphrase
from ..signer_options import AdministratorOption, PassphraseOption
from ..signing import Statement, find_person, open_bench, open_signer, sign_statement

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_LONGEST_DAYS = 3650
_FIRST, _OTHERS = f"{_LONGEST_DAYS}d", "365d"
_VALID_S = 60.0


@app.command("enroll")
def enroll_person(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person, such as anna.")],
    role: Annotated[list[str], typer.Option(help="What they may decide; may be repeated.")],
    valid: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=f"How long it holds; else {_OTHERS}, the first administrator's {_FIRST}.",
        ),
    ] = None,
    issuer: AdministratorOption = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The new key's passphrase, mode 600.")
    ] = None,
    issuer_passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The administrator's, mode 600.")
    ] = None,
    site: SiteOption = None,
) -> None:
    """Make a person's key, and have an administrator vouch for it.

    The first person of a site is its administrator, who vouches for themselves. Within the
    last 30 days of their record, or after it, the same command renews it with the same key.
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
    check_enrolment(opened, roster, wanted)
    if is_first and (issuer or issuer_passphrase_file):
        fail("the first administrator vouches for themselves; leave out --as", CONFIGURATION)
    admin = (
        None if is_first else find_person(opened, roster, issuer, wanted.start, administrator=True)
    )
    signer = open_key(opened, admin, issuer_passphrase_file) if admin else None
    passphrase = new_passphrase(name, passphrase_file)
    person = enroll(opened, wanted, passphrase, signer)
    why = f", when {admin.person}'s own ends" if admin and person.until < wanted.until else ""
    typer.echo(f"{name}: {', '.join(sorted(person.roles))}, until {stamp(person.until)}{why}")
    typer.echo(f"key {person.key_id} in {key_path(opened.id, name)}")
    _warn_of_no_use(opened, person)
    if is_first:
        typer.echo("it is the trust root of this site now: compare it with what site.yaml says")


def _renew(site: Site, root: Operator, wanted: Enrolment, passphrase_file: Path | None) -> None:
    person = renew(site, root, wanted, open_key(site, root, passphrase_file))
    typer.echo(f"{person.person}: {ADMINISTRATOR}, until {stamp(person.until)}")
    typer.echo(f"with the same key, {person.key_id}, from {stamp(person.start)}")


def _warn_of_the_root(site: Site, roster: Roster, now: datetime) -> None:
    if warning := root_warning(site, roster, now):
        sys.stderr.write(f"handwheel: {warning}\n")


def _warn_of_no_use(site: Site, person: Operator) -> None:
    """Tells of roles that approve nothing; a wrong policy is another command's business."""
    with suppress(ConfigError):
        policy = load_policy(site)
        for role in sorted(person.roles - {ADMINISTRATOR}):
            if not policy.has_use_for(role):
                sys.stderr.write(f"handwheel: no rule of {POLICY_FILE} asks for the role {role}\n")


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


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key is taken back.")],
    issuer: AdministratorOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
) -> None:
    """Take a person's key back, at once and for good.

    Nothing that it signed counts any more. It stands in the ledger, so that no old file brings
    the key back. For a new key take the person's record out of operators.yaml and enrol them
    again.
    """
    opened = open_site(site)
    with open_bench(opened) as bench:
        revoked = bench.revoked_keys()
        keys = {each.key_id for each in bench.roster.operators if each.person == name} - revoked
        if not keys:
            raise InvalidArguments(f"{name} has no key to take back: handwheel operator list")
        admin = find_person(opened, bench.roster, issuer, instant_now().wall, administrator=True)
        signer = open_signer(opened, admin, passphrase_file)
        for key_id in sorted(keys):
            now, subject = instant_now(), key_subject(key_id)
            meaning = meaning_of_subject("revoke-key", subject)
            statement = Statement("revoke-key", meaning, ADMINISTRATOR, _VALID_S, subject=subject)
            revoke_key(bench, sign_statement(bench.database, signer, statement, now), now)
            typer.echo(f"{name}: key {key_id} is revoked")


@app.command("list")
def list_people(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List who may decide, and which records do not count."""
    opened = open_site(site)
    roster, revoked = load_roster(opened), _revoked_keys(opened)
    now = datetime.now(UTC)
    _warn_of_the_root(opened, roster, now)
    if as_json:
        typer.echo(json.dumps(_description(roster, revoked, now)))
        return
    width = max((len(each.person) for each in roster.operators), default=0)
    for each in roster.operators:
        over = "  revoked" if each.key_id in revoked else ""
        over = over if each.is_enrolled(now) else "  not valid now"
        roles = ", ".join(sorted(each.roles))
        until = f"until {stamp(each.until)}"
        line = f"{each.person:<{width}}  {roles:<16}  {each.key_id}  {until}{over}"
        typer.echo(fold(line, width + 2))
    if not roster.operators:
        typer.echo("nobody is enrolled")
    for problem in roster.ignored:
        sys.stderr.write(f"handwheel: ignored: {problem}\n")


def _revoked_keys(site: Site) -> frozenset[str]:
    if not (site.state / LEDGER_FILE).exists():
        return frozenset()  # looking makes no ledger
    with open_bench(site) as bench:
        return bench.revoked_keys()


def _description(roster: Roster, revoked: frozenset[str], now: datetime) -> dict[str, object]:
    return {
        "operators": [
            {
                "person": each.person,
                "roles": sorted(each.roles),
                "key_id": each.key_id,
                "from": stamp(each.start),
                "until": stamp(each.until),
                "issuer": each.issuer,
                "valid": each.is_enrolled(now) and each.key_id not in revoked,
                "revoked": each.key_id in revoked,
            }
            for each in roster.operators
        ],
        "ignored": [str(problem) for problem in roster.ignored],
    }
