"""The people of a site, as far as a chain of signatures leads to the first administrator."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .documents import NoDocument, canonical, moment, signed_bytes

ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Enrolment:
    """A record of `operators.yaml` that is chained to the root."""

    person: str
    roles: frozenset[str]
    key_id: str
    key: Ed25519PublicKey
    start: datetime
    end: datetime
    chain: frozenset[str]  # the keys of those who vouch, up to the root

    @property
    def is_administrator(self) -> bool:
        return ADMINISTRATOR in self.roles


def key_id_of(line: str) -> str:
    """Returns the fingerprint of `ssh-ed25519 AAAA…` as OpenSSH writes it."""
    blob = base64.b64decode(line.split()[1], validate=True)
    return "SHA256:" + base64.b64encode(sha256(blob).digest()).decode().rstrip("=")


def is_signed(key: Ed25519PublicKey, signature: str, domain: str, text: str) -> bool:
    """Whether the signature, in hexadecimal, is this key's for this document."""
    try:
        key.verify(bytes.fromhex(signature), signed_bytes(domain, text))
    except (InvalidSignature, ValueError):
        return False
    return True


def enrolled(operators: str, site: str, root: str) -> tuple[Enrolment, ...]:
    """Returns everybody with a chain to the root; the other records count for nothing."""
    try:
        entries: Any = YAML(typ="base").load(operators)  # every scalar stays text
        waiting: list[Any] = list(entries["operators"])
    except (YAMLError, KeyError, TypeError) as error:
        raise NoDocument(f"operators.yaml cannot be read: {error}") from None
    found: list[Enrolment] = []
    while True:
        chained = [entry for entry in waiting if _issuer(entry, found, root) is not None]
        good = [record for entry in chained if (record := _checked(entry, site, found, root))]
        if not good:
            return tuple(found)
        found += good
        waiting = [entry for entry in waiting if entry not in chained]


def _issuer(
    entry: Any, found: Sequence[Enrolment], root: str
) -> tuple[Ed25519PublicKey, frozenset[str]] | None:
    """Returns the issuer's key and chain, if the issuer is an administrator or the root."""
    try:
        issuer, key = entry["issuer"], entry["key"]
        for record in found:
            if record.is_administrator and record.key_id == issuer:
                return record.key, record.chain | {issuer}
        is_root = key_id_of(key) == root == issuer
        return (_public_key(key), frozenset()) if is_root else None
    except (ValueError, IndexError, KeyError, TypeError):
        return None


def _checked(entry: Any, site: str, found: Sequence[Enrolment], root: str) -> Enrolment | None:
    issuer = _issuer(entry, found, root)
    try:
        fields = {name: entry[name] for name in ("person", "key", "from", "until", "issuer")}
        roles = sorted(entry["roles"])
        document = {"schema": "enrolment/1", "site": site, "roles": roles, **fields}
        if issuer is None or not is_signed(
            issuer[0], entry["signature"], "enrolment", canonical(document)
        ):
            return None
        return Enrolment(
            fields["person"],
            frozenset(roles),
            key_id_of(fields["key"]),
            _public_key(fields["key"]),
            moment(fields["from"]),
            moment(fields["until"]),
            issuer[1],
        )
    except (ValueError, KeyError, IndexError, TypeError):
        return None


def _public_key(line: str) -> Ed25519PublicKey:
    key = load_ssh_public_key(line.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise NoDocument("it is no Ed25519 key")
    return key
