"""Release of playbooks, with every write that they can make at a site."""

from collections.abc import Sequence
from datetime import datetime

from handwheel.connectors.errors import ConfigError, os_reason
from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.guardrails.identity.enrolment import enrolment_lock
from handwheel.tools.guardrails.identity.keys import PrivateKey
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    Release,
    ReleasedBinding,
    Unsigned,
    read_lock,
    sign_release,
)

from ..language.loader import Playbook
from .bindings import Bindings, roles_to_release
from .released_writes import released_writes


def unsigned_release(
    playbook: Playbook, bindings: Bindings, library: Sequence[Playbook] = ()
) -> Unsigned:
    """Returns a playbook's digest and its writes for each equipment, for a person to sign.

    Args:
        bindings: Of the site.
        library: Playbooks that may run it with equipment of theirs.

    Raises:
        PlaybookError: It does not fit the site.
    """
    roles = roles_to_release(playbook, bindings, library)
    return Unsigned(
        id=playbook.id,
        version=playbook.file.version,
        digest=playbook.digest,
        bindings=[
            ReleasedBinding(roles=dict(each), writes=released_writes(playbook, bindings, each))
            for each in roles
        ],
    )


def release_playbooks(
    site: Site,
    playbooks: Sequence[Playbook],
    operator: Operator,
    private: PrivateKey,
    at: datetime,
    library: Sequence[Playbook] = (),
) -> list[Release]:
    """Signs playbooks and writes them into the site's `playbooks.lock`. Others there stay.

    Args:
        library: As of `unsigned_release`.

    Raises:
        PlaybookError: One does not fit the site.
        ConfigError: The file is damaged, or cannot be written; nothing was.
    """
    bindings = Bindings(site)
    unsigned = [unsigned_release(each, bindings, library) for each in playbooks]
    signed = [sign_release(each, site.id, operator, private, at) for each in unsigned]
    path = site.root / LOCK_FILE
    with enrolment_lock(site.root):
        text = read_lock(site).replaced(signed).text
        try:
            replace_file(path, text)
        except OSError as error:
            reason = f"cannot be written: {os_reason(error)}; nothing was released"
            raise ConfigError.of(reason, path) from None
    return signed
