"""Signature of a site's baseline by an engineer, in the file `baseline.lock`."""

import json
from datetime import datetime
from typing import Literal

from pydantic import Field

from handwheel.connectors.config.validation import KeyId, Model, load_model
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.model.site import Site

from ...requests.canonical import Digest, canonical, signed_bytes
from ...requests.request import Stamp
from ...requests.timestamps import stamp
from ..identity.keys import PrivateKey
from ..identity.roster import Operator, Person
from .playbooks_lock import Signature

BASELINE_LOCK = "baseline.lock"


class SignedBaseline(Model):
    """The file `baseline.lock`. `release_fault` says whether its signature counts."""

    schema_: Literal["baseline.lock/1"] = Field(default="baseline.lock/1", alias="schema")
    digest: Digest  # SHA-256 of the baseline's file
    by: Person
    key_id: KeyId
    at: Stamp
    signature: Signature

    def signed(self, site_id: str) -> bytes:
        """Returns the bytes of digest and site that the person signs."""
        said = self.model_dump(by_alias=True, exclude={"signature"})
        return signed_bytes("baseline", canonical({**said, "site": site_id}))

    @property
    def text(self) -> str:
        """Content of the file."""
        return json.dumps(self.model_dump(by_alias=True), indent=1) + "\n"


def sign_baseline(
    digest: str, site_id: str, operator: Operator, private: PrivateKey, at: datetime
) -> SignedBaseline:
    """Returns a baseline's digest signed by a person."""
    draft = SignedBaseline(
        digest=digest, by=operator.person, key_id=operator.key_id, at=stamp(at), signature="0" * 128
    )
    return draft.model_copy(update={"signature": private.sign(draft.signed(site_id)).hex()})


def read_signed_baseline(site: Site) -> SignedBaseline | None:
    """Reads the signature of a site's baseline, `None` without one. Raises `ConfigError`."""
    path = site.root / BASELINE_LOCK
    return load_model(SignedBaseline, read_document(path)) if path.exists() else None
