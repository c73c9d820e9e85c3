"""Plug-ins: listed without an import, and told by name and reason where they cannot be used."""

import sys
from pathlib import Path

import pytest

from handwheel.connectors.config.plug_ins import (
    MissingPlugIn,
    PlugIns,
    UnusablePlugIn,
    instance_of,
)

from ...plug_ins.registered import register

PUMPS = PlugIns("works.pumps", "pump", ("own",))


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages, which have one name in common, and one module that raises."""
    (tmp_path / "acme_pumps.py").write_text("GOOD = 3\nODD = 'x'\n", "utf-8")
    (tmp_path / "acme_ruin.py").write_text("raise ValueError('first\\n  second')\n", "utf-8")
    named = {"good": "acme_pumps:GOOD", "odd": "acme_pumps:ODD", "ruin": "acme_ruin:X"}
    register(tmp_path, monkeypatch, {PUMPS.group: {**named, "both": "acme_pumps:GOOD"}})
    other = tmp_path / "other"
    other.mkdir()
    register(other, monkeypatch, {PUMPS.group: {"both": "elsewhere:X"}}, "other")
    monkeypatch.delitem(sys.modules, "acme_pumps", raising=False)


def test_names_are_listed_without_an_import() -> None:
    assert PUMPS.names() == ["both", "good", "odd", "own", "ruin"]
    assert "acme_pumps" not in sys.modules
    assert PUMPS.load("good", instance_of(int)) == 3


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("odd", "acme_pumps:ODD is a str, not a int"),
        ("ruin", "acme_ruin:X cannot be loaded: ValueError: first second"),
        ("both", "'both' is of several packages: acme_pumps:GOOD, elsewhere:X"),
        ("goood", "there is no pump 'goood'; did you mean 'good'?"),
        ("zzz", "there is no pump 'zzz'; known: both, good, odd, own, ruin"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_told(name: str, reason: str) -> None:
    with pytest.raises(UnusablePlugIn) as caught:
        PUMPS.load(name, instance_of(int))
    assert str(caught.value) == reason
    assert isinstance(caught.value, MissingPlugIn) is (name in {"goood", "zzz"})
