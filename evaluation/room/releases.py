"""Releases of playbooks in a stepped room, as they stand at the user's site."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.release import unsigned_release
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    PlaybooksLock,
    Unsigned,
    read_lock,
    release_fault,
    sign_release,
)
from handwheel.tools.guardrails.signatures.signing import Signer


def carry_over_releases(
    site: Site, room: Site, administrator: Signer, revoked_keys: AbstractSet[str], at: datetime
) -> list[str]:
    """Releases in a room what is released at its site, and returns the ids of these playbooks.

    The room's people are others than the site's, so its administrator signs each release again.
    Every other playbook is an unreleased plan there too.

    Args:
        site: The site as its user has it.
        room: The site of the room, after `enrol`.
        revoked_keys: Ids of the keys that are revoked at the site.
        at: Time at which a release must count at the site.

    Raises:
        ConfigError: `playbooks.lock` or `operators.yaml` of the site cannot be read.
        OSError: The room's folder cannot be written.
    """
    roster = load_roster(site)
    released = [
        Unsigned.model_validate(each.model_dump(include=set(Unsigned.model_fields)))
        for each in read_lock(site).playbooks
        if not release_fault(each, site.id, roster, revoked_keys, at)
    ]
    _write_lock(room, released, administrator)
    return [each.id for each in released]


def release_all(
    room: Site, bindings: Bindings, playbooks: Sequence[Playbook], administrator: Signer
) -> None:
    """Releases playbooks in a room, whether or not they are released anywhere else.

    Args:
        bindings: Of the room's site, or of the same site in another room.

    Raises:
        PlaybookError: One does not fit the site.
        OSError: The room's folder cannot be written.
    """
    _write_lock(
        room, [unsigned_release(each, bindings, playbooks) for each in playbooks], administrator
    )


def _write_lock(room: Site, released: Iterable[Unsigned], administrator: Signer) -> None:
    operator, private = administrator.operator, administrator.private
    signed = [sign_release(each, room.id, operator, private, operator.start) for each in released]
    lock = PlaybooksLock(playbooks=[]).replaced(signed)
    (room.root / LOCK_FILE).write_text(lock.text, encoding="utf-8")
