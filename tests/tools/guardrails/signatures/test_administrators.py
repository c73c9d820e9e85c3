"""An administrator's word: what counts as one, and for how long any word holds."""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.administration import ReleaseLockout, RevokeKey
from handwheel.tools.guardrails.approval.propose import Propose
from handwheel.tools.guardrails.identity.roster import Record
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.latched_lockouts import latch, locked_scopes
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.guardrails.signatures.administrators import administrator_decision
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    SiteVerdict,
    SubjectVerdict,
    key_subject,
    lockout_subject,
)
from handwheel.tools.requests.canonical import canonical, digest
from handwheel.tools.requests.timestamps import Instant, stamp

from ....gate.testbed.authority_grant import signed_word
from ....gate.testbed.in_memory import Room
from ....gate.testbed.words import decide
from ....sites import people
from ....sites.authority_site import later
from ....sites.in_memory import make_site
from ....sites.people import SITE, boss, key_id, record_of
from ....sites.signed_requests import site_word

DAY = timedelta(days=1)
KEY = key_subject(key_id("anna"))
LOCK = lockout_subject("site", 1)


def chain(*records: Record) -> str:
    return canonical([each.model_dump(by_alias=True) for each in records])


DEPUTY = record_of("deputy", "administrator")
ANNA = record_of("anna")
LAPSED = record_of("lapsed", "administrator", valid=DAY)
MALLORY = record_of("mallory", "administrator", issuer="mallory")
OF_BOSS, OF_DEPUTY = chain(boss()), chain(DEPUTY, boss())


FORGED: dict[str, dict[str, Any]] = {
    "an operator": {"by": "anna", "of": chain(ANNA, boss()), "role": "operator"},
    "who vouches for themselves, beside the root": {"by": "mallory", "of": chain(MALLORY, boss())},
    "nobody's": {"by": "mallory", "of": OF_BOSS},
    "no chain": {"of": None},
    "a chain that does not reach the root": {"by": "deputy", "of": chain(DEPUTY)},
    "a chain of something else": {"of": '[{"a":1}]'},
    "a chain with a name changed": {"of": OF_BOSS.replace('"boss"', '"bosses"')},
    "a chain that nobody can read in time": {"of": chain(*[DEPUTY] * 100, boss())},
    "another's name": {"of": chain(record_of("rosa", "administrator", key="boss"))},
    "whose time was over": {"by": "lapsed", "of": chain(LAPSED, boss())},
    "another site": {"site": "cw-2"},
}
GENUINE: dict[str, dict[str, Any]] = {
    "the first administrator": {},
    "a deputy": {"by": "deputy", "of": OF_DEPUTY},
    "whose record stands beside others": {"by": "deputy", "of": chain(ANNA, DEPUTY, boss())},
    "whose time has ended since": {
        "by": "lapsed", "of": chain(LAPSED, boss()), "signed_at": "2026-11-01T12:00:00.000Z",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED | GENUINE)
@pytest.mark.parametrize(
    ("verdict", "subject"), [("release", LOCK), ("revoke-key", KEY)], ids=["release", "revoke"]
)
def test_an_administrators_word_is_one_by_the_chain_that_is_kept_beside_it(
    name: str, verdict: SiteVerdict, subject: str
) -> None:
    said = {"role": "administrator"} | (FORGED | GENUINE)[name]
    by, of = said.pop("by", "boss"), said.pop("of", OF_BOSS)
    signed = site_word(verdict, subject, by, **said)
    found = administrator_decision(signed, of, SITE, key_id("boss"))
    assert (found is not None) is (name in GENUINE)
    for root in (key_id("gina"), ""):  # nobody's root
        assert administrator_decision(signed, of, SITE, root) is None


PUMP_LOCK = lockout_subject("P-101A", 1)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Room]:
    """A locked pump, and a write whose outcome nobody knows."""
    room = Room(make_site(tmp_path))
    await room.start_gate()
    request = room.desk.propose(("P-101B.run_cmd", True))
    room.desk.approve(request)
    room.plant.fault = "answer lost"
    await room.act()
    assert room.desk.states(request) == ["UNKNOWN"]
    room.desk.lock_out("P-101A")
    room.watch()
    lockout_file(room.site.state, "P-101A").unlink()
    yield room
    room.close()


Take = Callable[[Instant], object]


def _site_word(room: Room, verdict: SubjectVerdict, subject: str, by: str, **said: Any) -> Signed:
    context = room.desk.decision_context
    return signed_word(context, verdict, subject, room.clock.now(), by=by, **said)


