"""The people of a site: `operators.yaml`, of which only what the trust root vouches for counts.

A record says that a key is a person's, for which roles and how long. An administrator signs
it; the first administrator signs their own, and its fingerprint stands in `site.yaml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from pydantic import Field

from handwheel.connectors.config.validation import KeyId, Model, load_model, spelled
from handwheel.connectors.config.yaml_documents import parse_content, read_content
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import OPERATORS_FILE, Site

from ...requests.canonical import canonical, signed_bytes
from ...requests.request import Stamp
from ...requests.stamps import parse_stamp, stamp
from .keys import KeyFault, PublicKey, fingerprint, parse_public_line

ADMINISTRATOR = "administrator"
"""The role that enrols, revokes and releases; it never approves."""
AGENT = "agent"
"""A role that nobody can be enrolled with: an agent holds no key."""


PERSON = re.compile(r"[a-z][a-z0-9.-]{0,31}")
PERSON_WORDS = "is no name for a person: at most 32 of a-z, 0-9, dot and hyphen, first a letter"
ROLE = re.compile(r"[a-z][a-z0-9-]{0,31}")
ROLE_WORDS = "is no name for a role: at most 32 of a-z, 0-9 and hyphen, first a letter"
Person = Annotated[str, spelled(PERSON.pattern, PERSON_WORDS)]
Role = Annotated[str, spelled(ROLE.pattern, ROLE_WORDS)]


class Record(Model):
    """One enrolment: whose key it is, what for, how long, and who says so."""

    person: Person
    roles: list[Role] = Field(min_length=1)
    key: str
    from_: Stamp = Field(alias="from")
    until: Stamp
    issuer: KeyId
    signature: Annotated[str, spelled(r"[0-9a-f]{128}", "is no signature: 128 of 0-9 and a-f")]

    def signed(self, site_id: str) -> bytes:
        """Returns what the issuer signs: all of the record, for this site."""
        said = self.model_dump(by_alias=True, exclude={"signature"})
        document = {"schema": "enrolment/1", "site": site_id, **said, "roles": sorted(self.roles)}
        return signed_bytes("enrolment", canonical(document))


class OperatorsFile(Model):
    """The file `operators.yaml`."""

    schema_: Literal["operators/1"] = Field(default="operators/1", alias="schema")
    operators: list[Record]


@dataclass(frozen=True, slots=True)
class Operator:
    """A person as a valid record describes them.

    Attributes:
        roles: For an administrator that one only, whatever else the record says.
        chain: The key ids of those who vouch, from the issuer up to the trust root;
            empty for the trust root itself.
        records: The person's own record, and those of the chain.
    """

    person: str
    roles: frozenset[str]
    key_id: str
    public: PublicKey
    start: datetime
    until: datetime
    issuer: str
    chain: tuple[str, ...]
    records: tuple[Record, ...]

    @property
    def is_administrator(self) -> bool:
        """Whether the person enrols others, and therefore approves nothing."""
        return ADMINISTRATOR in self.roles

    def is_enrolled(self, at: datetime) -> bool:
        """Whether the record holds at this time."""
        return self.start <= at < self.until


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody whose record has a valid chain to the trust root.

    Attributes:
        ignored: The records that do not count, each with its place and reason.
        hash: SHA-256 of the file's bytes, hexadecimal; empty without a file.
    """

    operators: tuple[Operator, ...]
    ignored: tuple[Problem, ...]
    hash: str

    def by_key(self, key_id: str, at: datetime) -> Operator | None:
        """Returns whose key it is at this time."""
        return next((each for each in self.with_key(key_id) if each.is_enrolled(at)), None)

    def with_key(self, key_id: str) -> tuple[Operator, ...]:
        """Returns the records of a key, whenever they hold."""
        return tuple(each for each in self.operators if each.key_id == key_id)

    def by_name(self, person: str, at: datetime) -> Operator | None:
        """Returns the person's record at this time."""
        return next(
            (each for each in self.operators if each.person == person and each.is_enrolled(at)),
            None,
        )


def load_roster(site: Site) -> Roster:
    """Reads who may decide at a site. Without a file it is nobody.

    Raises:
        ConfigError: The file cannot be read, or is no list of records.
    """
    path = site.root / OPERATORS_FILE
    try:
        content = read_content(path)
    except ConfigError:
        if path.exists():
            raise
        return Roster((), (), "")
    return _roster(content, str(path), site.id, site.trust_root)


@lru_cache(maxsize=8)
def _roster(content: bytes, shown: str, site_id: str, trust_root: str) -> Roster:
    """Returns the people of a file's bytes. The same bytes are the same people: no time counts."""
    document = parse_content(content, shown)
    file = load_model(OperatorsFile, document)
    operators, faults = judge(file.operators, site_id, trust_root)
    ignored = tuple(
        document.problem(("operators", number), f"{file.operators[number].person}: {fault}")
        for number, fault in sorted(faults.items())
    )
    return Roster(operators, ignored, document.sha256)


