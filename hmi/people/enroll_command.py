"""The command `handwheel operators enroll`."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.config.regular_files import read_regular
from handwheel.connectors.errors import ConfigError, os_reason
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import POLICY_FILE, Site
from handwheel.playbooks.language.libraries import PACKAGE
from handwheel.tools.guardrails.identity.enrolment import (
    Enrolment,
    check_enrolment,
    ending_root,
    enroll,
    renew,
    root_warning,
    vouch,
)
from handwheel.tools.guardrails.identity.keys import KeyFault, PublicKey, key_path, parse_given_line
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR, Operator, Roster, load_roster
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.playbooks_lock import ENGINEER
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ..shell.cli.exits import fail
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption, option_s
from ..shell.cli.signer_options import (
    AdministratorOption,
    IssuerPassphraseOption,
    KeyOption,
    NewPassphraseOption,
)
from ..shell.terminal.passphrase import new_passphrase
from ..shell.terminal.show import Column
from ..shell.terminal.wrap import fold
from .private_key import open_key
from .rotate_key import check_unrevoked, revoked_keys
from .signing import find_person


def person_columns(revoked: frozenset[str], now: datetime) -> list[Column[Operator]]:
    """Returns the columns of a list of persons, with their roles, keys and ends."""

    def over(each: Operator) -> str:
        if each.key_id in revoked:
            return "revoked"
        return "" if each.is_enrolled(now) else "not valid now"

    return [
        Column("person", "person"),
        Column("roles", lambda each: ", ".join(sorted(each.roles)), width=16),
        Column("key", "key_id"),
        Column("until", lambda each: f"until {stamp(each.until)}"),
        Column("", over),
    ]


def person_fields(person: Operator, revoked: frozenset[str], now: datetime) -> dict[str, object]:
    """Returns a record as fields for JSON."""
    return {
        "person": person.person,
        "roles": sorted(person.roles),
        "key_id": person.key_id,
        "from": stamp(person.start),
        "until": stamp(person.until),
        "issuer": person.issuer,
        "valid": person.is_enrolled(now) and person.key_id not in revoked,
        "revoked": person.key_id in revoked,
    }


def roster_fields(roster: Roster, revoked: frozenset[str], now: datetime) -> dict[str, object]:
    """Returns all records, and what was ignored in the file, as fields for JSON."""
    return {
        "operators": [person_fields(each, revoked, now) for each in roster.operators],
        "ignored": [str(problem) for problem in roster.ignored],
    }


def warn_of_no_use(site: Site, person: Operator) -> None:
    """Warns of roles that nothing asks for. Faults of the policy are not reported here."""
    with suppress(ConfigError):
        policy = load_policy(site)
        for role in sorted(person.roles - {ADMINISTRATOR, ENGINEER}):
            if not policy.has_use_for(role):
                sys.stderr.write(f"handwheel: no rule of {POLICY_FILE} requires the role {role}\n")


def warn_of_the_root(site: Site, roster: Roster, now: datetime) -> None:
    """Warns on standard error that the trust root's record ends soon."""
    if warning := root_warning(site, roster, now):
        sys.stderr.write(f"handwheel: {warning}\n")


_LONGEST = 4096
_KIND = "ssh-"


def read_given_key(given: str) -> PublicKey:
    """Returns the public key of a line `ssh-ed25519 …`, a file, or `-` for standard input.

    Raises:
        KeyFault: It is no public Ed25519 key, or cannot be read.
    """
    if given.startswith(_KIND):
        return parse_given_line(given)
    try:
        if given == "-":
            text = sys.stdin.readline(_LONGEST) if sys.stdin else ""
        else:
            text = read_regular(Path(given), _LONGEST).decode()
    except OSError as error:
        raise KeyFault(f"{given}: cannot be read: {os_reason(error)}") from None
    except UnicodeDecodeError:
        raise KeyFault(f"{given}: is not UTF-8") from None
    try:
        return parse_given_line(text.partition("\n")[0])
    except KeyFault as fault:
        raise KeyFault(f"{given}: {fault}") from None


_LONGEST_DAYS = 3650
_FIRST, _OTHERS = f"{_LONGEST_DAYS}d", "365d"
NO_KEY_GIVEN = (
    "--key is for a key that was made elsewhere. It takes no passphrase, and the first "
    "administrator cannot use it"
)


