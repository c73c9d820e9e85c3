"""Whose key signs: the one named, else the only one that is on this machine."""

from pathlib import Path

import pytest

from handwheel.hmi.people.signing import find_person
from handwheel.hmi.shell.cli.exits import report_errors
from handwheel.hmi.shell.cli.signer_options import SignerUnclear
from handwheel.tools.errors import InvalidArguments, PermitRefused
from handwheel.tools.guardrails.identity.keys import key_path
from handwheel.tools.guardrails.identity.roster import Operator, load_roster

from ...printed_hints import check_hints
from ...sites.people import SITE, START, YEAR, boss, record_of, site_of


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


def _have_keys(people: list[str]) -> None:
    for person in people:
        key_path(SITE, person).parent.mkdir(parents=True, exist_ok=True)
        key_path(SITE, person).touch()


@pytest.mark.parametrize(
    ("named", "with_key", "found"),
    [
        ("boss", [], "boss"),
        ("anna", ["anna"], None),
        ("nobody", [], None),
        (None, ["boss"], "boss"),
        (None, ["deputy", "anna"], "deputy"),
        (None, ["boss", "deputy"], None),
        (None, [], None),
    ],
)  # fmt: skip
def test_who_signs_is_an_administrator_with_a_key_here(
    tmp_path: Path, keys: Path, named: str | None, with_key: list[str], found: str | None
) -> None:
    site = site_of(tmp_path, boss(), record_of("deputy", "administrator"), record_of("anna"))
    _have_keys(with_key)
    roster = load_roster(site)
    if found is None:
        with pytest.raises((PermitRefused, InvalidArguments)):
            find_person(site, roster, named, START, administrator=True)
    else:
        assert find_person(site, roster, named, START, administrator=True).person == found
    # An administrator is one only as long as the record holds.
    with pytest.raises((PermitRefused, InvalidArguments)):
        find_person(site, roster, named, START + YEAR, administrator=True)
    assert keys.exists() == bool(with_key)


@pytest.mark.parametrize(
    ("with_key", "unfit", "found"),
    [
        (["anna"], ["anna"], "anna"),  # the refusal itself says why not
        (["anna", "bert"], ["anna"], "bert"),
        (["boss", "anna", "bert"], ["bert"], "anna"),
        (["anna", "bert", "carl"], ["anna"], ["bert", "carl"]),
        (["anna", "bert"], ["anna", "bert"], None),
    ],
)
def test_of_several_keys_the_only_one_that_may_is_used(
    tmp_path: Path,
    keys: Path,
    capsys: pytest.CaptureFixture[str],
    with_key: list[str],
    unfit: list[str],
    found: str | list[str] | None,
) -> None:
    site = site_of(tmp_path, boss(), *map(record_of, ("anna", "bert", "carl")))
    _have_keys(with_key)

    def check(person: Operator) -> None:
        if person.person in unfit:
            raise PermitRefused(f"{person.person}: no")

    def choose() -> str:
        roster = load_roster(site)
        return find_person(site, roster, None, START, administrator=False, check=check).person

    if isinstance(found, str):
        assert choose() == found
        is_told = sum(name != "boss" for name in with_key) > 1
        told = f"handwheel: {found} signs, the only one with a key here who can\n"
        assert capsys.readouterr().err == (told if is_told else "")
    elif found is None:
        with pytest.raises(PermitRefused, match="anna: no\nbert: no"):
            choose()
    else:
        with pytest.raises(SignerUnclear) as unclear:
            choose()
        assert list(unclear.value.people) == found
    assert keys.exists()


def test_with_several_signers_the_whole_command_is_printed_for_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        pytest.raises(SystemExit, match="2"),
        report_errors(["runs", "abort", "U-1", "--site=b c"]),
    ):
        raise SignerUnclear(["bert", "carl"])
    printed = capsys.readouterr().err
    check_hints(printed)
    assert printed == (
        "handwheel: several people with a key here can sign: bert, carl\n"
        "next: handwheel runs abort U-1 '--site=b c' --as bert\n"
        "next: handwheel runs abort U-1 '--site=b c' --as carl\n"
    )
