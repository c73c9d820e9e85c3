"""Enrolled persons as columns and fields, and the public keys that are given for them."""

import os
import stat
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from handwheel.connectors.errors import ConfigError, os_reason
from handwheel.connectors.model.site import POLICY_FILE, Site
from handwheel.tools.guardrails.identity.enrolment import root_warning
from handwheel.tools.guardrails.identity.keys import KeyFault, PublicKey, parse_given_line
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR, Operator, Roster
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.playbooks_lock import ENGINEER
from handwheel.tools.requests.timestamps import stamp

from ..shell.terminal.show import Column


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
        text = _key_line() if given == "-" else _key_content(Path(given))
    except OSError as error:
        raise KeyFault(f"{given}: cannot be read: {os_reason(error)}") from None
    except UnicodeDecodeError:
        raise KeyFault(f"{given}: is not UTF-8") from None
    try:
        return parse_given_line(text.partition("\n")[0])
    except KeyFault as fault:
        raise KeyFault(f"{given}: {fault}") from None


def _key_line() -> str:
    return "" if sys.stdin is None else sys.stdin.readline(_LONGEST)


def _key_content(path: Path) -> str:
    # Without O_NONBLOCK, opening a named pipe would block.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise KeyFault(f"{path}: is no file")
        return os.read(descriptor, _LONGEST).decode()
    finally:
        os.close(descriptor)
