"""Enrolling: what is written, and what is refused before anything is."""

import errno
import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import load_site
from handwheel.tools.guardrails.identity.enrolment import (
    Enrolment,
    EnrolmentRefused,
    check_enrolment,
    ending_root,
    enroll,
    renew,
    root_warning,
    vouch,
)
from handwheel.tools.guardrails.identity.keys import KeyFault, key_path, load_key
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import load_roster

from ....sites import site_text
from ....sites.people import SITE, START, boss, key_of, record_of, site_of

DAY = timedelta(days=1)
PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


def _wanted(person: str, *roles: str) -> Enrolment:
    return Enrolment(person, roles, START, START + DAY)


def test_the_first_administrator_becomes_the_trust_root(tmp_path: Path) -> None:
    site = site_of(tmp_path, root="")
    first = enroll(site, _wanted("rosa", "administrator"), PASSPHRASE, None)
    again = load_site(tmp_path)
    assert again.trust_root == first.key_id == first.issuer
    assert load_roster(again).operators == (first,)
    text = site_text.SITE.replace("id: works-7", f'id: {SITE}\ntrust: {{root: "{first.key_id}"}}')
    assert (tmp_path / "site.yaml").read_text() == text


def test_a_record_is_added_and_all_else_stays(tmp_path: Path) -> None:
    site = site_of(tmp_path, boss())
    path = tmp_path / "operators.yaml"
    before = path.read_text().replace("operators:\n", "operators:  # the day shift\n") + "# end\n"
    path.write_text(before)
    path.chmod(0o640)
    anna = enroll(site, _wanted("anna", "operator"), PASSPHRASE, key_of("boss"))
    assert path.read_text().startswith(before)
    assert path.stat().st_mode & 0o777 == 0o640
    assert load_roster(site).operators[1] == anna
    assert load_key(key_path(SITE, "anna"), PASSPHRASE).public_key() == anna.public
    assert {each.name for each in tmp_path.iterdir()} == {
        "config", "operators.yaml", "site.yaml", "tags.yaml",
    }  # fmt: skip


def test_a_record_goes_into_any_layout(tmp_path: Path) -> None:
    for number, layout in enumerate(
        (
            "# ours\nschema: operators/1\noperators: []  # nobody\n",
            "operators: []\nschema: operators/1\n",
            "{schema: operators/1, operators: []}",
        )
    ):
        person, root = f"rosa-{number}", tmp_path / str(number)
        root.mkdir()
        site = site_of(root, root="")
        (root / "operators.yaml").write_text(layout)
        enroll(site, _wanted(person, "administrator"), PASSPHRASE, None)
        assert [each.person for each in load_roster(load_site(root)).operators] == [person]
        assert (root / "operators.yaml").read_text().startswith("# ours") is not bool(number)


def test_what_cannot_be_finished_leaves_nothing(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    site, wanted = site_of(tmp_path, boss()), _wanted("anna", "operator")
    before = (tmp_path / "operators.yaml").read_text()
    with pytest.raises(EnrolmentRefused, match="no record has its issuer"):
        enroll(site, wanted, PASSPHRASE, key_of("stranger"))
    with pytest.raises(KeyFault, match="at least 8"):
        enroll(site, wanted, "1234567", key_of("boss"))
    monkeypatch.setattr("handwheel.tools.guardrails.identity.enrolment.replace_file", full)
    with pytest.raises(EnrolmentRefused, match=r"cannot be written: no space left on device$"):
        enroll(site, wanted, PASSPHRASE, key_of("boss"))
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(keys))
    other = site_text.load(tmp_path / "other")
    # Behind the line of the id, in the middle of a text that goes on there.
    within = "{schema: site/1, id: works-7, state: 'var\n  b/', connections: {}}\n"
    for text, reason in (
        (site_text.SITE.replace("id: works-7", "id:\n  works-7"), r"write: trust: \{root: "),
        (within, "the trust root cannot be added here; write: trust:"),
    ):
        (other.root / "site.yaml").write_text(text)
        with pytest.raises(ConfigError, match=reason):
            enroll(other, _wanted("rosa", "administrator"), PASSPHRASE, None)
        assert (other.root / "site.yaml").read_text() == text
    assert [each for each in keys.rglob("*") if each.is_file()] == []
    assert not (other.root / "operators.yaml").exists()
    assert (tmp_path / "operators.yaml").read_text() == before
    vouch(site, wanted, key_of("anna").public_key(), key_of("boss"))
    assert len(load_roster(site).operators) == 2


