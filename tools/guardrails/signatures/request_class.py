"""Class of a request, raised to R3 where its plan is not a released playbook.

Filing, decision, card and gate ask the one function here, so that all four say the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.coercion import DeviceType, coerce
from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value

from ...requests.request import Action, ActionRequest, RiskClass, RunOrigin
from ...requests.values import is_same
from ..identity.roster import load_roster
from ..ledger.store.database import LedgerReader
from ..policy.policy import PEOPLE
from .administrators import revoked_keys
from .playbooks_lock import Release, ReleasedBinding, ReleasedWrite, read_lock, release_fault

UNRELEASED: RiskClass = "R3"
"""Lowest class of a plan that is not released."""
UNDO = "undo:"
"""Beginning of the step of an undo, before the step that it undoes."""

_DIGITS = 16  # of a digest that is shown
# Types in which a device may hold a value: each wider one rounds like its narrower ones.
_DEVICES: tuple[DeviceType, ...] = ("bool", "int64", "uint64", "float32", "float64", "string")


@dataclass(frozen=True, slots=True)
class RequestClass:
    """Class of a request, and how many people must sign it."""

    risk_class: RiskClass
    quorum: int  # number of different people
    unreleased: str  # why its plan is not a released playbook; empty if it is, or without a plan


def class_of(
    site: Site, reader: LedgerReader, request: ActionRequest, at: datetime
) -> RequestClass:
    """Returns the class of a request by the site's `playbooks.lock` at a time.

    A lock or roster that is missing or cannot be read releases nothing. A ledger that cannot be
    read raises `LedgerError`.
    """
    why = _unreleased(site, reader, request, at)
    if not why:
        return RequestClass(request.risk_class, request.quorum, "")
    classes: tuple[RiskClass, ...] = (request.risk_class, UNRELEASED)
    risk_class = max(classes)
    return RequestClass(risk_class, max(request.quorum, PEOPLE[risk_class]), why)


def _unreleased(site: Site, reader: LedgerReader, request: ActionRequest, at: datetime) -> str:
    run = request.run
    if run is None:
        return ""
    try:
        release, roster = read_lock(site).find(run.playbook), load_roster(site)
    except ConfigError as error:
        return f"{LOCK_FILE} releases nothing: {error}"
    if release is None:
        digest = f"with the digest {_short(run.digest)}"
        return f"{run.playbook} {run.version} {digest} is not in {LOCK_FILE}"
    if fault := release_fault(release, site.id, roster, revoked_keys(reader), at):
        return f"the release of {run.playbook} in {LOCK_FILE} does not count: {fault}"
    return _other_text(run, release) or next(_unlisted(site, request, run, release), "")


def _other_text(run: RunOrigin, release: Release) -> str:
    if (run.version, run.digest) == (release.version, release.digest):
        return ""
    return (
        f"{run.playbook} {run.version} has the digest {_short(run.digest)}, and {LOCK_FILE} has "
        f"{release.version} with {_short(release.digest)}"
    )


def _unlisted(
    site: Site, request: ActionRequest, run: RunOrigin, release: Release
) -> Iterator[str]:
    """Yields each write that the release does not have for its step and the run's equipment."""
    binding = _binding_of(run, release)
    if binding is None:
        bound = ", ".join(f"{name} = {value}" for name, value in run.parameters.items())
        yield f"{run.playbook} is not released for {bound or 'no equipment'}"
        return
    for action in request.actions:
        tag, step = site.tags.get(action.tag), step_of(action)
        is_listed = tag is not None and any(
            _allows(each, step, tag, action.value) for each in binding.writes
        )
        if not is_listed:
            write = f"{action.tag} = {action.shown} {action.unit}".rstrip()
            yield f"step {step or '-'} of {run.playbook} does not write {write}"


def _binding_of(run: RunOrigin, release: Release) -> ReleasedBinding | None:
    return next(
        (each for each in release.bindings if each.roles.items() <= run.parameters.items()), None
    )


def step_of(action: Action) -> str:
    """Returns the step under which a release has a write, `undo:` before the step it undoes."""
    step = action.step or ""
    is_undo = action.kind == "recovery" and action.undoes is not None
    return f"{UNDO}{step}" if is_undo and not step.startswith(UNDO) else step


def _allows(write: ReleasedWrite, step: str, tag: Tag, value: Value) -> bool:
    if (write.step, write.tag) != (step, tag.name):
        return False
    if write.range is not None:
        return _is_within(write.range, tag, value)
    return write.value is not None and any(is_same(each, value) for each in _held(tag, write.value))


def _is_within(ends: Sequence[float], tag: Tag, value: Value) -> bool:
    if isinstance(value, bool | str):
        return False
    held = [each for end in ends for each in _held(tag, end) if not isinstance(each, str)]
    return min(*ends, *held) <= value <= max(*ends, *held)


def _held(tag: Tag, value: Value) -> list[Value]:
    """Returns a value as a device may hold it, rounded to the precision of each type."""
    found: list[Value] = []
    for device in _DEVICES:
        try:
            found.append(coerce(tag, device, value))
        except ValueError:
            continue
    return found


def _short(digest: str) -> str:
    return digest[:_DIGITS]
