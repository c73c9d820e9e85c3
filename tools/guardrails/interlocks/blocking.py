"""Blocking conditions that need no plant reading, such as lockouts and rates."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import takewhile
from math import ceil
from typing import Literal

from handwheel.connectors.config.regular_files import read_regular
from handwheel.connectors.errors import os_reason
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import POLICY_FILE, SITE_FILE, Site
from handwheel.connectors.model.values import Value

from ...errors import GuardrailError, InterlockActive, PermitRefused, PolicyViolation
from ...requests.request import Action, ActionRequest
from ...requests.timestamps import Instant
from ..ledger.actions import unresolved_on, unsent_actions
from ..ledger.latched_lockouts import SITE, locked_scopes, lockout_generations
from ..ledger.store.database import Ledger
from ..ledger.store.request_status import resolve_hint
from ..ledger.write_history import last_sent
from ..ledger.write_leases import check_may_have_lease, check_not_in_lease
from ..policy.groups import Move, TagGroup, check_group, group_usage
from ..policy.policy import Policy
from ..policy.rate_limit import check_rate
from .authority_check import check_authority
from .lockout_files import read_lockouts

FileReader = Literal["terminal", "agents", "request of a person", "request of agents"]
"""Who has read the site's files that are compared with those of gate and disk."""


@dataclass(frozen=True, slots=True)
class WriteCheck:
    """One action of a request, and what it is judged with."""

    site: Site
    database: Ledger
    policy: Policy
    request: ActionRequest
    action: Action
    now: Instant  # time on wall and boot clock


def blocking_reasons(case: WriteCheck) -> list[str]:
    """Returns every reason for which the gate would refuse the action now, for a card."""
    found: list[str] = []
    for check in _STANDING:
        try:
            check(case)
        except GuardrailError as refusal:
            found.append(str(refusal))
    return found


def check_blocking(case: WriteCheck) -> None:
    """Raises `GuardrailError` for an action that may not be carried out now."""
    for check in _STANDING:
        check(case)


def check_filing(case: WriteCheck) -> None:
    """Raises `GuardrailError` for a request that could not be executed now, and needs authority."""
    check_lockout(case)
    _check_authority(case)
    check_lease(case)
    check_may_have_lease(case.database, case.request)


def check_lockout(case: WriteCheck) -> None:
    """Refuses what is locked out, or was since the request was filed.

    Raises:
        InterlockActive: A lockout covers it.
        PermitRefused: There was one; only a new request counts.
    """
    scopes = case.site.scopes_of(case.action.equipment)
    files = locked_files(case.site, case.action.equipment)
    locked = files | (locked_scopes(case.database).keys() & set(scopes))
    if locked:
        raise InterlockActive(f"locked out: {', '.join(sorted(locked))}")
    locks = {scope: case.request.locks.get(scope) for scope in scopes}
    if lockout_generations(case.database, scopes) != locks:
        raise PermitRefused("a lockout came after the request was submitted; ask again")


def check_lease(case: WriteCheck) -> None:
    """Raises `InterlockActive` for a tag in another request's lease, except for a safe state.

    That is what is left when something fails, and no undo takes it for its own.
    """
    if case.action.kind == "recovery" and case.action.undoes is None:
        return
    check_not_in_lease(case.database, case.request.request_id, case.action.tag)


def locked_files(site: Site, equipment: str, seen: Collection[str] | None = None) -> set[str]:
    """Returns the lockout files that block a piece of equipment. Needs no database.

    A file whose name the site does not know stops everything, since it may be mistyped.

    Args:
        seen: What a gate sees in the folder that it knows; `None` for what is there now.
    """
    names = read_lockouts(site.state) if seen is None else seen
    scopes, known = set(site.scopes_of(equipment)), {SITE, *site.equipment}
    return {name for name in names if name in scopes or name not in known}


def _check_authority(case: WriteCheck) -> None:
    is_agents = case.request.proposer.kind != "person"
    check_authority(
        case.site, case.database, case.policy, case.action.equipment, case.now, is_agents=is_agents
    )


def _check_held(case: WriteCheck) -> None:
    equipment = case.action.equipment
    if found := unresolved_on(case.database, equipment):
        action_id, _, state = found[0]
        hint = resolve_hint(action_id)
        raise InterlockActive(f"{equipment} is held: {action_id} is {state}; {hint}")


