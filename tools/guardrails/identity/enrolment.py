"""Adds persons to `operators.yaml` by a record that an administrator signs.

The key is written first, then the record, then for the first administrator the trust root. A
crash in between leaves a key or a record that does not count. A record that would not count, or
would make another one invalid, raises `EnrolmentRefused`; a file that cannot be read or written
raises another `HandwheelError`.
"""

import fcntl
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from shlex import quote

from handwheel.connectors.errors import HandwheelError, os_reason
from handwheel.connectors.hints import NEXT, next_step
from handwheel.connectors.model.site import OPERATORS_FILE, SITE_FILE, Site

from ...atomic_files import replace_file
from ...errors import InvalidArguments
from ...requests.timestamps import stamp
from .keys import PrivateKey, PublicKey, create_key, fingerprint, key_path, public_line
from .operators_yaml import with_record, with_trust_root
from .roster import (
    ADMINISTRATOR,
    AGENT,
    PERSON,
    PERSON_WORDS,
    ROLE,
    ROLE_WORDS,
    Operator,
    Record,
    Roster,
    judge,
    load_roster,
)

RENEWED_WITHIN = timedelta(days=30)
"""Time before its end in which the trust root's record may be renewed."""


class EnrolmentRefused(InvalidArguments):
    """The enrolment is not possible. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Person to enrol, with roles and validity."""

    person: str
    roles: tuple[str, ...]
    start: datetime
    until: datetime


def check_enrolment(
    site: Site, roster: Roster, wanted: Enrolment, *, makes_key: bool = True
) -> None:
    """Checks an enrolment before a passphrase is asked for, whether or not the key is made here.

    Raises:
        EnrolmentRefused: The name or a role is not valid, an administrator would have another
            role, the site has no administrator yet, the person is enrolled, or a key exists.
    """
    _check_names(wanted)
    if not site.trust_root:
        _check_first(roster, wanted)
    for each in roster.operators:
        if each.person == wanted.person and wanted.start < each.until and each.start < wanted.until:
            more = (
                f"the trust root's record is renewed in its last {RENEWED_WITHIN.days} days"
                if each.key_id == site.trust_root
                else f"for another key, {next_step('operators', 'rotate', each.person)}"
            )
            raise EnrolmentRefused(
                f"{each.person} is enrolled until {stamp(each.until)}, with the key "
                f"{each.key_id}; {more}"
            )
    path = key_path(site.id, wanted.person)
    if makes_key and path.exists():
        raise EnrolmentRefused(_earlier_key(site, path))


def _earlier_key(site: Site, path: Path) -> str:
    """Returns what to do about a key that no record of this site names.

    Where nobody is enrolled yet, the keys of all persons are moved away at once.
    """
    old = path if site.trust_root else path.parent
    free = (old.with_name(f"{old.name}.old{number or ''}") for number in count())
    new = next(each for each in free if not each.exists())
    return (
        f"{path}: there is a key already, of an earlier or another site {site.id!r}; "
        f"if you no longer need it, move it away and try again; {NEXT}mv {quote(str(old))} "
        f"{quote(str(new))}"
    )


def _check_names(wanted: Enrolment) -> None:
    if not PERSON.fullmatch(wanted.person):
        raise EnrolmentRefused(f"{wanted.person!r} {PERSON_WORDS}")
    for role in wanted.roles:
        if not ROLE.fullmatch(role):
            raise EnrolmentRefused(f"{role!r} {ROLE_WORDS}")
    if not wanted.roles:
        raise EnrolmentRefused("a person needs at least one role")
    if AGENT in wanted.roles:
        raise EnrolmentRefused("an agent holds no key and is not enrolled")
    if ADMINISTRATOR in wanted.roles and set(wanted.roles) != {ADMINISTRATOR}:
        raise EnrolmentRefused(f"an {ADMINISTRATOR} cannot approve, and has no other role")


def _check_first(roster: Roster, wanted: Enrolment) -> None:
    if ADMINISTRATOR not in wanted.roles:
        raise EnrolmentRefused(
            "this site has no administrator yet; enrol one first; "
            f"{next_step('operators', 'enroll', 'NAME', '--role', ADMINISTRATOR)}"
        )
    if roster.ignored:
        raise EnrolmentRefused(
            f"{OPERATORS_FILE} has records, but {SITE_FILE} names no trust root to vouch for "
            "them; take them out first"
        )


def ending_root(site: Site, roster: Roster, at: datetime) -> Operator | None:
    """Returns the trust root's last record if it ends within 30 days or has ended."""
    records = roster.with_key(site.trust_root)
    last = max(records, key=lambda each: each.until, default=None)
    return last if last and last.until - at <= RENEWED_WITHIN else None


