"""Another key for a person: one replacement of the file, and what the old key signed stays true."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.identity import keys, rotation
from handwheel.tools.guardrails.identity.enrolment import Enrolment, EnrolmentRefused, vouch
from handwheel.tools.guardrails.identity.key_files import (
    create_own_key,
    next_key_path,
    take_next_key,
)
from handwheel.tools.guardrails.identity.operators_yaml import with_successor
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.identity.rotation import rotate
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, Reason, verify
from handwheel.tools.guardrails.signatures.quorum import check_quorum

from ....sites.people import SITE, START, boss, key_id, key_of, record_of, site_of
from ....sites.signed_requests import AGO, NOW, REQUEST, acts_as, signed_by

PASSPHRASE = "battery staple"
NEW = key_of("annas next key")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    others = record_of("deputy", "administrator"), record_of("carl", issuer="deputy")
    return site_of(tmp_path, boss(), record_of("anna"), record_of("bert"), *others)


def test_the_old_record_ends_when_the_new_one_begins(site: Site) -> None:
    path = site.root / "operators.yaml"
    path.write_text(f"{path.read_text()}  # the last line\n")
    done = rotate(site, "anna", NEW.public_key(), key_of("boss"), NOW.wall)
    roster = load_roster(site)
    assert (roster.ignored, len(roster.operators)) == ((), 6)
    assert "# the last line" in path.read_text()
    before, after = (roster.by_name("anna", NOW.wall - each) for each in (AGO, 0 * AGO))
    assert before is not None
    assert after is not None
    assert (before.key_id, after.key_id) == (key_id("anna"), keys.fingerprint(NEW.public_key()))
    assert before.until == after.start == done.begun.start == NOW.wall
    assert (after.roles, done.begun.until) == (before.roles, record_end(site, "bert"))


def _refused(
    site: Site, reason: str, person: str = "anna", issuer: str = "boss", at: datetime = NOW.wall
) -> None:
    before = (site.root / "operators.yaml").read_text()
    with pytest.raises(EnrolmentRefused, match=reason):
        rotate(site, person, NEW.public_key(), key_of(issuer), at)
    assert (site.root / "operators.yaml").read_text() == before


def record_end(site: Site, person: str) -> object:
    found = load_roster(site).by_name(person, NOW.wall)
    return found and found.until


def test_what_the_old_key_signed_stays_true_and_counts_no_more(site: Site) -> None:
    signed = signed_by("anna")
    counted = [check_quorum(REQUEST, [signed], load_roster(site), acts_as, frozenset(), NOW).is_met]
    rotate(site, "anna", NEW.public_key(), key_of("boss"), NOW.wall)
    roster = load_roster(site)
    verdict = check_quorum(REQUEST, [signed], roster, acts_as, frozenset(), NOW)
    assert [*counted, verdict.is_met] == [True, False]
    assert verdict.findings[0].reason is Reason.KEY_NOT_VALID
    decision, _ = verify(signed, roster, frozenset(), SITE, NOW.wall - AGO)
    assert decision.person == "anna"
    with pytest.raises(DecisionRefused, match=str(Reason.KEY_NOT_VALID)):
        verify(signed, roster, frozenset(), SITE, NOW.wall)


def test_what_would_not_count_leaves_the_file_as_it_was(site: Site) -> None:
    for person, issuer, reason in [
        ("nobody", "boss", "is not enrolled now"),
        ("boss", "deputy", "boss is the trust root"),
        ("deputy", "boss", "deputy vouches for carl"),
        ("anna", "bert", "would not count"),
        ("anna", "a stranger", "would not count"),
    ]:
        _refused(site, reason, person, issuer)
    for key in ["anna", "bert"]:
        with pytest.raises(EnrolmentRefused, match=r"this very key|is bert's as well"):
            rotate(site, "anna", key_of(key).public_key(), key_of("boss"), NOW.wall)
        assert load_roster(site).ignored == (), key
    stranger = record_of("zoe")
    with pytest.raises(ConfigError, match="has changed: zoe"):
        with_successor(site.root / "operators.yaml", stranger, stranger, stranger)
    _refused(site, "the record of anna has only just begun; try again", at=START)
    rotate(site, "anna", NEW.public_key(), key_of("boss"), START + AGO)


def test_a_record_that_lay_in_wait_comes_in_with_no_new_key(tmp_path: Path) -> None:
    deputy = record_of("deputy", "administrator")
    waiting = record_of("carl", issuer="annas next key", start=NOW.wall, valid=timedelta(days=1))
    site = site_of(tmp_path, boss(), deputy, waiting)
    _refused(site, "the rotation would set another record aside", "deputy")
    another = key_of("the deputy's next key").public_key()
    rotate(site, "deputy", another, key_of("boss"), NOW.wall)
    assert load_roster(site).by_name("carl", NOW.wall) is None


def test_a_full_disk_leaves_the_old_record(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise OSError(28, "disk full")

    monkeypatch.setattr(rotation, "replace_file", killed)
    _refused(site, "cannot be written")


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.mark.usefixtures("own_folder")
def test_the_next_key_takes_its_place_only_when_it_counts() -> None:
    first, path = create_own_key(SITE, "anna", PASSPHRASE)
    second, following = create_own_key(SITE, "anna", PASSPHRASE)
    assert (path, following) == (keys.key_path(SITE, "anna"), next_key_path(SITE, "anna"))
    with pytest.raises(keys.KeyFault, match="there is a next key already"):
        create_own_key(SITE, "anna", PASSPHRASE)
    ids = [keys.fingerprint(each.public_key()) for each in (first, second)]
    assert take_next_key(SITE, "anna", ids[0]) is None
    assert take_next_key(SITE, "anna", key_id("anna")) is None
    aside = take_next_key(SITE, "anna", ids[1])
    assert aside is not None
    found = [
        keys.fingerprint(keys.load_key(each, PASSPHRASE).public_key()) for each in (aside, path)
    ]
    assert (found, following.exists()) == (ids, False)
    assert take_next_key(SITE, "anna", ids[1]) is None
    third, following = create_own_key(SITE, "anna", PASSPHRASE)
    path.unlink()  # it takes the place of a file that is gone
    assert take_next_key(SITE, "anna", keys.fingerprint(third.public_key())) is None
    assert (path.exists(), following.exists()) == (True, False)


@pytest.mark.usefixtures("own_folder")
def test_a_kill_between_the_two_files_is_made_good(monkeypatch: pytest.MonkeyPatch) -> None:
    create_own_key(SITE, "anna", PASSPHRASE)
    second, following = create_own_key(SITE, "anna", PASSPHRASE)
    key_id = keys.fingerprint(second.public_key())
    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", _refuse)
        with pytest.raises(keys.KeyFault, match="cannot be put aside: no space left"):
            take_next_key(SITE, "anna", key_id)
    assert following.exists()
    aside = take_next_key(SITE, "anna", key_id)
    assert aside is not None
    kept = sorted(each.name for each in aside.parent.iterdir())
    assert kept == ["anna.key", aside.name]


def _refuse(*_: object) -> None:
    raise OSError(28, "no space left")


def test_a_public_ed25519_key_made_elsewhere_is_vouched_for(site: Site, tmp_path: Path) -> None:
    wanted = Enrolment("dora", ("viewer",), NOW.wall, NOW.wall + timedelta(days=400))
    line = f"{keys.public_line(NEW.public_key())} dora@desk"
    person = vouch(site, wanted, keys.parse_given_line(line), key_of("boss"))
    assert (person.key_id, list(person.roles)) == (keys.fingerprint(NEW.public_key()), ["viewer"])
    assert person.until == record_end(site, "boss")  # no later than the issuer's
    keys.create_key(tmp_path / "keys" / "anna.key", PASSPHRASE)
    private = (tmp_path / "keys" / "anna.key").read_text().splitlines()[0]
    reasons = dict.fromkeys(("", "ssh-rsa AAAA", "ssh-ed25519 AAAA", "anna"), "is no line")
    for line, reason in (reasons | {private: "is a private key"}).items():
        with pytest.raises(keys.KeyFault, match=reason):
            keys.parse_given_line(line)