def _release(room: Room) -> Take:
    signed = _site_word(room, "release", PUMP_LOCK, "boss")
    return partial(_released, room, 1, signed)


def _released(room: Room, generation: int, signed: Signed, now: Instant) -> None:
    ReleaseLockout(site=room.site.id, scope="P-101A", generation=generation, signed=signed).apply(
        room.desk.decision_context, now
    )


def _revoke(room: Room) -> Take:
    signed = _site_word(room, "revoke-key", KEY, "boss")
    message = RevokeKey(site=room.site.id, signed=signed)
    return partial(message.apply, room.desk.decision_context)


def _propose(room: Room) -> Take:
    request, _ = room.desk.request([("PIC-102.sp", 340.0)])
    until = stamp(later(60.0, now=room.clock.now()).wall)
    signed = room.desk.signed("propose", request, "gina", card=None, valid_until=until)
    message = Propose(site=room.site.id, request=request, signed=signed)
    return partial(message.apply, room.desk.decision_context)


def _resolve(room: Room) -> Take:
    action_id = room.desk.database.all("SELECT action_id FROM action")[0][0]
    request = room.desk.record(action_id).request
    card = room.desk.outcome(request, action_id)
    about = {"digest": request.digest, "card": digest("card", card)}
    signed = _site_word(room, "resolve-applied", action_id, "anna", **about)
    return lambda now: decide(room.desk.decision_context, signed, card, now)


WORDS: Mapping[str, Callable[[Room], Take]] = {
    "release": _release, "revoke-key": _revoke, "propose": _propose, "resolve": _resolve,
}  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("last", [0.0, 59.999])
def test_a_word_counts_only_while_it_holds(desk: Room, word: str, last: float) -> None:
    take, now = WORDS[word](desk), desk.clock.now()
    for moment, reason in (
        (later(-0.001, now=now), Reason.FUTURE),
        (later(60.0, now=now), Reason.EXPIRED),
        (later(1.0, boot="the next", now=now), Reason.REBOOTED),
        (later(1.0, wall_s=2.001, now=now), Reason.CLOCK_STEP),
        (later(3.0, wall_s=-2.001, now=now), Reason.CLOCK_STEP),
    ):
        with pytest.raises(DecisionRefused, match=str(reason)):
            take(moment)
        rows = [row.fields for row in desk.desk.database.journal()]
        assert rows[-1]["kind"] == "decision.refused", moment
        assert rows[-1]["body"]["reason"] == str(reason), moment
    take(later(last, now=now))
    with pytest.raises(DecisionRefused, match=str(Reason.SAME_NONCE)):
        take(later(last, now=now))


def test_a_key_is_taken_back_by_an_administrators_word_about_it(desk: Room) -> None:
    context = desk.desk.decision_context
    words: tuple[tuple[SubjectVerdict, str, str, dict[str, Any], str], ...] = (
        ("release", KEY, "boss", {}, str(Reason.NOT_APPROVED)),
        ("revoke-key", PUMP_LOCK, "boss", {}, str(Reason.NOT_APPROVED)),
        ("revoke-key", KEY, "boss", {"meaning": "I revoke something"}, str(Reason.OTHER_MEANING)),
        ("revoke-key", KEY, "bert", {"role": "fitter"}, str(Reason.ROLE_NOT_HELD)),
        ("revoke-key", KEY, "gina", {}, "gina is no administrator"),
    )
    for verdict, subject, by, said, reason in words:
        word = _site_word(desk, verdict, subject, by, **said)
        with pytest.raises(GuardrailError, match=reason):
            RevokeKey(site=desk.site.id, signed=word).apply(context, desk.clock.now())
        assert context.revoked_keys() == frozenset(), reason
    _revoke(desk)(desk.clock.now())
    assert context.revoked_keys() == {people.key_id("anna")}


def test_a_second_lockout_needs_a_second_release_and_a_key_that_was_not_taken_back(
    desk: Room,
) -> None:
    first, database = _release(desk), desk.desk.database
    first(desk.clock.now())
    assert locked_scopes(database) == {}
    latch(database, "P-101A", ["P-101A"], desk.clock.now())
    for take in (first, _release(desk)):
        with pytest.raises((GuardrailError, LostRace)):
            take(desk.clock.now())
    assert locked_scopes(database) == {"P-101A": 2}
    desk.desk.revoke_key("boss")
    signed = _site_word(desk, "release", lockout_subject("P-101A", 2), "boss")
    with pytest.raises(DecisionRefused, match=str(Reason.REVOKED_KEY)):
        _released(desk, 2, signed, desk.clock.now())
    assert locked_scopes(database) == {"P-101A": 2}
