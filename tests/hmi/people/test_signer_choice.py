"""Whose key signs: the one named, else the only one that is on this machine."""

from pathlib import Path

import pytest

from handwheel.hmi.people.signing import as_option, find_person
from handwheel.tools.errors import InvalidArguments, PermitRefused
from handwheel.tools.guardrails.identity.keys import key_path
from handwheel.tools.guardrails.identity.roster import load_roster

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
    ("with_key", "option"),
    [
        ([], ""),
        (["anna"], ""),
        (["bert"], ""),
        (["boss", "anna"], ""),
        (["anna", "bert"], " --as bert"),
        (["anna", "bert", "carl"], " --as NAME"),
    ],
)
def test_option_names_the_next_signer_where_a_command_cannot(
    tmp_path: Path, keys: Path, with_key: list[str], option: str
) -> None:
    site = site_of(tmp_path, boss(), *map(record_of, ("anna", "bert", "carl")))
    _have_keys(with_key)
    assert as_option(site, load_roster(site), START, {"anna"}) == option
    assert keys.exists() == bool(with_key)
