"""Release of playbooks, with every write that they can make at a site."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from handwheel.connectors.errors import ConfigError, Problem, os_reason
from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.guardrails.identity.enrolment import enrolment_lock
from handwheel.tools.guardrails.identity.keys import PrivateKey
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    Release,
    ReleasedBinding,
    ReleasedWrite,
    Unsigned,
    read_lock,
    sign_release,
)
from handwheel.tools.guardrails.signatures.request_class import UNDO

from ..language.loader import Playbook
from .bind import bind
from .model import BoundPlaybook
from .nesting import roles_to_release
from .step_model import Write
from .value_ranges import range_of, values_of


def unsigned_release(playbook: Playbook, site: Site, library: Sequence[Playbook] = ()) -> Unsigned:
    """Returns a playbook's digest and its writes for each equipment, for a person to sign.

    Args:
        library: Playbooks that may run it with equipment of theirs.

    Raises:
        PlaybookError: It does not fit the site.
    """
    plans = [bind(playbook, site, each) for each in roles_to_release(playbook, site, library)]
    return Unsigned(
        id=playbook.id,
        version=playbook.file.version,
        digest=playbook.digest,
        bindings=[
            ReleasedBinding(roles=dict(each.roles), writes=list(_writes(each))) for each in plans
        ],
    )


def _writes(plan: BoundPlaybook) -> Iterator[ReleasedWrite]:
    """Yields each write under its step as requests name it."""
    for step in plan.steps:
        is_ramp = step.ramp_per_s is not None
        yield from _of_step(step.id, step.writes, is_ramp=is_ramp)
        undo = step.undo.writes if step.undo else ()
        yield from _of_step(f"{UNDO}{step.id}", undo, is_ramp=is_ramp)
    for step in plan.safe_state:
        yield from _of_step(step.id, step.writes)


def _of_step(
    step: str, writes: Sequence[Write], *, is_ramp: bool = False
) -> Iterator[ReleasedWrite]:
    for each in writes:
        for value in values_of(each):
            yield ReleasedWrite(step=step, tag=each.tag.name, value=value)
        if ends := range_of(each, is_ramp=is_ramp):
            yield ReleasedWrite(step=step, tag=each.tag.name, range=list(ends))


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
    unsigned = [unsigned_release(each, site, library) for each in playbooks]
    signed = [sign_release(each, site.id, operator, private, at) for each in unsigned]
    path = site.root / LOCK_FILE
    with enrolment_lock(site.root):
        text = read_lock(site).replaced(signed).text
        try:
            replace_file(path, text)
        except OSError as error:
            reason = f"cannot be written: {os_reason(error)}; nothing was released"
            raise ConfigError([Problem(str(path), 0, 0, "", reason)]) from None
    return signed
