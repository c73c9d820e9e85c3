"""What `tags browse` makes of what a device has: lines that are a tag file as they are."""

import asyncio
import json
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.session import Description, Entry
from handwheel.connectors.site import Site, load_site
from handwheel.connectors.tag_file import NAME
from handwheel.hmi.browsing import browse
from handwheel.hmi.tag_names import TagNames

from ..connectors.sites import load
from .scripted import Device, Devices

TOP, BOILER = "nsu=urn:works;s=Area/Boiler", "nsu=urn:works;i=5"


def variable(node: str, name: str, *said: object, **more: object) -> Entry:
    return Entry(node, name, "variable", Description(*said, **more))  # type: ignore[arg-type]


BELOW = {
    "": [Entry("i=2253", "Server", "object"), Entry(TOP, "Boiler", "object")],
    "i=2253": [Entry("i=2274", "Diagnostics", "object")],
    "i=2274": [],
    TOP: [
        Entry(TOP, "Boiler", "object"),  # a ring
        Entry(BOILER, "Drum\x1b[2J", "object"),
        variable("nsu=urn:works;s=PT-102.pv", "PT-102.pv", "Float"),
        variable("nsu=urn:works;s=Ü\u202e", "FlowRate", "Double", "m³/h", (0.0, 12.5)),
        variable("nsu=urn:works;s=b", "Flow rate", "Int64", "'l: {min}'", (5.0, 5.0)),
        variable("nsu=urn:works;s=c", "State", "Enumeration", members={"off": 0, "on, all": 1}),
        variable("nsu=urn:works;s=d", "TT-7", "Float", is_array=True),
        variable("nsu=urn:works;s=e", "Started", "DateTime"),
        Entry("nsu=urn:works;s=f", "Reset", "method"),
    ],
    BOILER: [variable("nsu=urn:works;s=g", "Level.1st", "Boolean")],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return load(tmp_path_factory.mktemp("site"))


def told(
    site: Site, capsys: pytest.CaptureFixture[str], node: str = "", depth: int = 1,
    *, as_json: bool = False,
) -> str:  # fmt: skip
    devices = Devices({"dcs": Device(below=BELOW)})
    asyncio.run(browse(site, "dcs", node, depth, as_json=as_json, connector=devices))
    assert devices.devices["dcs"].is_closed
    return capsys.readouterr().out


def test_variables_come_as_entries_and_the_rest_as_comments(
    site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = told(site, capsys, TOP, 2)
    assert text.splitlines() == [
        "  # object Boiler: nsu=urn:works;s=Area/Boiler",
        r"  # object Drum\x1b[2J: nsu=urn:works;i=5",
        "  # PT-102.pv already: nsu=urn:works;s=PT-102.pv",
        r'  Boiler.flow_rate: {connection: dcs, node: "nsu=urn:works;s=Ü\u202e", type: float, '
        'unit: "m³/h", range: [0, 12.5]}',
        '  Boiler.flow_rate_2: {connection: dcs, node: "nsu=urn:works;s=b", type: int, '
        "unit: \"'l: {min}'\"}",
        '  Boiler.state: {connection: dcs, node: "nsu=urn:works;s=c", type: enum, '
        'members: {"off": 0, "on, all": 1}}',
        '  TT-7.pv: {connection: dcs, node: "nsu=urn:works;s=d", type: float, array: true}',
        "  # variable Started, type DateTime: nsu=urn:works;s=e",
        "  # method Reset: nsu=urn:works;s=f",
        r"  # below Drum\x1b[2J",
        '  Level.v_1st: {connection: dcs, node: "nsu=urn:works;s=g", type: bool}',
    ]
    (tmp_path / "site.yaml").write_text(
        'schema: site/1\nid: s\nconnections:\n  dcs: {kind: opcua, endpoint: "opc.tcp://h:1"}\n'
    )
    (tmp_path / "tags.yaml").write_text(f"schema: tags/1\ntags:\n{text}", encoding="utf-8")
    tags = load_site(tmp_path).tags
    assert str(tags["Boiler.flow_rate"].address) == "nsu=urn:works;s=Ü\u202e"
    assert tags["Boiler.flow_rate_2"].unit == "'l: {min}'"
    assert tags["Boiler.state"].members == {"off": 0, "on, all": 1}


def test_objects_that_are_not_gone_into_are_named_with_how_to(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(site, capsys).splitlines() == [
        "  # object Server: i=2253",
        f"  # object Boiler: {TOP}",
        f"  # to go on, say: handwheel tags browse dcs '{TOP}'",
    ]
    assert "below Server" not in told(site, capsys, depth=3)
    assert "  # nothing below Diagnostics\n" in told(site, capsys, "i=2253", 3)


def test_programs_get_each_node_with_its_entry(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {each["node"]: each for each in json.loads(told(site, capsys, TOP, as_json=True))}
    assert found["nsu=urn:works;s=PT-102.pv"]["tag"] == "PT-102.pv"
    assert found["nsu=urn:works;s=e"]["type"] == "DateTime"
    assert found["nsu=urn:works;s=d"] == {
        "below": TOP, "node": "nsu=urn:works;s=d", "name": "TT-7", "kind": "variable",
        "type": "Float", "tag": None, "proposed": "TT-7.pv",
        "entry": {"connection": "dcs", "node": "nsu=urn:works;s=d", "type": "float", "array": True},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("connection", "node", "reason"),
    [
        ("dsc", "", "there is no connection 'dsc'; did you mean 'dcs'?"),
        ("pkg", "", "pkg: a Modbus device has numbered registers and does not say"),
        ("dcs", "nsu=urn:works;s=PT-103.pv", "did you mean 'nsu=urn:works;s=PT-102.pv'?"),
    ],
)
def test_what_cannot_be_browsed_is_said(
    site: Site, connection: str, node: str, reason: str
) -> None:
    devices = Devices({"dcs": Device(below=BELOW)})
    with pytest.raises(ConfigError) as caught:
        asyncio.run(browse(site, connection, node, 1, as_json=False, connector=devices))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("name", "parent", "proposal"),
    [
        ("PT-102.pv", "", "PT-102.pv"),
        ("PT_102", "Area", "PT-102.pv"),
        ("Pressure", "Boiler 1", "Boiler-1.pressure"),
        ("Pressure", "", "Pressure.pv"),
        ("a.b.c", "", "a-b.c"),
        ("2nd.Value", "", "X-2nd.value"),
        ("Größe", "Öl", "Ol.groe"),
        ("温度", "炉", "X.v"),
        ("", "", "X.pv"),
        (".", "-", "X.v"),
    ],
)
def test_a_proposed_name_has_the_form_of_a_tags(name: str, parent: str, proposal: str) -> None:
    names = TagNames([])
    assert names.propose(name, parent) == proposal
    assert NAME.fullmatch(proposal)
    assert NAME.fullmatch(again := names.propose(name, parent))
    assert again == f"{proposal}_2"