def _check_cooldown(case: WriteCheck) -> None:
    if case.action.kind == "recovery":
        return  # rates are for operation; an undo cannot wait
    tag = case.site.tags.get(case.action.tag)
    last = last_sent(case.database, case.action.tag, case.now, case.action.action_id)
    if tag is None or last is None:
        return
    cooldown_s = case.policy.judge(tag, case.action.value, None).cooldown_s
    if last.since_s < cooldown_s:
        raise PolicyViolation(
            f"{tag.name} was written {last.since_s:.1f} s ago; its cool-down is {cooldown_s:g} s: "
            f"wait {ceil(cooldown_s - last.since_s)} s more"
        )


def _check_pace(case: WriteCheck) -> None:
    tag = case.action.tag
    expected = next((each for each in case.action.expected if each.tag == tag), None)
    check_rates(case, expected.value if expected else None)


def check_rates(case: WriteCheck, before: Value | None) -> None:
    """Refuses a change that is too fast, or more than a group of tags may be moved by.

    Not a recovery, since an undo cannot wait.

    Args:
        before: What the tag reads, or is expected to.

    Raises:
        PolicyViolation: It is too much.
        PermitRefused: It is not known how far an earlier write has moved its tag.
    """
    action, tag = case.action, case.site.tags.get(case.action.tag)
    if action.kind == "recovery" or tag is None:
        return
    ruling = case.policy.judge(tag, action.value, None)
    check_rate(case.database, tag, ruling, action.value, before, case.now, action.action_id)
    for group in case.policy.groups_of(tag.name):
        used = group_usage(case.database, group, case.now, action.action_id)
        check_group(used, Move(tag.name, before, action.value), _planned(case, group))


def _planned(case: WriteCheck, group: TagGroup) -> list[Move]:
    unsent = unsent_actions(case.database, case.request.request_id)
    found: list[Move] = []
    own = case.action.action_id
    for each in takewhile(lambda each: each.action_id != own, case.request.commands):
        if each.action_id in unsent and each.tag in group.tags:
            before = next((e.value for e in each.expected if e.tag == each.tag), None)
            found.append(Move(each.tag, before, each.value))
    return found


_STANDING: tuple[Callable[[WriteCheck], None], ...] = (
    check_lockout, _check_authority, check_lease, _check_held, _check_cooldown, _check_pace,
)  # fmt: skip


def check_files(
    site: Site, wanted: Mapping[str, str], held: Mapping[str, str], reader: FileReader
) -> None:
    """Raises `PermitRefused` for what was made with other files than the gate or the disk has.

    It names each process that still has an old file, and how to start it again.

    Args:
        wanted: The hashes in the request, or those of the reader's files.
        held: Those of the files that the running gate has read.
        reader: Who has read the wanted files.
    """
    files = {"site": SITE_FILE, "tags": site.tags_file, "policy": POLICY_FILE}
    on_disk = {name: _hash(site, file) for name, file in files.items()}
    of_gate = [files[name] for name in files if held.get(name) != on_disk[name]]
    of_reader = [files[name] for name in files if wanted[name] != on_disk[name]]
    found = [f"{_changed(of_reader)}{_after_change(reader)}"] if of_reader else []
    if of_gate:
        stop = f"the gate still has the old one: stop it; {next_step('gate')}"
        found.append(f"{_changed(of_gate)}, and {stop}")
    if found:
        raise PermitRefused("; ".join(found))


def check_request_files(site: Site, request: ActionRequest, held: Mapping[str, str]) -> None:
    """Raises `PermitRefused` for a request made with other files than the gate or the disk has."""
    is_persons = request.proposer.kind == "person"  # the agents' process makes a guest's
    reader: FileReader = "request of a person" if is_persons else "request of agents"
    check_files(site, request.hashes.model_dump(), held, reader)


def _changed(files: Sequence[str]) -> str:
    return f"{', '.join(files)}{': each' if len(files) > 1 else ''} was changed"


def _after_change(reader: FileReader) -> str:
    match reader:
        case "terminal":
            return ", and this terminal still has the old one: start its command again"
        case "agents":
            return f", and the agents still have the old one: stop them; {next_step('run')}"
        case "request of a person":
            return " since the request was made: ask again"
        case "request of agents":
            pass
    return (
        " since the agents read it for this request: if they still run with the old one, "
        f"stop them; {next_step('run')}"
    )


def _hash(site: Site, file: str) -> str:
    try:
        return _digest_of(read_regular(site.root / file))
    except OSError as error:
        raise PermitRefused(f"{file}: {os_reason(error)}") from None


@lru_cache(maxsize=16)
def _digest_of(content: bytes) -> str:
    """Returns the SHA-256 of a file's bytes, hexadecimal. Cached by the bytes."""
    return sha256(content).hexdigest()
