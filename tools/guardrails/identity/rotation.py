"""Ends a person's record now and begins one for a new key.

Both are written in one replacement of `operators.yaml`, so a crash leaves the old record or both
new ones. Earlier signatures of the old key stay verifiable, since its record remains.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handwheel.connectors.errors import os_reason
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import OPERATORS_FILE, Site

from ...atomic_files import replace_file
from ...requests.timestamps import stamp
from .enrolment import (
    Enrolment,
    EnrolmentRefused,
    enrolment_lock,
    record_of,
    within_issuer_validity,
)
from .keys import PrivateKey, PublicKey, fingerprint
from .operators_yaml import with_successor
from .roster import Operator, Record, Roster, judge, load_roster


@dataclass(frozen=True, slots=True)
class Rotation:
    """Record that was ended, and its successor."""

    ended: Operator
    begun: Operator


def check_rotation(site: Site, roster: Roster, person: str, now: datetime) -> Operator:
    """Returns the record that a rotation would end.

    Raises:
        EnrolmentRefused: The person is not enrolled now, is the trust root, or has signed records
            that would become invalid.
    """
    found = roster.by_name(person, now)
    if found is None:
        raise EnrolmentRefused(f"{person} is not enrolled now; {next_step('operators', 'list')}")
    if found.key_id == site.trust_root:
        raise EnrolmentRefused(
            f"{person} is the trust root: every record rests on that key, and it stays; with "
            "another root the site's people are enrolled anew"
        )
    if found.start >= now:
        raise EnrolmentRefused(f"the record of {person} has only just begun; try again")
    vouched = sorted(
        each.person for each in roster.operators if each.issuer == found.key_id and each.until > now
    )
    if vouched:
        raise EnrolmentRefused(
            f"{person} vouches for {', '.join(vouched)}, and no record outlasts that of its "
            "issuer: rotate these first, signed by another administrator"
        )
    return found


def rotate(
    site: Site, person: str, public: PublicKey, issuer: PrivateKey, now: datetime
) -> Rotation:
    """Ends a person's record and begins one for another key, with the same roles and end.

    Args:
        issuer: The administrator's key, which signs both records.
        now: End of the one and start of the other, in whole milliseconds.

    Raises:
        EnrolmentRefused: One of the records would not count, or would make another one invalid.
        HandwheelError: The file cannot be read or written.
    """
    with enrolment_lock(site.root):
        old = check_rotation(site, load_roster(site), person, now)
        if fingerprint(public) == old.key_id:
            raise EnrolmentRefused(f"{person} is enrolled with this very key")
        record = old.records[0]
        ended = _signed(site, record, now, issuer)
        wanted = Enrolment(person, tuple(record.roles), now, old.until)
        begun = record_of(site.id, within_issuer_validity(site, wanted, issuer), public, issuer)
        path = site.root / OPERATORS_FILE
        text, records = with_successor(path, record, ended, begun)
        rotation = _judged(records, site, ended, begun, load_roster(site))
        try:
            replace_file(path, text)
        except OSError as error:
            raise EnrolmentRefused(f"{path}: cannot be written: {os_reason(error)}") from None
        return rotation


def _signed(site: Site, record: Record, until: datetime, issuer: PrivateKey) -> Record:
    unsigned = record.model_copy(
        update={"until": stamp(until), "issuer": fingerprint(issuer.public_key())}
    )
    return unsigned.model_copy(update={"signature": issuer.sign(unsigned.signed(site.id)).hex()})


def _judged(
    records: Sequence[Record], site: Site, ended: Record, begun: Record, before: Roster
) -> Rotation:
    after, faults = judge(records, site.id, site.trust_root)
    for record, words in ((ended, "the record that ends"), (begun, "the new record")):
        if fault := faults.get(records.index(record)):
            raise EnrolmentRefused(
                f"{words} would not count: {fault}; was the administrator enrolled when it began?"
            )
    if len(after) != len(before.operators) + 1:
        raise EnrolmentRefused("the rotation would set another record aside")
    by_record = {each.records[0].signature: each for each in after}
    return Rotation(by_record[ended.signature], by_record[begun.signature])