def test_a_record_that_lay_in_wait_comes_in_with_nobody(tmp_path: Path) -> None:
    """It would count as soon as whoever it names as its issuer is an administrator."""
    site = site_of(tmp_path, boss(), record_of("carl", issuer="deputy", valid=DAY))
    before = (tmp_path / "operators.yaml").read_text()
    public = key_of("deputy").public_key()
    with pytest.raises(EnrolmentRefused, match="the record would set another aside"):
        vouch(site, _wanted("deputy", "administrator"), public, key_of("boss"))
    assert (tmp_path / "operators.yaml").read_text() == before
    vouch(site, _wanted("deputy", "operator"), public, key_of("boss"))
    assert [each.person for each in load_roster(site).operators] == ["boss", "deputy"]


def test_what_cannot_be_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    site = site_of(tmp_path, boss(), record_of("bert"))
    orphan = key_path(SITE, "carl")
    orphan.parent.mkdir(parents=True)
    orphan.touch()
    roster = load_roster(site)
    check_enrolment(site, roster, _wanted("anna", "operator"))
    for person, roles, reason in [
        ("Anna", ["operator"], "is no name for a person"),
        ("a" * 33, ["operator"], "is no name for a person"),
        ("anna", ["Operator"], "is no name for a role"),
        ("anna", [], "at least one role"),
        ("anna", ["agent"], "an agent holds no key"),
        ("anna", ["administrator", "operator"], "cannot approve, and has no other role"),
        ("bert", ["operator"], "bert is enrolled until"),
        ("carl", ["operator"], "there is a key already"),
    ]:
        with pytest.raises(EnrolmentRefused, match=reason):
            check_enrolment(site, roster, _wanted(person, *roles))


def test_keys_of_an_earlier_site_are_moved_as_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "our config"))
    site, rosa = site_of(tmp_path, root=""), _wanted("rosa", "administrator")
    for _ in range(2):  # a name that is taken is not used again
        for person in ("rosa", "anna"):
            key_path(SITE, person).parent.mkdir(parents=True, exist_ok=True)
            key_path(SITE, person).touch()
        with pytest.raises(EnrolmentRefused, match="key already, of an earlier") as refused:
            check_enrolment(site, load_roster(site), rosa)
        subprocess.run(str(refused.value).partition("next: ")[2], shell=True, check=True)
        for person in ("rosa", "anna"):
            assert not key_path(SITE, person).exists()
        check_enrolment(site, load_roster(site), rosa)
    assert len(list((tmp_path / "our config").rglob("*.key"))) == 4


def test_a_site_begins_with_its_administrator(tmp_path: Path) -> None:
    site = site_of(tmp_path, root="")
    check_enrolment(site, load_roster(site), _wanted("rosa", "administrator"))
    with pytest.raises(EnrolmentRefused, match="enrol one first; next: handwheel operators enroll"):
        check_enrolment(site, load_roster(site), _wanted("anna", "operator"))
    (tmp_path / "operators.yaml").write_text(operators_text([boss()]))
    with pytest.raises(EnrolmentRefused, match="take them out first"):
        check_enrolment(site, load_roster(site), _wanted("rosa", "administrator"))


def test_an_ended_trust_root_goes_on_and_vouches_again(tmp_path: Path) -> None:
    deputy = record_of("deputy", "administrator", valid=DAY)
    site = site_of(tmp_path, boss(valid=60 * DAY), deputy)
    roster, tick = load_roster(site), timedelta(milliseconds=1)
    assert root_warning(site, roster, START + 30 * DAY - tick) == ""
    assert "boss, the trust root, ends 2026-12-31" in root_warning(site, roster, START + 30 * DAY)
    assert "boss, the trust root, ended 2026-12-31" in root_warning(site, roster, START + 60 * DAY)
    late = START + 70 * DAY
    root = ending_root(site, roster, late)
    assert root is not None
    wanted = Enrolment("boss", ("administrator",), late, late + 40 * DAY)
    with pytest.raises(EnrolmentRefused, match="would not count"):
        renew(site, root, wanted, key_of("deputy"))
    again = renew(site, root, wanted, key_of("boss"))
    assert (again.key_id, again.start, again.until) == (root.key_id, late, late + 40 * DAY)
    anna = Enrolment("anna", ("operator",), late, late + 90 * DAY)
    assert enroll(site, anna, PASSPHRASE, key_of("boss")).until == again.until
    roster = load_roster(site)
    assert [each.person for each in roster.operators] == ["boss", "deputy", "boss", "anna"]
    assert (roster.ignored, root_warning(site, roster, late)) == ((), "")
