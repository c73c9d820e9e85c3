"""Connectors of another package: found by name, checked like ours, and costing only themselves."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from handwheel.connectors.actuation.write_session import open_write_session
from handwheel.connectors.client.site_reader import (
    SiteReader,
    read_once,
    read_reachable,
)
from handwheel.connectors.errors import ConfigError, NotConnected
from handwheel.connectors.model.endpoints import GROUP
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Quality
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.hmi.site.commissioning.file_check import check_site, unusable_connectors
from handwheel.hmi.site.commissioning.online_check import check_devices

from ...plug_ins.connectors import CONNECTORS
from ...plug_ins.registered import register
from ...sites.site_text import load

SITE = """\
schema: site/1
id: works
connections:
  good: {kind: constant, scan: 10 ms}
  other: {kind: constant, scan: 10 ms}
"""
TAGS = """\
schema: tags/1
tags:
  A.pv: {connection: good, item: 1, type: float, unit: kPa}
  B.pv: {connection: other, item: 2, type: float}
  C.pv: {connection: other, item: 3, type: float}
"""
Edited = Callable[[str, str], Site]


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edited:
    """Loads the site after one text of it is replaced."""
    register(tmp_path, monkeypatch, {GROUP: CONNECTORS})

    def edit(old: str, new: str) -> Site:
        assert old in SITE + TAGS
        return load(tmp_path / "site", SITE.replace(old, new), TAGS.replace(old, new))

    return edit


async def test_a_connector_of_another_package_is_read(edited: Edited) -> None:
    site = edited("id: works", "id: works")
    readings = await read_once(site, list(site.tags.values()))
    assert {name: each.value for name, each in readings.items()} == {
        "A.pv": 1.0, "B.pv": 2.0, "C.pv": 3.0,
    }  # fmt: skip
    async with SiteReader(site, list(site.tags.values())) as reader:
        while not all(each.is_connected for each in reader.connections):
            await reader.next_scan(1.0)
        assert {each.quality for each in reader.latest().values()} == {Quality.GOOD}
    with pytest.raises(NotConnected, match="only OPC UA and Modbus are written"):
        await open_write_session(site, "good", [])
    room = in_memory_site(site)  # as a stepped room has it
    assert len({str(tag.address) for tag in room.tags.values() if tag.connection == "other"}) == 2


WRONG = [
    ("other: {kind: constant", "other: {kind: constnt",
     "site.yaml:5:11: connections.other.kind: there is no connector 'constnt'; "
     "did you mean 'constant'?"),
    ("other: {kind: constant", "other: {kind: zzz",
     "site.yaml:5:11: connections.other.kind: there is no connector 'zzz'; "
     "known: constant, gone, modbus, nameless, odd, opcua"),
    ("other: {kind: constant,", "other: {",
     "site.yaml:5:3: connections.other.kind: is missing"),
    ("other: {kind: constant", "other: {kind: constant, defet: none",
     "site.yaml:5:27: connections.other.defet: unknown key; did you mean 'defect'?"),
    ("other: {kind: constant, scan: 10 ms", "other: {kind: constant, scan: 3",
     "site.yaml:5:27: connections.other.scan: 3 is no duration"),
    ("other: {kind: constant", "other: {kind: constant, defect: [1]",
     "site.yaml:5:27: connections.other.defect: input should be"),
    ("other: {kind: constant", "other: {kind: constant, write: {port: 1}",
     "site.yaml:5:27: connections.other.write: unknown key"),
    ("item: 2", "item: two", "tags.yaml:4:29: tags.B.pv.item: could not convert string"),
    ("item: 2", "item: crash", "tags.yaml:4:29: tags.B.pv.item: constant cannot check it: Key"),
    ("item: 2", 'node: "i=5"',
     "tags.yaml:4:10: tags.B.pv.connection: other is constant: a tag on it has item"),
    ("item: 2", "item: 2, writable: true",
     "tags.yaml:4:38: tags.B.pv.writable: only tags on OPC UA and Modbus are written"),
    ("item: 2", "item: 2, node: x",
     "tags.yaml:4:38: tags.B.pv.node: unknown key; node is for opcua"),
    ("item: 3", "item: 2", "tags.yaml:5:3: tags.C.pv: has the same address as B.pv"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "problem"), WRONG)
def test_a_wrong_key_is_told_with_its_place(
    old: str, new: str, problem: str, edited: Edited, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        edited(old, new)
    (only,) = caught.value.problems
    assert str(only).startswith(f"{tmp_path / 'site'}/{problem}")


BROKEN = [
    ("kind: gone", "no.such.module:Connection cannot be loaded: ModuleNotFoundError"),
    ("kind: nameless", "tests.plug_ins.connectors:Nothing cannot be loaded: AttributeError"),
    ("kind: odd", "tests.plug_ins.connectors:CONNECTORS is no class derived from"),
    ("kind: constant, defect: where", "tests.plug_ins.connectors:Constant cannot be loaded: Key"),
    ("kind: constant, defect: connect", "connector constant: connect raised TypeError: cannot"),
    ("kind: constant, defect: junk", "connect returned a int, not a Connector"),
    ("kind: constant, defect: renamed", "connect returned one that is not called other"),
    ("kind: constant, defect: slow", "or scans at another interval"),
    ("kind: constant, defect: open", "unexpected ZeroDivisionError: open"),
    ("kind: constant, defect: read", "unexpected ZeroDivisionError: read"),
]


@pytest.mark.parametrize(("keys", "reason"), BROKEN)
async def test_a_broken_connector_costs_only_its_connection(
    keys: str, reason: str, edited: Edited
) -> None:
    site = edited("other: {kind: constant", f"other: {{{keys}")
    every = list(site.tags.values())
    readings, down = await read_reachable(site, every)
    assert (list(readings), list(down)) == (["A.pv"], ["other"])
    assert reason in down["other"]
    checked = await check_devices(site)
    assert (list(checked.inspections), list(checked.down)) == (["good"], ["other"])
    async with SiteReader(site, every) as reader:
        good, other = reader.connections
        while not (good.is_connected and other.reason):
            await reader.next_scan(0.2)
        latest = reader.latest()
        assert latest["A.pv"].quality is Quality.GOOD
        assert {latest["B.pv"].quality, latest["C.pv"].quality} == {Quality.BAD}
        assert reason in other.reason


async def test_a_tag_that_a_connector_leaves_out_is_bad(edited: Edited) -> None:
    site = edited("other: {kind: constant", "other: {kind: constant, defect: misses")
    every = list(site.tags.values())
    _, down = await read_reachable(site, every)
    assert down == {"other": "unexpected KeyError: 'B.pv'"}
    assert [each.tag for each in (await check_devices(site)).faults] == ["B.pv"]


async def test_a_session_that_fails_to_close_ends_all_the_same(edited: Edited) -> None:
    site = edited("other: {kind: constant", "other: {kind: constant, defect: close")
    readings = await read_once(site, list(site.tags.values()))
    assert len(readings) == 3


@pytest.mark.parametrize(("keys", "reason"), BROKEN[:4])
def test_check_names_a_connector_that_cannot_be_loaded(
    keys: str, reason: str, edited: Edited
) -> None:
    site = edited("other: {kind: constant", f"other: {{{keys}")
    (told,) = unusable_connectors(check_site(site.root))
    assert told.startswith(f"{site.root / 'site.yaml'}:5:11: connections.other.kind: ")
    assert reason in told
    assert told.endswith("its tags, 2 of them, will be bad; mend or install the package")


def test_only_a_connector_that_the_site_names_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_bomb.py").write_text("raise SystemExit(3)\n")
    register(tmp_path, monkeypatch, {GROUP: {"bomb": "acme_bomb:X"}})
    site = "{schema: site/1, id: a, connections: {a: {kind: modbus, host: 127.0.0.1}}}"
    assert load(tmp_path / "a", site, "").connections["a"].kind == "modbus"
    assert "acme_bomb" not in sys.modules
    site = "{schema: site/1, id: a, connections: {a: {kind: bomb}, b: {kind: modbus, host: h}}}"
    assert "SystemExit: 3" in "".join(unusable_connectors(load(tmp_path / "b", site, "")))
