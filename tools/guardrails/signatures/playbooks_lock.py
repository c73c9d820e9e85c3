"""Released playbooks of a site, each signed by a person, in the file `playbooks.lock`.

Card and gate read it as data: which digest was released, and what its steps may write.
"""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal, Protocol, Self

from cryptography.exceptions import InvalidSignature
from pydantic import Field, ValidationError, model_validator

from handwheel.connectors.config.validation import KeyId, Model, load_model, spelled
from handwheel.connectors.config.yaml_documents import parse_content, read_content
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.connectors.model.values import Value

from ...requests.canonical import Digest, canonical, signed_bytes
from ...requests.request import Stamp
from ...requests.timestamps import parse_stamp, stamp
from ..identity.keys import PrivateKey
from ..identity.roster import ADMINISTRATOR, Operator, Person, Roster

ENGINEER = "engineer"
"""Role that may release playbooks, besides administrators."""

_MOST_PLACED = 200_000  # bytes in which the place of a problem is looked for; it takes seconds
_KEPT = 8  # files whose content is kept

Signature = Annotated[str, spelled(r"[0-9a-f]{128}", "is no signature: 128 of 0-9 and a-f")]


class SignedByEngineer(Protocol):
    """Document of a site that a person with a role that may release has signed."""

    @property
    def by(self) -> str:
        """The person."""
        ...

    @property
    def key_id(self) -> str:
        """Fingerprint of the person's key."""
        ...

    @property
    def at(self) -> str:
        """Stamp of the signature."""
        ...

    @property
    def signature(self) -> str:
        """The signature, hexadecimal."""
        ...

    def signed(self, site_id: str) -> bytes:
        """Returns the bytes that the person signs."""
        ...


class ReleasedWrite(Model):
    """Write that a step may make, of one value or of any within a range."""

    step: str = Field(min_length=1)
    tag: str = Field(min_length=1)
    value: Value | None = None
    # Lowest and highest value, in the tag's unit.
    range: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.value is None) == (self.range is None):
            raise ValueError("a write has either a value or a range")
        return self


class ReleasedBinding(Model):
    """Every write of a playbook with its roles bound to some equipment."""

    roles: dict[str, str]
    writes: list[ReleasedWrite]


class Unsigned(Model):
    """Playbook as a person releases it."""

    id: str = Field(min_length=1)
    version: str
    digest: Digest  # of the playbook's file
    bindings: list[ReleasedBinding]


class Release(Unsigned):
    """Playbook that a person has released."""

    by: Person
    key_id: KeyId
    at: Stamp
    signature: Signature

    def signed(self, site_id: str) -> bytes:
        """Returns the bytes of release and site that the person signs."""
        said = self.model_dump(exclude={"signature"}, exclude_none=True)
        document = {"schema": "playbooks.lock/1", "site": site_id, **said}
        return signed_bytes("release", canonical(document))


class PlaybooksLock(Model):
    """The file `playbooks.lock`, which has each playbook once."""

    schema_: Literal["playbooks.lock/1"] = Field(default="playbooks.lock/1", alias="schema")
    playbooks: list[Release]

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [each.id for each in self.playbooks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"stands here twice: {', '.join(twice)}")
        return self

    def find(self, playbook: str) -> Release | None:
        """Returns the release of a playbook, whether or not its signature counts."""
        return next((each for each in self.playbooks if each.id == playbook), None)

    def replaced(self, releases: Sequence[Release]) -> Self:
        """Returns the lock with these releases in the place of earlier ones, sorted by id."""
        every = {each.id: each for each in (*self.playbooks, *releases)}
        return self.model_copy(update={"playbooks": [every[name] for name in sorted(every)]})

    @property
    def text(self) -> str:
        """Content of the file, with one write in each line."""
        playbooks = ",\n".join(map(_release_text, self.playbooks))
        return f'{{"schema": "playbooks.lock/1", "playbooks": [\n{playbooks}\n]}}\n'


def _release_text(release: Release) -> str:
    plain = release.model_dump(exclude={"bindings"})
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in plain.items()]
    bindings = ",\n".join(map(_binding_text, release.bindings))
    return "\n".join([" {", *lines, f'  "bindings": [\n{bindings}\n  ]', " }"])


def _binding_text(binding: ReleasedBinding) -> str:
    writes = (json.dumps(each.model_dump(exclude_none=True)) for each in binding.writes)
    lines = ",\n".join(f"     {each}" for each in writes)
    return f'    {{"roles": {json.dumps(binding.roles)}, "writes": [\n{lines}\n    ]}}'


def may_release(operator: Operator) -> bool:
    """Whether a person may release playbooks, by the roles that an administrator gave them."""
    return not operator.roles.isdisjoint((ADMINISTRATOR, ENGINEER))


def sign_release(
    unsigned: Unsigned, site_id: str, operator: Operator, private: PrivateKey, at: datetime
) -> Release:
    """Returns a release signed by a person. `release_fault` says whether it counts."""
    said = {
        **unsigned.model_dump(), "by": operator.person, "key_id": operator.key_id, "at": stamp(at),
    }  # fmt: skip
    draft = Release.model_validate({**said, "signature": "0" * 128})
    return draft.model_copy(update={"signature": private.sign(draft.signed(site_id)).hex()})


def release_fault(
    release: SignedByEngineer,
    site_id: str,
    roster: Roster,
    revoked_keys: AbstractSet[str],
    at: datetime,
) -> str:
    """Returns why the signature of an engineer does not count at a time, or an empty text.

    The person must be enrolled then and when they signed, with a role that may release.
    """
    operator = roster.by_key(release.key_id, at)
    if operator is None or operator.person != release.by:
        return f"{release.by} is not enrolled with the key that signed it"
    if not operator.is_enrolled(parse_stamp(release.at)):
        return f"{release.by} was not enrolled when it was signed"
    if not revoked_keys.isdisjoint((operator.key_id, *operator.chain)):
        return f"the key of {release.by} is revoked, or of who vouches for it"
    if not may_release(operator):
        return f"{release.by} is neither {ADMINISTRATOR} nor {ENGINEER}"
    try:
        operator.public.verify(bytes.fromhex(release.signature), release.signed(site_id))
    except (InvalidSignature, ValueError):
        return "its signature does not fit: it was changed, or made for another site"
    return ""


def read_lock(site: Site) -> PlaybooksLock:
    """Reads the released playbooks of a site, none without a file. Raises `ConfigError`."""
    path = site.root / LOCK_FILE
    try:
        content = read_content(path)
    except ConfigError:
        if path.exists():
            raise
        return PlaybooksLock(playbooks=[])
    found = _parsed(content, str(path))
    if isinstance(found, PlaybooksLock):
        return found
    raise ConfigError(found)


@lru_cache(maxsize=_KEPT)
def _parsed(content: bytes, shown: str) -> PlaybooksLock | tuple[Problem, ...]:
    """Returns the lock of a file's bytes or its problems, kept since the gate asks often."""
    try:
        return PlaybooksLock.model_validate_json(content)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"])
    if len(content) <= _MOST_PLACED:
        try:  # JSON is YAML, whose reader knows the places
            load_model(PlaybooksLock, parse_content(content, shown))
        except ConfigError as error:
            return tuple(error.problems)
    return (Problem(shown, 0, 0, "", f"is damaged: {reason}"),)