def judge(
    records: Sequence[Record], site_id: str, trust_root: str
) -> tuple[tuple[Operator, ...], dict[int, str]]:
    """Returns the people whose records count, and why each of the others does not."""
    faults: dict[int, str] = {}
    publics: dict[int, PublicKey] = {}
    for number, record in enumerate(records):
        try:
            publics[number] = parse_public_line(record.key)
        except KeyFault as fault:
            faults[number] = str(fault)
    by_id = {fingerprint(public): public for public in publics.values()}
    for number in publics:
        if reason := _fault_alone(records[number], by_id, site_id):
            faults[number] = reason
    sound = {
        number: _operator(records[number], public)
        for number, public in publics.items()
        if number not in faults
    }
    vouched = _vouched(sound, trust_root)
    conflicts = dict(_conflicts(vouched))
    # Whom a refused administrator vouches for is out as well.
    rest = {number: each for number, each in sound.items() if number not in conflicts}
    accepted = _vouched(rest, trust_root)
    missing = (
        "no chain of administrators leads from it to the trust root in site.yaml"
        if trust_root
        else "site.yaml names no trust root"
    )
    for number in sound.keys() - accepted.keys():
        outlived = _outlived(sound[number], accepted)
        faults[number] = conflicts.get(number) or outlived or missing
    return tuple(accepted[number] for number in sorted(accepted)), faults


def _fault_alone(record: Record, by_id: Mapping[str, PublicKey], site_id: str) -> str:
    """Returns what is wrong with a record, whoever its issuer is."""
    if parse_stamp(record.from_) >= parse_stamp(record.until):
        return "it ends before it begins"
    if len(set(record.roles)) != len(record.roles):
        return "it names a role twice"
    if AGENT in record.roles:
        return "an agent holds no key"
    issuer = by_id.get(record.issuer)
    if issuer is None:
        return f"its issuer {record.issuer} stands in no record"
    try:
        issuer.verify(bytes.fromhex(record.signature), record.signed(site_id))
    except InvalidSignature:
        return "its signature does not fit: it was changed, or made for another site"
    return ""


def _operator(record: Record, public: PublicKey) -> Operator:
    roles = frozenset(record.roles)
    return Operator(
        person=record.person,
        roles=roles & {ADMINISTRATOR} or roles,
        key_id=fingerprint(public),
        public=public,
        start=parse_stamp(record.from_),
        until=parse_stamp(record.until),
        issuer=record.issuer,
        chain=(),
        records=(record,),
    )


def _vouched(sound: Mapping[int, Operator], root: str) -> dict[int, Operator]:
    """Returns the records that a chain of administrators joins to the root, with their chain."""
    vouched = {
        number: each
        for number, each in sound.items()
        if each.key_id == each.issuer == root and each.is_administrator
    }
    while True:
        more = dict(_next_vouched(sound, vouched))
        if not more:
            return vouched
        vouched |= more


def _next_vouched(
    sound: Mapping[int, Operator], vouched: Mapping[int, Operator]
) -> Iterator[tuple[int, Operator]]:
    for number, each in sound.items():
        if number in vouched or each.key_id == each.issuer:
            continue
        for issuer in vouched.values():
            # No record tells when it was signed: an administrator whose time is over could date
            # one back. So nobody's enrolment outlasts that of whoever vouches for them.
            if _may_vouch(issuer, each) and each.until <= issuer.until:
                chain = issuer.key_id, *issuer.chain
                records = *each.records, *issuer.records
                yield number, replace(each, chain=chain, records=records)
                break


def _may_vouch(issuer: Operator, each: Operator) -> bool:
    knows = issuer.key_id == each.issuer and issuer.is_enrolled(each.start)
    return knows and issuer.is_administrator


def _outlived(each: Operator, vouched: Mapping[int, Operator]) -> str:
    """Returns that a record ends too late, if that is all that is wrong with it."""
    issuers = [issuer for issuer in vouched.values() if _may_vouch(issuer, each)]
    if not issuers or each.key_id == each.issuer:
        return ""
    last = max(issuers, key=lambda issuer: issuer.until)
    return f"it ends after {stamp(last.until)}, when the record of {last.person} ends, its issuer"


def _conflicts(vouched: Mapping[int, Operator]) -> Iterator[tuple[int, str]]:
    """Yields the records of people with two keys at a time, and of keys with two people."""
    for number, each in vouched.items():
        for other_number, other in vouched.items():
            if other_number == number:
                continue
            overlap = each.start < other.until and other.start < each.until
            if each.person == other.person and overlap:
                yield number, f"{each.person} has another record at the same time; one at a time"
            elif each.person != other.person and each.key_id == other.key_id:
                yield number, f"its key is {other.person}'s as well"
