"""Roster of a site from the records of `operators.yaml` with a chain to the trust root.

A record binds a key to a person, roles and a time. An administrator signs it; the first
administrator signs the own record, and `site.yaml` holds the fingerprint of that key.
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
from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import OPERATORS_FILE, Site

from ...requests.canonical import canonical, signed_bytes
from ...requests.request import Stamp
from ...requests.timestamps import parse_stamp, stamp
from .keys import KeyFault, PublicKey, fingerprint, parse_public_line

ADMINISTRATOR = "administrator"
"""Role that enrols, revokes and releases. It never approves."""
AGENT = "agent"
"""Role of agents. It cannot be enrolled, since an agent holds no key."""


PERSON = re.compile(r"[a-z][a-z0-9.-]{0,31}")
PERSON_WORDS = "is no name for a person: at most 32 of a-z, 0-9, dot and hyphen, first a letter"
ROLE = re.compile(r"[a-z][a-z0-9-]{0,31}")
ROLE_WORDS = "is no name for a role: at most 32 of a-z, 0-9 and hyphen, first a letter"
Person = Annotated[str, spelled(PERSON.pattern, PERSON_WORDS)]
Role = Annotated[str, spelled(ROLE.pattern, ROLE_WORDS)]


class Record(Model):
    """Record of one enrolment."""

    person: Person
    roles: list[Role] = Field(min_length=1)
    key: str
    from_: Stamp = Field(alias="from")
    until: Stamp
    issuer: KeyId
    signature: Annotated[str, spelled(r"[0-9a-f]{128}", "is no signature: 128 of 0-9 and a-f")]

    def signed(self, site_id: str) -> bytes:
        """Returns the bytes of record and site that the issuer signs."""
        said = self.model_dump(by_alias=True, exclude={"signature"})
        document = {"schema": "enrolment/1", "site": site_id, **said, "roles": sorted(self.roles)}
        return signed_bytes("enrolment", canonical(document))


class OperatorsFile(Model):
    """The file `operators.yaml`."""

    schema_: Literal["operators/1"] = Field(default="operators/1", alias="schema")
    operators: list[Record]


@dataclass(frozen=True, slots=True)
class Operator:
    """Person with a valid record."""

    person: str
    roles: frozenset[str]  # for an administrator that role only, whatever else the record says
    key_id: str
    public: PublicKey
    start: datetime
    until: datetime
    issuer: str
    chain: tuple[str, ...]  # key ids from the issuer up to the trust root; empty for the root
    records: tuple[Record, ...]  # the person's own record, and those of the chain

    @property
    def is_administrator(self) -> bool:
        """Whether the person is an administrator, who enrols others and cannot approve."""
        return ADMINISTRATOR in self.roles

    def is_enrolled(self, at: datetime) -> bool:
        """Whether the record is valid at a time."""
        return self.start <= at < self.until


@dataclass(frozen=True, slots=True)
class Roster:
    """Operators whose records have a valid chain to the trust root."""

    operators: tuple[Operator, ...]
    ignored: tuple[Problem, ...]  # problems of the records that do not count
    hash: str  # SHA-256 of the file's bytes, hexadecimal; empty without a file

    def by_key(self, key_id: str, at: datetime) -> Operator | None:
        """Returns the person of a key at a time."""
        return next((each for each in self.with_key(key_id) if each.is_enrolled(at)), None)

    def with_key(self, key_id: str) -> tuple[Operator, ...]:
        """Returns the records of a key, valid at any time."""
        return tuple(each for each in self.operators if each.key_id == key_id)

    def by_name(self, person: str, at: datetime) -> Operator | None:
        """Returns the person's record at a time."""
        return next(
            (each for each in self.operators if each.person == person and each.is_enrolled(at)),
            None,
        )


