"""What stands in an action's way whatever the plant does: the gate refuses by it, a card warns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from handwheel.connectors.site import POLICY_FILE, SITE_FILE, Site

from ..errors import GuardrailError, InterlockActive, PermitRefused, PolicyViolation
from ..requests.request import Action, ActionRequest
from ..requests.stamps import Instant, parse_stamp
from .administrators import locked_out
from .authority_check import check_authority
from .ledger.database import Database
from .ledger.records import resolve_hint
from .ledger.stops import SITE, generations
from .lockouts import seen_lockouts
from .policy import Policy


@dataclass(frozen=True, slots=True)
class Case:
    """One action of a request, and what it is judged with.

    Attributes:
        now: On people's clocks.
    """

    site: Site
    database: Database
    policy: Policy
    request: ActionRequest
    action: Action
    now: Instant


def hindrances(case: Case) -> list[str]:
    """Returns every reason for which the gate would refuse the action now, for a card."""
    found: list[str] = []
    for check in _STANDING:
        try:
            check(case)
        except GuardrailError as refusal:
            found.append(str(refusal))
    return found


def check_standing(case: Case) -> None:
    """Refuses an action that may not be carried out now.

    Raises:
        GuardrailError: Lockout, authority, an outcome that nobody has resolved, or cool-down.
    """
    for check in _STANDING:
        check(case)


def check_filing(case: Case) -> None:
    """Refuses to file for an agent what could not be carried out now, whoever approves it.

    Raises:
        GuardrailError: Lockout or authority.
    """
    check_lockout(case)
    _check_authority(case)


def check_lockout(case: Case) -> None:
    """Refuses what is locked out, or was since the request was filed.

    Raises:
        InterlockActive: A lockout covers it.
        PermitRefused: There was one; only a new request counts.
    """
    scopes = case.site.scopes_of(case.action.equipment)
    files = locked_files(case.site, case.action.equipment)
    locked = files | (locked_out(case.site, case.database).keys() & set(scopes))
    if locked:
        raise InterlockActive(f"locked out: {', '.join(sorted(locked))}")
    locks = {scope: case.request.locks.get(scope) for scope in scopes}
    if generations(case.database, scopes) != locks:
        raise PermitRefused("a lockout came after the request was filed; ask again")


def locked_files(site: Site, equipment: str) -> set[str]:
    """Returns the lockout files that stop a piece of equipment; needs no database.

    A file whose name the site does not know stops everything: somebody in need has mistyped.
    """
    scopes, known = set(site.scopes_of(equipment)), {SITE, *site.equipment}
    return {name for name in seen_lockouts(site.state) if name in scopes or name not in known}


def _check_authority(case: Case) -> None:
    is_agents = case.request.proposer.kind != "person"
    check_authority(
        case.site, case.database, case.policy, case.action.equipment, case.now, is_agents=is_agents
    )


def _check_held(case: Case) -> None:
    equipment = case.action.equipment
    held = case.database.all(
        "SELECT action_id, state FROM action WHERE equipment = ? "
        "AND state IN ('UNKNOWN', 'MISMATCH')",
        equipment,
    )
    if held:
        name, state = held[0]
        raise InterlockActive(f"{equipment} is held: {name} is {state}; {resolve_hint(name)}")


def since_last_write_s(case: Case) -> float | None:
    """Returns the seconds since the tag was last written; `None` if it never was.

    The boot clock counts where it can; the wall clock, which can be set, only over a restart.

    Raises:
        PermitRefused: The ledger's row of it is damaged.
    """
    found = case.database.all(
        "SELECT sent_at, sent_boot_id, sent_boot_ms FROM action JOIN intent USING (action_id) "
        "WHERE tag = ? AND action_id != ? AND sent_at IS NOT NULL "
        "ORDER BY intent.seq DESC LIMIT 1",  # not by the wall clock, which can be set back
        case.action.tag,
        case.action.action_id,
    )
    if not found:
        return None
    try:
        sent, now = Instant(parse_stamp(found[0][0]), found[0][1], int(found[0][2])), case.now
    except (ValueError, TypeError):
        raise PermitRefused(f"nobody can read when {case.action.tag} was last written") from None
    up_s = now.boot_ms / 1000.0  # the machine has been on for so long since, at least
    if sent.boot_id == now.boot_id:
        return up_s - sent.boot_ms / 1000.0
    return max((now.wall - sent.wall).total_seconds(), up_s)


def _check_cooldown(case: Case) -> None:
    if case.action.kind == "recovery":
        return  # a pace is for operation; what takes it back cannot wait
    tag, since_s = case.site.tags.get(case.action.tag), since_last_write_s(case)
    if tag is None or since_s is None:
        return
    cooldown_s = case.policy.judge(tag, case.action.value, None).cooldown_s
    if since_s < cooldown_s:
        raise PolicyViolation(
            f"{tag.name} was written {since_s:.1f} s ago; its cool-down is {cooldown_s:g} s: "
            f"wait {ceil(cooldown_s - since_s)} s more"
        )


_STANDING: tuple[Callable[[Case], None], ...] = (
    check_lockout, _check_authority, _check_held, _check_cooldown,
)  # fmt: skip


def check_files(site: Site, wanted: Mapping[str, str], held: Mapping[str, str]) -> None:
    """Refuses what was made with other files than the gate holds, or than are on the disk.

    Args:
        wanted: The hashes in the request.
        held: Those of the files that the running gate has read.

    Raises:
        PermitRefused: Names each file.
    """
    files = site_files(site)
    on_disk = {name: _hash(site, file) for name, file in files.items()}
    changed = [files[name] for name in files if not wanted[name] == held.get(name) == on_disk[name]]
    if changed:
        each = ": each" if len(changed) > 1 else ""
        raise PermitRefused(
            f"{', '.join(changed)}{each} was changed; start the gate again and ask again"
        )


def site_files(site: Site) -> dict[str, str]:
    """Returns the files by which a request is judged, by their names in `hashes`."""
    return {"site": SITE_FILE, "tags": site.tags_file, "policy": POLICY_FILE}


def _hash(site: Site, file: str) -> str:
    try:
        return sha256((site.root / file).read_bytes()).hexdigest()
    except OSError as error:
        raise PermitRefused(f"{file}: {error.strerror}") from None