def enroll_people(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Persons, such as anna.")],
    role: Annotated[list[str], typer.Option(help="A role of each person; repeatable.")],
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
    """Enroll persons, vouched for by an administrator.

    The first person of a site is its administrator, who vouches for themselves. Within the
    last 30 days of that record, or later, the same command renews it with the same key.

    Exit codes: 0 enrolled, 1 refused, 2 no passphrase, wrong usage or configuration.
    """
    opened = open_site(site)
    roster, now = load_roster(opened), datetime.now(UTC)
    is_first, root = not opened.trust_root, ending_root(opened, roster, now)
    if root is not None and ([root.person], [ADMINISTRATOR]) == (names, role):
        if issuer not in {None, root.person}:
            fail("the trust root vouches for itself; leave out --as")
        file = issuer_passphrase_file or passphrase_file
        _renew(opened, root, _wanted(root.person, role, valid or _FIRST, now), file)
        return
    warn_of_the_root(opened, roster, now)
    lasts = valid or (_FIRST if is_first else _OTHERS)
    wanted = [_wanted(name, role, lasts, now) for name in dict.fromkeys(names)]
    for each in wanted:
        check_enrolment(opened, roster, each, makes_key=key is None)
    _check_several(wanted, is_first, key or passphrase_file)
    if is_first and (issuer or issuer_passphrase_file):
        fail("the first administrator vouches for themselves; leave out --as")
    admin = None if is_first else find_person(opened, roster, issuer, now, administrator=True)
    if key is not None:
        if admin is None or passphrase_file is not None:
            fail(NO_KEY_GIVEN)
        public = read_given_key(key)
        check_unrevoked(revoked_keys(opened), public)
        signer = open_key(opened, admin, issuer_passphrase_file)
        people = [vouch(opened, wanted[0], public, signer)]
    else:
        own = open_key(opened, admin, issuer_passphrase_file) if admin else None
        passphrases = [new_passphrase(each.person, passphrase_file) for each in wanted]
        people = [
            enroll(opened, each, passphrase, own)
            for each, passphrase in zip(wanted, passphrases, strict=True)
        ]
    for each, person in zip(wanted, people, strict=True):
        why = f", when {admin.person}'s own ends" if admin and person.until < each.until else ""
        _show(opened, person, why, is_made_here=key is None)
    if is_first:
        typer.echo("this key is now the trust root in site.yaml: it vouches for all others")
        _tell_to_release(opened)
    _tell(*people)


def _show(site: Site, person: Operator, why: str, *, is_made_here: bool) -> None:
    name, roles = person.person, ", ".join(sorted(person.roles))
    typer.echo(f"{name}: {roles}, until {stamp(person.until)}{why}")
    place = f" in {key_path(site.id, name)}" if is_made_here else ", made elsewhere"
    typer.echo(fold(f"key {person.key_id}{place}"))
    warn_of_no_use(site, person)


def _tell_to_release(site: Site) -> None:
    shipped = next((entry for entry in site.playbooks if entry.startswith(PACKAGE)), "")
    if shipped:
        step = next_step("playbooks", "release", shipped)
        words = f"requests of a playbook that is not released need two people; {step}"
        typer.echo(fold(words))


def _check_several(wanted: Sequence[Enrolment], is_first: bool, own: object) -> None:
    if len(wanted) > 1 and is_first:
        fail("enrol the first administrator alone")
    if len(wanted) > 1 and own is not None:
        fail("--key and --passphrase-file are of one person; name one")


def _renew(site: Site, root: Operator, wanted: Enrolment, passphrase_file: Path | None) -> None:
    person = renew(site, root, wanted, open_key(site, root, passphrase_file))
    typer.echo(f"{person.person}: {ADMINISTRATOR}, until {stamp(person.until)}")
    typer.echo(f"with the same key, {person.key_id}, from {stamp(person.start)}")
    _tell(person)


def _tell(*people: Operator) -> None:
    now = datetime.now(UTC)
    tell_result(enrolled=[person_fields(each, frozenset(), now) for each in people])


def _wanted(name: str, roles: list[str], valid: str, now: datetime) -> Enrolment:
    seconds = option_s(valid, "--valid")
    longest = timedelta(days=_LONGEST_DAYS)
    if not 1.0 <= seconds <= longest.total_seconds():
        fail(f"--valid: must lie between 1 s and {_LONGEST_DAYS} d")
    start = parse_stamp(stamp(now))
    return Enrolment(name, tuple(dict.fromkeys(roles)), start, start + timedelta(seconds=seconds))
