"""People with keys in memory, and a site that trusts the first of them."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.identity.enrolment import Enrolment, make_record
from handwheel.tools.guardrails.identity.keys import PrivateKey, fingerprint
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import Record, Roster, judge

from . import site_text

SITE = "cw-demo"
START = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


@cache
def key_of(person: str) -> PrivateKey:
    """The one key of a person in this test run."""
    return PrivateKey.generate()


def key_id(person: str) -> str:
    return fingerprint(key_of(person).public_key())


def record_of(
    person: str,
    *roles: str,
    issuer: str = "boss",
    start: datetime = START,
    valid: timedelta = YEAR,
    key: str = "",
    site_id: str = SITE,
) -> Record:
    """A record that the issuer signed; the key is that of `key`, else the person's."""
    enrolment = Enrolment(person, roles or ("operator",), start, start + valid)
    return make_record(site_id, enrolment, key_of(key or person), key_of(issuer))


def boss(valid: timedelta = YEAR) -> Record:
    """The first administrator's record."""
    return record_of("boss", "administrator", valid=valid)


def roster_of(*records: Record) -> Roster:
    """The people of these records, trusting boss."""
    operators, _ = judge(records, SITE, key_id("boss"))
    return Roster(operators, (), "")


def site_of(folder: Path, *records: Record, root: str = "boss") -> Site:
    """A site that trusts this person's key, with these records."""
    text = site_text.SITE.replace("id: works-7", f"id: {SITE}")
    if root:
        text += f'trust: {{root: "{key_id(root)}"}}\n'
    site = site_text.load(folder, text)
    if records:
        (folder / "operators.yaml").write_text(operators_text(records))
    return site
