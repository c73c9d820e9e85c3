"""The seventh check: may this equipment be acted on at all, now."""

from ...errors import InterlockActive, PermitRefused, PolicyViolation
from ...requests.stamps import Instant, parse_stamp
from ..ledger.stops import SITE, generations, locked_scopes
from ..lockouts import seen_lockouts
from .passage import Passage


async def free_to_act(passage: Passage) -> None:
    """7: lockout, authority, an outcome that nobody has resolved, cool-down."""
    check_lockout(passage)
    _check_authority(passage)
    _check_held(passage)
    _check_cooldown(passage)


def check_lockout(passage: Passage) -> None:
    """Refuses what is locked out, or was since the request was filed.

    Raises:
        InterlockActive: A lockout covers it.
        PermitRefused: There was one; only a new request counts.
    """
    post, locks = passage.post, passage.record.request.locks
    scopes = post.site.scopes_of(passage.action.equipment)
    locked = locked_files(passage) | (locked_scopes(post.database).keys() & set(scopes))
    if locked:
        raise InterlockActive(f"locked out: {', '.join(sorted(locked))}")
    if generations(post.database, scopes) != {scope: locks.get(scope) for scope in scopes}:
        raise PermitRefused("a lockout came after the request was filed")


def locked_files(passage: Passage) -> set[str]:
    """Returns the lockout files that stop the action; needs no database.

    A file whose name the site does not know stops everything: somebody in need has mistyped.
    """
    site = passage.post.site
    scopes = set(site.scopes_of(passage.action.equipment))
    known = {SITE, *site.equipment}
    return {name for name in seen_lockouts(site.state) if name in scopes or name not in known}


def _check_authority(passage: Passage) -> None:
    is_agent, is_agents = passage.record.request.proposer.kind == "agent", False
    for scope in passage.post.site.scopes_of(passage.action.equipment):
        for mode, person in passage.post.database.all(
            "SELECT mode, person FROM authority WHERE equipment = ?", scope
        ):
            is_agents |= mode == "AGENT"
            if mode in {"LOCAL", "MAINTENANCE"} or (is_agent and mode != "AGENT"):
                raise InterlockActive(f"{scope} is {mode}, set by {person}")
    if is_agent and not is_agents:
        raise InterlockActive(f"{passage.action.equipment} was not handed over to agents")


def _check_held(passage: Passage) -> None:
    equipment = passage.action.equipment
    held = passage.post.database.all(
        "SELECT action_id, state FROM action WHERE equipment = ? "
        "AND state IN ('UNKNOWN', 'MISMATCH')",
        equipment,
    )
    if held:
        name, state = held[0]
        raise InterlockActive(f"{equipment} is held: {name} is {state}; resolve it first")


def since_last_write_s(passage: Passage) -> float | None:
    """Returns the seconds since the tag was last written; `None` if it never was.

    The boot clock counts where it can; the wall clock, which can be set, only over a restart.
    """
    found = passage.post.database.all(
        "SELECT sent_at, sent_boot_id, sent_boot_ms FROM action "
        "WHERE tag = ? AND action_id != ? AND sent_at IS NOT NULL "
        "ORDER BY sent_at DESC LIMIT 1",
        passage.action.tag,
        passage.action.action_id,
    )
    if not found:
        return None
    sent, now = Instant(parse_stamp(found[0][0]), found[0][1], found[0][2]), passage.post.clock()
    if sent.boot_id == now.boot_id:
        return (now.boot_ms - sent.boot_ms) / 1000.0
    return (now.wall - sent.wall).total_seconds()


def _check_cooldown(passage: Passage) -> None:
    action, since_s = passage.action, since_last_write_s(passage)
    ruling = passage.post.policy.judge(passage.tag, action.value, passage.seen.get(action.tag))
    if since_s is not None and since_s < ruling.cooldown_s:
        raise PolicyViolation(
            f"{action.tag} was written {since_s:.1f} s ago; "
            f"its cool-down is {ruling.cooldown_s:g} s"
        )
