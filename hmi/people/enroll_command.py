"""The command `handwheel operators enroll`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.libraries import PACKAGE
from handwheel.tools.guardrails.identity.enrolment import (
    Enrolment,
    check_enrolment,
    ending_root,
    enroll,
    renew,
    vouch,
)
from handwheel.tools.guardrails.identity.keys import key_path
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR, Operator, load_roster
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ..shell.cli.exits import fail
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.option_times import option_s
from ..shell.cli.options import SiteOption
from ..shell.cli.signer_options import (
    AdministratorOption,
    IssuerPassphraseOption,
    KeyOption,
    NewPassphraseOption,
)
from ..shell.terminal.passphrase import new_passphrase
from ..shell.terminal.wrap import fold
from .operator_text import person_fields, read_given_key, warn_of_no_use, warn_of_the_root
from .private_key import open_key
from .rotate_key import check_unrevoked, revoked_keys
from .signer_choice import find_person

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
