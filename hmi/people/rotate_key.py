"""Gives a person a new key, and revokes a lost one."""

from datetime import datetime
from pathlib import Path

import typer

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.administration import RevokeKey
from handwheel.tools.guardrails.identity.key_files import (
    create_own_key,
    new_key_path,
    take_next_key,
)
from handwheel.tools.guardrails.identity.keys import PublicKey, fingerprint
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.identity.rotation import Rotation, check_rotation, rotate
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import key_subject
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.requests.timestamps import instant_now, parse_stamp, stamp

from ..shell.terminal.passphrase import new_passphrase
from .signing import Signer, check_gate, find_person, open_context, open_signer, sign_subject


def rotate_key(
    context: DecisionContext,
    person: str,
    public: PublicKey | None,
    issuer: str | None,
    files: tuple[Path | None, Path | None],
    *,
    revokes: bool,
) -> Rotation:
    """Ends a person's record and begins one with another key.

    Args:
        public: The new key; `None` makes it here.
        issuer: The administrator who signs; `None` for the only one with a key here.
        files: Files with the passphrases of the new key and the administrator; `None` asks.
        revokes: Whether the old key is also revoked.

    Raises:
        HandwheelError: The old record and its key are unchanged, unless the old key was revoked
            before the error.
    """
    site, now = context.site, _now()
    old = check_rotation(site, context.roster, person, now)
    admin = _administrator(context, person, issuer, now)
    if public is None:
        new_key_path(site.id, person)
    else:
        check_unrevoked(context.revoked_keys(), public)
    signer = open_signer(site, admin, files[1])
    if public is not None:
        if revokes:
            revoke(context, signer, old.key_id)
        return rotate(site, person, public, signer.private, _now())
    passphrase = new_passphrase(person, files[0])
    if revokes:
        revoke(context, signer, old.key_id)
    return _rotate_here(site, person, passphrase, signer)


def _rotate_here(site: Site, person: str, passphrase: str, signer: Signer) -> Rotation:
    private, path = create_own_key(site.id, person, passphrase)
    try:
        rotation = rotate(site, person, private.public_key(), signer.private, _now())
    except HandwheelError:
        path.unlink()  # no record names it
        raise
    aside = take_next_key(site.id, person, rotation.begun.key_id)
    if aside is not None:
        typer.echo(f"the old key was moved to {aside}")
    return rotation


def _administrator(
    context: DecisionContext, person: str, issuer: str | None, now: datetime
) -> Operator:
    def check(admin: Operator) -> None:
        if admin.person == person:
            raise InvalidArguments(
                f"{person} cannot sign the rotation of their own key; another administrator must "
                "sign"
            )

    admin = find_person(context.site, context.roster, issuer, now, administrator=True, check=check)
    check(admin)
    return admin


def check_unrevoked(revoked: frozenset[str], public: PublicKey) -> None:
    """Refuses a revoked key by `InvalidArguments`."""
    if fingerprint(public) in revoked:
        raise InvalidArguments(f"the key {fingerprint(public)} was revoked; it stays invalid")


def revoke(context: DecisionContext, signer: Signer, key_id: str) -> None:
    """Revokes a key, at once and permanently.

    Raises:
        GuardrailError: The decision is not valid.
        LedgerError: Nothing was recorded.
    """
    check_gate(context.database)
    now = instant_now()
    signed = sign_subject(context, signer, "revoke-key", key_subject(key_id), now)
    submit(context, RevokeKey(site=context.site.id, signed=signed), now)


def _now() -> datetime:
    return parse_stamp(stamp(instant_now().wall))


def revoked_keys(site: Site) -> frozenset[str]:
    """Returns the keys that were revoked at a site. A site without a ledger has none."""
    if not has_ledger(site.state):
        return frozenset()  # opening would create the ledger
    with open_context(site) as context:
        return context.revoked_keys()