def load_roster(site: Site) -> Roster:
    """Reads the roster of a site, which is empty without a file. Raises `ConfigError`."""
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
    """Returns the roster of a file's bytes, whatever the time, so that it can be cached."""
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
) -> tuple[tuple[Operator, ...], dict[int, Denial]]:
    """Returns the operators whose records count, and the fault of each other record."""
    faults: dict[int, Denial] = {}
    publics: dict[int, PublicKey] = {}
    for number, record in enumerate(records):
        try:
            publics[number] = parse_public_line(record.key)
        except KeyFault as fault:
            faults[number] = Denial("key", str(fault))
    by_id = {fingerprint(public): public for public in publics.values()}
    for number in publics:
        if denial := _fault_alone(records[number], by_id, site_id):
            faults[number] = denial
    sound = {
        number: _operator(records[number], public)
        for number, public in publics.items()
        if number not in faults
    }
    vouched = _vouched(sound, trust_root)
    conflicts = dict(_conflicts(vouched))
    # Records that a refused administrator signed do not count either.
    rest = {number: each for number, each in sound.items() if number not in conflicts}
    accepted = _vouched(rest, trust_root)
    missing = Denial(
        "chain",
        "no chain of administrators leads from it to the trust root in site.yaml"
        if trust_root
        else "site.yaml names no trust root",
    )
    for number in sound.keys() - accepted.keys():
        outlived = _outlived(sound[number], accepted)
        faults[number] = conflicts.get(number) or outlived or missing
    return tuple(accepted[number] for number in sorted(accepted)), faults


def _fault_alone(record: Record, by_id: Mapping[str, PublicKey], site_id: str) -> Denial | None:
    """Returns the fault of a record, apart from its issuer's standing."""
    if parse_stamp(record.from_) >= parse_stamp(record.until):
        return Denial("time", "it ends before it begins")
    if len(set(record.roles)) != len(record.roles):
        return Denial("role", "it names a role twice")
    if AGENT in record.roles:
        return Denial("role", "an agent holds no key")
    issuer = by_id.get(record.issuer)
    if issuer is None:
        return Denial("issuer", f"no record has its issuer {record.issuer}")
    try:
        issuer.verify(bytes.fromhex(record.signature), record.signed(site_id))
    except InvalidSignature:
        reason = "its signature does not fit: it was changed, or made for another site"
        return Denial("signature", reason)
    return None


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
    """Returns the records with a chain of administrators to the root, with their chain."""
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
            # A record has no time of signature, so an expired administrator could antedate one.
            # Therefore no record ends after that of its issuer.
            if _may_vouch(issuer, each) and each.until <= issuer.until:
                chain = issuer.key_id, *issuer.chain
                records = *each.records, *issuer.records
                yield number, replace(each, chain=chain, records=records)
                break


def _may_vouch(issuer: Operator, each: Operator) -> bool:
    knows = issuer.key_id == each.issuer and issuer.is_enrolled(each.start)
    return knows and issuer.is_administrator


def _outlived(each: Operator, vouched: Mapping[int, Operator]) -> Denial | None:
    """Returns the fault of a record that only ends too late."""
    issuers = [issuer for issuer in vouched.values() if _may_vouch(issuer, each)]
    if not issuers or each.key_id == each.issuer:
        return None
    last = max(issuers, key=lambda issuer: issuer.until)
    reason = f"it ends after {stamp(last.until)}, when the record of {last.person} ends, its issuer"
    return Denial("time", reason)


def _conflicts(vouched: Mapping[int, Operator]) -> Iterator[tuple[int, Denial]]:
    """Yields the records of persons with two keys at once, and of keys with two persons."""
    for number, each in vouched.items():
        for other_number, other in vouched.items():
            if other_number == number:
                continue
            overlap = each.start < other.until and other.start < each.until
            if each.person == other.person and overlap:
                reason = f"{each.person} has another record at the same time; one at a time"
                yield number, Denial("overlap", reason)
            elif each.person != other.person and each.key_id == other.key_id:
                yield number, Denial("key", f"its key is {other.person}'s as well")