def root_warning(site: Site, roster: Roster, at: datetime) -> str:
    """Returns a warning that the trust root's record ends soon, or an empty text."""
    root = ending_root(site, roster, at)
    if root is None:
        return ""
    ends = "ends" if at < root.until else "ended"
    renewal = next_step("operators", "enroll", root.person, "--role", ADMINISTRATOR)
    return (
        f"the record of {root.person}, the trust root, {ends} {stamp(root.until)}, and no record "
        f"outlasts it; renew it; {renewal}"
    )


def renew(site: Site, root: Operator, wanted: Enrolment, private: PrivateKey) -> Operator:
    """Adds a record for the trust root, with its own key, that follows the last one.

    Args:
        root: From `ending_root`.
        wanted: Gives the length, and the start if the last record has ended by then.
    """
    start = max(wanted.start, root.until)
    later = replace(wanted, start=start, until=start + (wanted.until - wanted.start))
    with enrolment_lock(site.root):
        return _write(site, later, private.public_key(), private)


def enroll(site: Site, wanted: Enrolment, passphrase: str, issuer: PrivateKey | None) -> Operator:
    """Creates a person's key and record, which ends with the issuer's at the latest.

    Args:
        issuer: The administrator's key; `None` for the first administrator, who signs the own
            record and becomes the site's trust root.
    """
    path = key_path(site.id, wanted.person)
    with enrolment_lock(site.root):
        private = create_key(path, passphrase)
        try:
            return _write(site, wanted, private.public_key(), issuer or private)
        except HandwheelError:
            path.unlink()  # no record names it
            raise


def vouch(site: Site, wanted: Enrolment, public: PublicKey, issuer: PrivateKey) -> Operator:
    """Adds the record of a person whose key was made elsewhere."""
    with enrolment_lock(site.root):
        return _write(site, wanted, public, issuer)


def _write(site: Site, wanted: Enrolment, public: PublicKey, signer: PrivateKey) -> Operator:
    root = site.trust_root or fingerprint(public)
    record = record_of(site.id, within_issuer_validity(site, wanted, signer), public, signer)
    text, records = with_record(site.root / OPERATORS_FILE, record)
    operator = _judged(records, site, root)
    site_text = "" if site.trust_root else with_trust_root(site.root / SITE_FILE, root)
    try:
        replace_file(site.root / OPERATORS_FILE, text)
        if site_text:
            replace_file(site.root / SITE_FILE, site_text)
    except OSError as error:
        raise EnrolmentRefused(f"{site.root}: cannot be written: {os_reason(error)}") from None
    return operator


def within_issuer_validity(site: Site, wanted: Enrolment, signer: PrivateKey) -> Enrolment:
    """Returns the enrolment, shortened to the record of its signer."""
    issuer = load_roster(site).by_key(fingerprint(signer.public_key()), wanted.start)
    return replace(wanted, until=min(wanted.until, issuer.until)) if issuer else wanted


def _judged(records: Sequence[Record], site: Site, root: str) -> Operator:
    """Returns the person of the last record if it counts and leaves the others valid."""
    before, _ = judge(records[:-1], site.id, root)
    after, faults = judge(records, site.id, root)
    if fault := faults.get(len(records) - 1):
        raise EnrolmentRefused(f"the record would not count: {fault}")
    if len(after) != len(before) + 1:
        raise EnrolmentRefused("the record would set another aside")
    return after[-1]


def make_record(site_id: str, wanted: Enrolment, private: PrivateKey, issuer: PrivateKey) -> Record:
    """Returns the record of a private key. See `record_of`."""
    return record_of(site_id, wanted, private.public_key(), issuer)


def record_of(site_id: str, wanted: Enrolment, public: PublicKey, issuer: PrivateKey) -> Record:
    """Returns a record signed by the issuer. `judge` says whether it counts."""
    unsigned = Record.model_validate(
        {
            "person": wanted.person,
            "roles": sorted(wanted.roles),
            "key": public_line(public),
            "from": stamp(wanted.start),
            "until": stamp(wanted.until),
            "issuer": fingerprint(issuer.public_key()),
            "signature": "0" * 128,
        }
    )
    return unsigned.model_copy(update={"signature": issuer.sign(unsigned.signed(site_id)).hex()})


@contextmanager
def enrolment_lock(folder: Path) -> Generator[None]:
    """Locks the site folder, so that enrolments do not write the same file at once."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
