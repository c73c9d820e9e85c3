"""An administrator's word: what counts as one, and for how long any word holds."""

import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.administration import release_lockout, revoke_key
from handwheel.tools.guardrails.approval.decide import decide, propose
from handwheel.tools.guardrails.identity.roster import Record
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.latched_lockouts import latch
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.signatures.administrators import locked_out, revoked_keys
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    Signed,
    SiteVerdict,
    SubjectVerdict,
    key_subject,
    lockout_subject,
    meaning_of_subject,
)
from handwheel.tools.requests.canonical import canonical, digest
from handwheel.tools.requests.timestamps import Instant, stamp

from ....attacks.sql_shell import insert_site_decision
from ....gate.testbed.authority_grant import signed_word
from ....gate.testbed.in_memory import Room
from ....sites import people
from ....sites.authority_site import later
from ....sites.in_memory import make_site
from ....sites.people import boss, key_id, record_of, site_of
from ....sites.signed_requests import NOW, head_of, site_word

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


@dataclass(frozen=True)
class Place:
    """A site that is locked out, and a shell on its ledger."""

    site: Site
    database: Database
    shell: sqlite3.Connection

    def say(self, verdict: SiteVerdict = "release", subject: str = LOCK, /, **changes: Any) -> None:
        said = {"role": "administrator", "head": head_of(self.database).hash} | changes
        by, of = said.pop("by", "boss"), said.pop("of", OF_BOSS)
        signed = site_word(verdict, subject, by, **said)
        insert_site_decision(self.shell, verdict, subject, signed, of)

    def unlock(self) -> None:
        self.shell.execute("UPDATE lockout SET is_locked = 0")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    site = site_of(tmp_path)  # nobody stands in operators.yaml: there is none
    with Database(site.state, site.id) as database:
        latch(database, "site", None, NOW)
        path = site.state / "ledger.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as shell:
            yield Place(site, database, shell)


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
OTHER_RELEASES: dict[str, dict[str, Any]] = {
    "another lockout": {"subject": lockout_subject("site", 2)},
    "another lockout, in the words of this one": {
        "subject": lockout_subject("site", 2), "meaning": meaning_of_subject("release", LOCK),
    },
    "another verdict": {"verdict": "revoke-key", "meaning": meaning_of_subject("release", LOCK)},
    "other words": {"meaning": "I release lockout:site:2"},
    "another ledger": {"head": "1" * 64},
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED | OTHER_RELEASES | GENUINE)
def test_an_administrator_alone_releases_lockouts_and_revokes_keys(place: Place, name: str) -> None:
    word = (FORGED | OTHER_RELEASES | GENUINE)[name]
    place.say(**word)
    assert locked_out(place.site, place.database) == {"site": 1}
    place.unlock()
    assert locked_out(place.site, place.database) == ({} if name in GENUINE else {"site": 1})
    place.say("revoke-key", KEY, verdict="release", meaning=meaning_of_subject("release", KEY))
    assert revoked_keys(place.site, place.database) == frozenset()
    if name not in OTHER_RELEASES:
        place.say("revoke-key", KEY, **word)
        expected = {key_id("anna")} if name in GENUINE else set[str]()
        assert revoked_keys(place.site, place.database) == expected


@pytest.mark.parametrize("whose", ["deputy", "boss", "anna"])
@pytest.mark.parametrize("is_before", [True, False])
def test_who_was_revoked_before_releases_and_revokes_nothing(
    place: Place, whose: str, *, is_before: bool
) -> None:
    subject, mine = key_subject(key_id(whose)), key_subject(key_id("bert"))

    if is_before:
        place.say("revoke-key", subject)
    place.say(by="deputy", of=OF_DEPUTY)
    place.say("revoke-key", mine, by="deputy", of=OF_DEPUTY)
    if not is_before:
        place.say("revoke-key", subject)
    place.unlock()
    counts = not is_before or whose == "anna"
    assert locked_out(place.site, place.database) == ({} if counts else {"site": 1})
    assert (key_id("bert") in revoked_keys(place.site, place.database)) == counts


def test_a_second_lockout_needs_a_second_release(place: Place) -> None:
    place.say()
    place.unlock()
    assert locked_out(place.site, place.database) == {}
    latch(place.database, "site", None, NOW)
    assert locked_out(place.site, place.database) == {"site": 2}
    place.shell.execute(
        "INSERT INTO decision(verdict, subject, nonce, text, signature) "
        "VALUES ('release', 'lockout:site:2', 'x', '{}', 'nobody signed')"
    )
    place.unlock()
    assert locked_out(place.site, place.database) == {"site": 2}


def test_whoever_is_nobodys_root_releases_nothing(place: Place) -> None:
    place.say()
    place.unlock()
    for root, locked in ((key_id("boss"), {}), (key_id("deputy"), {"site": 1}), ("", {"site": 1})):
        assert locked_out(replace(place.site, trust_root=root), place.database) == locked


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
    return lambda now: release_lockout(room.desk.decision_context, "P-101A", 1, signed, now)


def _revoke(room: Room) -> Take:
    signed = _site_word(room, "revoke-key", KEY, "boss")
    return lambda now: revoke_key(room.desk.decision_context, signed, now)


def _propose(room: Room) -> Take:
    request, _ = room.desk.request([("PIC-102.sp", 340.0)])
    until = stamp(later(60.0, now=room.clock.now()).wall)
    signed = room.desk.signed("propose", request, "gina", card=None, valid_until=until)
    return lambda now: propose(room.desk.decision_context, request, signed, None, now)


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
        with pytest.raises(GuardrailError, match=reason):
            revoke_key(context, _site_word(desk, verdict, subject, by, **said), desk.clock.now())
        assert context.revoked_keys() == frozenset(), reason
    _revoke(desk)(desk.clock.now())
    assert context.revoked_keys() == {people.key_id("anna")}
