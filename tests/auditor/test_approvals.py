"""Whatever is wrong with an approval, the independent judge counts it for nothing."""

from collections.abc import Sequence

from .sample_journal import ANNA, BEN, CARLA, MALLORY, Alter, World, check_each, good_world, stamp


def _last_decision(world: World) -> dict[str, object]:
    return [row for row in world.rows if "decision" in row][-1]


def _row(name: str = "R-1", verdict: str = "approve", **more: object) -> Alter:
    """Changes the row of a decision."""
    return lambda world: world.find("decision", name, verdict).update(more)


def _signed(name: str = "R-1", **more: object) -> Alter:
    """Changes what was signed in an approval."""
    return lambda world: world.signed(name).update(more)


def _filed(**more: object) -> Alter:
    return lambda world: world.request("R-1").update(more)


def _record(**more: object) -> Alter:
    """Changes the enrolment of ben."""
    return lambda world: world.records[2].update(more)


def _approved_by_proposer(world: World) -> None:
    world.sign_as(ANNA, world.find("decision", "R-1", "approve"))


def _approved_by_administrator(world: World) -> None:
    world.sign_as(CARLA, world.find("decision", "R-1", "approve"), role="administrator")


def _expired(world: World) -> None:
    at = world.find("decision", "R-1", "approve")["at"]
    world.signed("R-1").update(valid_until=stamp(at))


def _revoked_key(world: World) -> None:
    world.decide(CARLA, "revoke-key", "keys", subject=f"key:{BEN.key_id}")
    world.put(world.rows[-1], world.find("action.CLAIMED", "R-1"))


def _rejected(world: World) -> None:
    world.decide(ANNA, "reject", "R-1")
    world.put(world.rows[-1], world.find("action.CLAIMED", "R-1"))


def _claim_before_signature(world: World) -> None:
    claim = world.find("action.CLAIMED", "R-1")
    world.drop("action.DUE R-1")
    world.put(claim, world.find("decision", "R-1", "approve"))


def _claimed_late(world: World) -> None:
    for row in world.rows:
        if row["subject"] == "R-3" and "decision" in row:
            row["decision"]["valid_until"] = stamp(600.0)
    start = world.rows.index(world.find("action.DUE", "R-3"))
    for late in (*world.rows[start:], world.frames[2]):
        late["at"] += 62.0


_FORGED = "f" * 64
_NO_CHAIN = "has no chain of enrolment to the root"
FAULTS: Sequence[tuple[str, Alter]] = [
    (
        "0 of 1 approvals count; the approval of ben carries a wrong signature",
        _row(is_flipped=True),
    ),
    ("the approval of ben carries a wrong signature", _row(by=ANNA)),
    ("R-3/c1: 1 of 2 approvals count", _signed("R-3", digest=_FORGED)),
    ("the approval of ben was made on another card", _signed(card=_FORGED)),
    ("ben saw a head that is not in this journal", _signed(head=_FORGED)),
    (
        "the decision of row",
        lambda world: world.rows.append(world.find("decision", "R-3", "approve")),
    ),
    ("R-1/c1: 0 of 1 approvals count", _signed(digest="e" * 64)),
    ("the approval of anna is the proposer's own", _approved_by_proposer),
    ("the approval of carla is an administrator's", _approved_by_administrator),
    (f"the approval of mallory {_NO_CHAIN}", _signed(person="mallory")),
    ("R-3/c1: 1 of 2 approvals count", lambda world: world.rows.remove(_last_decision(world))),
    ("R-3/c1: 1 of 2 approvals count", lambda world: world.sign_as(ANNA, _last_decision(world))),
    ("is given as operator, which was not asked for", _filed(roles=["shift-supervisor"])),
    ("claims a role that ben does not have", _signed(role="shift-supervisor")),
    ("anna has not signed the proposal", _row(verdict="propose", is_flipped=True)),
    ("the approval of ben was no longer valid when it was claimed", _expired),
    ("the last signature came too late", _filed(filed_at=stamp(-1803.0))),
    ("the approval of ben was signed outside the time of its key", _record(**{"from": 3600})),
    (f"the approval of ben {_NO_CHAIN}", _record(of=MALLORY)),
    (f"the approval of ben {_NO_CHAIN}", _record(by=ANNA)),
    ("the approval of ben is signed with a revoked key", _revoked_key),
    ("anna had said reject before it was claimed", _rejected),
    ("R-1/c1: 0 of 1 approvals count", _claim_before_signature),
    ("the approval of ben is signed later than it was claimed", _signed(signed_at=stamp(60.0))),
    ("R-3/c1: it was claimed more than 60 s after the last signature", _claimed_late),
    ("the approval of ben is for another site", _signed(site="elsewhere")),
]


def test_each_fault_of_an_approval_is_seen() -> None:
    check_each(good_world, FAULTS)
