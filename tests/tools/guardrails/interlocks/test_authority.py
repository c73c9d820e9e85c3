"""Authority: who hands over, who takes over, and when a hand-over ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.endpoints import Credentials
from handwheel.connectors.model.site import load_site
from handwheel.tools.errors import GuardrailError, InterlockActive, InvalidArguments
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.authority import (
    AuthorityStatus,
    TakenMode,
    authority_of,
    check_grantor,
    next_generation,
)
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
)
from handwheel.tools.requests.timestamps import stamp

from ....gate.testbed.authority_grant import end, give, signed_hand_over
from ....gate.testbed.words import grant_authority, take_authority
from ....sites import site_text
from ....sites.authority_site import HOUR_S, OTHER, PUMP, PUMPS, Place, faults_of, later
from ....sites.in_memory import POLICY
from ....sites.signed_requests import NOW


def _denial(reason: str) -> Denial:
    return Denial("authority", reason, "a grant of authority to agents")


@pytest.fixture(autouse=True)
def sound(place: Place) -> Iterator[None]:
    """Nothing that the product does is a fault of the journal."""
    yield
    assert faults_of(place) == ()


def test_a_hand_over_lets_agents_act_until_it_ends(place: Place) -> None:
    assert set(authority_of(place.site, place.database, NOW)) == {"site", PUMPS, PUMP, OTHER}
    never = "P-101A was not granted to agents"
    assert place.standing() == AuthorityStatus(PUMP, "OPERATOR", "", None, True, _denial(never))
    assert (place.refusal(), place.refusal(is_agents=False)) == (never, "")
    until = give(place.decision_context, PUMP, NOW, lasts_s=HOUR_S)
    assert place.standing() == AuthorityStatus(PUMP, "AGENT", "anna", until, True, None)
    assert place.refusal(later(HOUR_S - 0.002)) == ""
    ended = f"P-101A was granted to agents, which does not count: it ended {until}"
    assert place.refusal(later(HOUR_S)) == ended
    assert not place.standing(now=later(HOUR_S)).is_valid
    assert place.refusal(later(HOUR_S), is_agents=False) == ""
    assert place.standing(OTHER).reason == "P-101B was not granted to agents"
    kind, subject, body = place.told()[-1]
    assert (kind, subject) == ("authority.given", PUMP)
    assert body == {"generation": 1, "mode": "AGENT", "person": "anna", "until": until}


def test_a_clock_that_is_set_back_brings_no_hand_over_back(place: Place) -> None:
    give(place.decision_context, PUMP, NOW, lasts_s=HOUR_S)
    assert "it ended" in place.refusal(later(HOUR_S, wall_s=-HOUR_S))
    assert "signed in the future" in place.refusal(later(10.0, wall_s=-11.0))
    assert place.refusal(later(10.0, boot="the next")) == ""  # it outlasts a restart
    assert "it ended" in place.refusal(later(HOUR_S, boot="the next"))


@pytest.mark.parametrize("equipment", [PUMP, PUMPS, "site"])
@pytest.mark.parametrize("mode", ["LOCAL", "MAINTENANCE"])
def test_where_somebody_works_nobody_acts_and_nobody_hands_over(
    place: Place, equipment: str, mode: TakenMode
) -> None:
    give(place.decision_context, PUMP, NOW)
    place.take(equipment, mode)
    reason = f"{equipment} is {mode}, set by carl"
    assert place.refusal() == place.refusal(is_agents=False) == reason
    assert place.standing() == AuthorityStatus(equipment, mode, "carl", None, True, _denial(reason))
    with pytest.raises(InterlockActive, match=reason):
        give(place.decision_context, PUMP, NOW)
    if mode == "LOCAL":
        place.take(equipment)
    else:
        end(place.decision_context, equipment, NOW)
    assert place.refusal(is_agents=False) == ""
    assert "is OPERATOR, set by " in place.refusal()  # the hand-over from before has ended as well
    give(place.decision_context, PUMP, NOW)
    assert place.refusal() == ""


_ENDS: list[tuple[str, dict[str, Any], str]] = [
    ("max", {}, "max lacks a role that is needed to end the MAINTENANCE of P-101A: operator"),
    ("anna", {"attended": False}, str(Reason.UNATTENDED)),
    ("anna", {"subject": "maintenance:P-101A:1"}, str(Reason.NOT_APPROVED)),
    ("anna", {"meaning": "I end it"}, str(Reason.OTHER_MEANING)),
]


def test_maintenance_ends_by_signature_only(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    place.take(PUMP, "MAINTENANCE")
    hint = "somebody may be .*, and only a signature ends it; next: handwheel authority take P-101A"
    for to in ("OPERATOR", "LOCAL"):
        with pytest.raises(InterlockActive, match=f"P-101A is MAINTENANCE, set by carl: {hint}$"):
            place.take(PUMP, to)
    for by, said, reason in _ENDS:
        with pytest.raises(GuardrailError, match=reason):
            end(place.decision_context, PUMP, NOW, by=by, **said)
    assert place.standing().mode == "MAINTENANCE"
    place.take(PUMP, "MAINTENANCE")
    end(place.decision_context, PUMP, NOW)
    assert place.standing().mode == "OPERATOR"
    kind, subject, body = place.told()[-1]
    assert (kind, subject, body["person"], body["by"]) == (
        "authority.taken", PUMP, "anna", "signature",
    )  # fmt: skip


def test_taking_the_whole_over_takes_its_parts_over(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    place.take(OTHER, "LOCAL")
    place.take(PUMPS)
    assert place.refusal() == "P-101A is OPERATOR, set by carl"
    assert place.standing(OTHER).mode == "LOCAL"  # somebody works there still
    assert [each[:2] for each in place.told()[-2:]] == [
        ("authority.taken", PUMPS), ("authority.taken", PUMP),
    ]  # fmt: skip
    place.take(OTHER)
    give(place.decision_context, PUMPS, NOW)
    assert place.refusal() == "P-101A is OPERATOR, set by carl"  # though the whole is handed over


def test_taking_over_ends_what_agents_asked_for_there(place: Place) -> None:
    agents = place.file("R-AAAAAAA1", PUMP, "agent")
    elsewhere = place.file("R-AAAAAAA2", "", "agent")
    peoples = place.file("R-AAAAAAA3", PUMP, "person")
    assert place.take(PUMPS) == [agents]
    assert place.state(agents) == ("INVALIDATED", "carl has taken PUMPS-101 over: OPERATOR")
    assert place.state(elsewhere)[0] == place.state(peoples)[0] == "PENDING"
    assert place.take(PUMPS, "LOCAL") == [peoples]
    assert place.take("site") == [elsewhere]


def test_who_takes_over_may_be_anybody(place: Place) -> None:
    for name, kept in (("", "somebody"), ("\x1b[2J", "\\x1b[2J"), ("é" * 99, "\\xe9")):
        take_authority(place.database, place.site, PUMP, "OPERATOR", name, NOW)
        assert place.standing().person.startswith(kept)
    give(place.decision_context, PUMP, NOW)
    take_authority(place.database, place.site, PUMPS, "LOCAL", "carl", NOW, by="seat")
    kinds = [(body["person"], body.get("by")) for _, _, body in place.told()[-2:]]
    assert kinds == [("carl", "seat")] * 2  # of whole and members


def test_only_equipment_of_the_site_changes_hands(place: Place) -> None:
    for equipment in ["P-999", "P-101A.run_cmd"]:
        with pytest.raises(InvalidArguments, match="known: site, PUMPS-101, P-101A, P-101B"):
            place.take(equipment)
        with pytest.raises(InvalidArguments, match="there is no equipment"):
            give(place.decision_context, equipment, NOW)


def test_who_may_hand_over_is_who_may_approve_there(place: Place) -> None:
    for by, equipment, reason in [
        ("max", PUMP, "max lacks a role that is needed to grant authority over P-101A: operator"),
        ("boss", PUMP, f"boss: {Reason.ADMINISTRATOR}"),
        ("bert", PUMP, ""),
    ]:
        operator = place.decision_context.roster.by_name(by, NOW.wall)
        assert operator is not None, by
        if not reason:
            check_grantor(place.decision_context, equipment, operator)
            give(place.decision_context, equipment, NOW, by=by)
            continue
        with pytest.raises(GuardrailError, match=reason):
            check_grantor(place.decision_context, equipment, operator)
        with pytest.raises(GuardrailError, match=reason):
            give(place.decision_context, equipment, NOW, by=by)
        assert place.told()[-1][0] == "decision.refused", by
        assert place.told()[-1][2] == {"person": by, "reason": reason}, by
        assert place.refusal() != "", by


def edited(place: Place, policy: str) -> Place:
    (place.site.root / "policy.yaml").write_text(policy, encoding="utf-8")
    site = load_site(place.site.root)
    context = DecisionContext(site, place.database, load_policy(site), load_roster(site))
    return replace(place, decision_context=context)


def test_who_hands_over_holds_the_roles_that_the_rules_name_by_now(place: Place) -> None:
    other = edited(place, POLICY.replace('"P-101?.run_cmd", P-101B.reset', "P-101A.run_cmd"))
    with pytest.raises(GuardrailError, match=r"no role is named .* grant authority over P-101B"):
        give(other.decision_context, OTHER, NOW)
    give(other.decision_context, PUMP, NOW)
    mode = "{tags: [P-101A.mode], class: R2, roles: [operator"
    assert mode in POLICY
    stricter = edited(place, POLICY.replace(mode, f"{mode}, shift-supervisor"))
    lacks = "anna lacks a role that is needed to grant authority over P-101A: shift-supervisor"
    assert stricter.refusal().endswith(lacks)


@pytest.mark.parametrize(
    ("changes", "is_allowed"),
    [
        ({}, True),
        ({"host": "192.0.2.1"}, False),
        ({"endpoint": "opc.tcp://127.0.0.1:4840"}, True),
        ({"endpoint": "opc.tcp://127.0.0.1:4840", "simulated": False}, False),
        ({"endpoint": "opc.tcp://192.0.2.1:4840"}, False),
        ({"endpoint": "opc.tcp:"}, False),
    ],
)
def test_a_script_hands_over_simulated_equipment_on_this_machine_only(
    place: Place, changes: dict[str, object], *, is_allowed: bool
) -> None:
    def refused(each: Place) -> None:
        with pytest.raises(DecisionRefused, match=f"^{Reason.UNATTENDED}$"):
            give(each.decision_context, PUMP, NOW, attended=False)
        assert place.told()[-1][2]["reason"] == str(Reason.UNATTENDED)

    refused(place)
    other = edited(place, POLICY.replace("ttl_max", "unattended: simulated\nttl_max"))
    server = other.site.connections["pkg"]
    if "endpoint" in changes:
        server = site_text.load(place.site.root / "other").connections["dcs"]
        writes = Credentials(user="gate", secret="env:GATE")
        server = server.model_copy(update={"simulated": True, "write": writes})
    connections = {**other.site.connections, "pkg": server.model_copy(update=changes)}
    site = replace(other.site, connections=connections)
    there = replace(other, decision_context=replace(other.decision_context, site=site))
    if not is_allowed:
        refused(there)
        give(there.decision_context, PUMP, NOW)
        return
    give(there.decision_context, PUMP, NOW, attended=False)
    assert there.refusal() == ""
    assert edited(place, POLICY).refusal().endswith(str(Reason.UNATTENDED))


def test_a_hand_over_ends_within_thirty_days(place: Place) -> None:
    for until, reason in (
        (stamp(NOW.wall), "it ended"),
        (stamp(NOW.wall - timedelta(days=1)), "it ended"),
        (stamp(NOW.wall + timedelta(days=30, milliseconds=1)), "more than 30 days"),
        ("for ever", "its end cannot be read"),
    ):
        signed = signed_hand_over(place.decision_context, PUMP, NOW, until=until, generation=1)
        with pytest.raises(GuardrailError, match=reason):
            grant_authority(place.decision_context, PUMP, until, 1, signed, NOW)
        assert place.refusal() == "P-101A was not granted to agents", until
    give(place.decision_context, PUMP, NOW, lasts_s=30 * 24 * HOUR_S)
    assert place.refusal() == ""


def test_a_take_over_wins_over_a_hand_over_that_was_being_signed(place: Place) -> None:
    until, generation = stamp(later(HOUR_S).wall), next_generation(place.database, PUMP)
    signed = signed_hand_over(place.decision_context, PUMP, NOW, until=until, generation=generation)
    place.take(PUMP)
    with pytest.raises(GuardrailError, match="has changed; look again"):
        grant_authority(place.decision_context, PUMP, until, generation, signed, NOW)
    assert place.told()[-1][0] == "decision.refused"
    assert place.refusal() == "P-101A is OPERATOR, set by carl"
