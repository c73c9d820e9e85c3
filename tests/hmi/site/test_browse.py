"""What `tags browse` makes of what a device has: lines that are a tag file as they are."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.tag_file import NAME
from handwheel.connectors.session.protocols import BrowseEntry, Description
from handwheel.hmi.shell.terminal import progress
from handwheel.hmi.site.tags.browse import browse
from handwheel.hmi.site.tags.device_types import TagNames

from ...plants.devices.scripted import Device, Devices
from ...sites.site_text import TAGS, load

TOP, BOILER = "nsu=urn:works;s=Area/Boiler", "nsu=urn:works;i=5"


def variable(node: str, name: str, *said: object, **more: object) -> BrowseEntry:
    return BrowseEntry(node, name, "variable", Description(*said, **more))  # type: ignore[arg-type]


BELOW = {
    "": [BrowseEntry("i=2253", "Server", "object"), BrowseEntry(TOP, "Boiler", "object")],
    "i=2253": [BrowseEntry("i=2274", "Diagnostics", "object")],
    "i=2274": [],
    TOP: [
        BrowseEntry(TOP, "Boiler", "object"),  # a ring
        BrowseEntry(BOILER, "Drum\x1b[2J", "object"),
        variable("nsu=urn:works;s=PT-102.pv", "PT-102.pv", "Float"),
        variable("nsu=urn:works;s=Ü\u202e", "FlowRate", "Double", "m³/h", (0.0, 12.5)),
        variable("nsu=urn:works;s=b", "Flow rate", "Int64", "'l: {min}'", (5.0, 5.0)),
        variable("nsu=urn:works;s=c", "State", "Enumeration", members={"off": 0, "on, all": 1}),
        variable(
            "nsu=urn:works;s=i", "Phase", "Number", members={"idle": 0, "fill": 1}, is_writable=True
        ),
        variable("nsu=urn:works;s=d", "TT-7", "Float", is_array=True),
        variable("nsu=urn:works;s=e", "Started", "DateTime"),
        BrowseEntry("nsu=urn:works;s=f", "Reset", "method"),
        *(BrowseEntry("", f"Far\x1b{n}", "object") for n in range(4)),
        BrowseEntry(
            "nsu=urn:works;s=h", "Profile", "variable", Description("Float", is_array=True)
        ),
    ],
    BOILER: [variable("nsu=urn:works;s=g", "Level.1st", "Boolean")],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    elements = (
        '  TT-4.pv: {connection: dcs, node: "nsu=urn:works;s=h", index: 3, type: float}\n'
        '  T-1.profile: {connection: dcs, node: "nsu=urn:works;s=h", index: 0:9, type: float}\n'
    )
    return load(tmp_path_factory.mktemp("site"), tags=TAGS + elements)


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
        '  Boiler.phase: {connection: dcs, node: "nsu=urn:works;s=i", type: enum, '
        "members: {idle: 0, fill: 1}}  # writable there",
        '  TT-7.pv: {connection: dcs, node: "nsu=urn:works;s=d", type: float, array: true}',
        "  # variable Started, type DateTime: nsu=urn:works;s=e",
        "  # method Reset: nsu=urn:works;s=f",
        "  # TT-4.pv [3], T-1.profile [0:9] already: nsu=urn:works;s=h",
        '  Boiler.profile: {connection: dcs, node: "nsu=urn:works;s=h", type: float, array: true}',
        r"  # 4 nodes left out, no tag can address them: Far\x1b0, Far\x1b1, Far\x1b2, …",
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
        f"  # next: handwheel tags browse dcs '{TOP}'",
    ]
    assert "below Server" not in told(site, capsys, depth=3)
    assert "  # nothing below Diagnostics\n" in told(site, capsys, "i=2253", 3)


def test_programs_get_each_node_with_its_entry(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = json.loads(told(site, capsys, TOP, as_json=True))
    assert [each["name"] for each in listed if each["node"] is None] == [
        f"Far\x1b{n}" for n in range(4)
    ]
    found = {each["node"]: each for each in listed}
    whole = found["nsu=urn:works;s=h"]
    assert (whole["tag"], whole["elements"]) == (None, {"TT-4.pv": "3", "T-1.profile": "0:9"})
    assert whole["entry"]["array"] is True
    assert found["nsu=urn:works;s=PT-102.pv"]["tag"] == "PT-102.pv"
    assert found["nsu=urn:works;s=e"]["type"] == "DateTime"
    assert found["nsu=urn:works;s=d"] == {
        "below": TOP, "node": "nsu=urn:works;s=d", "name": "TT-7", "kind": "variable",
        "type": "Float", "writable": False, "tag": None, "elements": {}, "proposed": "TT-7.pv",
        "entry": {"connection": "dcs", "node": "nsu=urn:works;s=d", "type": "float", "array": True},
    }  # fmt: skip


def test_what_takes_long_says_so_beside_the_answer(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_QUIET_S", 0.002)
    devices = Devices({"dcs": _Slow(below=BELOW)})
    asyncio.run(browse(site, "dcs", TOP, 2, as_json=True, connector=devices))
    said = capsys.readouterr()
    assert "handwheel: dcs: browsing, 15 nodes so far" in said.err.splitlines()
    assert len(json.loads(said.out)) == 16


class _Slow(Device):
    async def browse(self, node: str = "") -> Sequence[BrowseEntry]:
        await asyncio.sleep(0.02)
        return await super().browse(node)


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
        ("PT_102", "Area", "PT-102.pv"),
        ("Pressure", "Boiler 1", "Boiler-1.pressure"),
        ("Pressure", "", "Pressure.pv"),
        ("2nd.Value", "", "X-2nd.value"),
        ("Größe", "Öl", "Ol.groe"),
        (".", "-", "X.v"),
    ],
)
def test_a_proposed_name_has_the_form_of_a_tags(name: str, parent: str, proposal: str) -> None:
    names = TagNames([])
    assert names.propose(name, parent) == proposal
    assert NAME.fullmatch(proposal)
    assert NAME.fullmatch(again := names.propose(name, parent))
    assert again == f"{proposal}_2"


def test_names_alike_are_told_apart_by_what_is_above() -> None:
    paths = [
        ("Area", "Boiler", "Speed"),
        ("Hall", "Boiler", "Speed"),
        ("Area", "PT-1"),
        ("Hall", "PT-1"),
        ("Hall", "Twin", "x1"),
        ("Hall", "Twin", "x1"),
        ("Hall", "Fan", "Speed"),
    ]
    assert TagNames(["Fan.speed"]).propose_all(paths) == [
        "Area-Boiler.speed",
        "Hall-Boiler.speed",
        "Area-PT-1.pv",
        "Hall-PT-1.pv",
        "Hall-Twin-x1.pv",
        "Hall-Twin-x1.pv_2",
        "Fan.speed_2",
    ]
