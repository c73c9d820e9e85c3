"""Whatever is wrong with an approval, the independent judge counts it for nothing."""

from collections.abc import Callable, Sequence

import pytest

from .audit import judge
from .sample_journal import ANNA, BEN, CARLA, MALLORY, Draft, World, good_world, stamp


def _moved(world: World, draft: Draft, before: Draft) -> None:
    world.rows.remove(draft)
    draft["at"] = before["at"] - 0.01
    world.rows.insert(world.rows.index(before), draft)


def _flipped_signature(world: World) -> None:
    world.find("decision", "R-1", "approve")["is_flipped"] = True


def _signature_of_another(world: World) -> None:
    world.find("decision", "R-1", "approve")["by"] = ANNA


def _copied_to_another_request(world: World) -> None:
    approval = world.find("decision", "R-3", "approve")
    approval["decision"]["digest"] = "f" * 64


def _other_card(world: World) -> None:
    world.find("decision", "R-1", "approve")["decision"]["card"] = "f" * 64


def _unseen_head(world: World) -> None:
    world.find("decision", "R-1", "approve")["decision"]["head"] = "f" * 64


def _decision_twice(world: World) -> None:
    world.rows.append(world.find("decision", "R-3", "approve"))


def _other_bytes_than_signed(world: World) -> None:
    approval = world.find("decision", "R-1", "approve")
    approval["decision"]["digest"] = "e" * 64


def _approved_by_proposer(world: World) -> None:
    approval = world.find("decision", "R-1", "approve")
    approval["by"] = ANNA
    approval["decision"] |= {"person": ANNA.name, "key_id": ANNA.key_id}


def _approved_by_administrator(world: World) -> None:
    approval = world.find("decision", "R-1", "approve")
    approval["by"] = CARLA
    approval["decision"] |= {"person": "carla", "key_id": CARLA.key_id, "role": "administrator"}


def _approved_in_another_name(world: World) -> None:
    world.find("decision", "R-1", "approve")["decision"]["person"] = "mallory"


def _one_of_two(world: World) -> None:
    world.rows.remove([row for row in world.rows if "decision" in row][-1])


def _one_person_twice(world: World) -> None:
    approval = [row for row in world.rows if "decision" in row][-1]
    approval["by"] = ANNA
    approval["decision"] |= {"person": ANNA.name, "key_id": ANNA.key_id}


def _role_not_asked_for(world: World) -> None:
    world.find("request.filed", "R-1")["request"]["roles"] = ["shift-supervisor"]


def _role_not_held(world: World) -> None:
    world.find("decision", "R-1", "approve")["decision"]["role"] = "shift-supervisor"


def _proposal_not_signed(world: World) -> None:
    world.find("decision", "R-1", "propose")["is_flipped"] = True


def _expired_approval(world: World) -> None:
    approval = world.find("decision", "R-1", "approve")
    approval["decision"]["valid_until"] = stamp(approval["at"])


def _signed_too_late(world: World) -> None:
    world.find("request.filed", "R-1")["request"]["filed_at"] = stamp(-1803.0)


def _key_not_yet_valid(world: World) -> None:
    world.records[2]["from"] = 3600


def _not_enrolled(world: World) -> None:
    world.records[2]["of"] = MALLORY


def _enrolled_by_an_operator(world: World) -> None:
    world.records[2]["by"] = ANNA


def _revoked_key(world: World) -> None:
    world.decide(CARLA, "revoke-key", "keys", subject=f"key:{BEN.key_id}")
    _moved(world, world.rows[-1], world.find("action.CLAIMED", "R-1"))


def _rejected(world: World) -> None:
    world.decide(ANNA, "reject", "R-1")
    _moved(world, world.rows[-1], world.find("action.CLAIMED", "R-1"))


def _claim_before_signature(world: World) -> None:
    claim = world.find("action.CLAIMED", "R-1")
    world.rows.remove(world.find("action.DUE", "R-1"))
    _moved(world, claim, world.find("decision", "R-1", "approve"))


def _signed_after_the_claim(world: World) -> None:
    world.find("decision", "R-1", "approve")["decision"]["signed_at"] = stamp(60.0)


def _claimed_late(world: World) -> None:
    world.find("decision", "R-3", "approve")["decision"]["valid_until"] = stamp(600.0)
    last = [row for row in world.rows if "decision" in row][-1]
    last["decision"]["valid_until"] = stamp(600.0)
    start = world.rows.index(world.find("action.DUE", "R-3"))
    for late in (*world.rows[start:], world.frames[2]):
        late["at"] += 62.0


def _of_another_site(world: World) -> None:
    world.find("decision", "R-1", "approve")["decision"]["site"] = "elsewhere"


FAULTS: Sequence[tuple[Callable[[World], None], str]] = [
    (_flipped_signature, "0 of 1 approvals count; the approval of ben carries a wrong signature"),
    (_signature_of_another, "the approval of ben carries a wrong signature"),
    (_copied_to_another_request, "R-3/c1: 1 of 2 approvals count"),
    (_other_card, "the approval of ben was made on another card"),
    (_unseen_head, "ben saw a head that is not in this journal"),
    (_decision_twice, "the decision of row"),
    (_other_bytes_than_signed, "R-1/c1: 0 of 1 approvals count"),
    (_approved_by_proposer, "the approval of anna is the proposer's own"),
    (_approved_by_administrator, "the approval of carla is an administrator's"),
    (_approved_in_another_name, "the approval of mallory has no chain of enrolment to the root"),
    (_one_of_two, "R-3/c1: 1 of 2 approvals count"),
    (_one_person_twice, "R-3/c1: 1 of 2 approvals count"),
    (_role_not_asked_for, "is given as operator, which was not asked for"),
    (_role_not_held, "claims a role that ben does not have"),
    (_proposal_not_signed, "anna has not signed the proposal"),
    (_expired_approval, "the approval of ben was no longer valid when it was claimed"),
    (_signed_too_late, "the last signature came too late"),
    (_key_not_yet_valid, "the approval of ben was signed outside the time of its key"),
    (_not_enrolled, "the approval of ben has no chain of enrolment to the root"),
    (_enrolled_by_an_operator, "the approval of ben has no chain of enrolment to the root"),
    (_revoked_key, "the approval of ben is signed with a revoked key"),
    (_rejected, "anna had said reject before it was claimed"),
    (_claim_before_signature, "R-1/c1: 0 of 1 approvals count"),
    (_signed_after_the_claim, "the approval of ben is signed later than it was claimed"),
    (_claimed_late, "R-3/c1: it was claimed more than 60 s after the last signature"),
    (_of_another_site, "the approval of ben is for another site"),
]


@pytest.mark.parametrize(
    ("alter", "sentence"), FAULTS, ids=[alter.__name__.strip("_") for alter, _ in FAULTS]
)
def test_one_thing_wrong_is_seen(alter: Callable[[World], None], sentence: str) -> None:
    world = good_world()
    alter(world)
    report = judge(*world.seal(), CARLA.key_id)
    assert any(sentence in fault for fault in report.faults), report
