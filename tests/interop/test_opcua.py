"""open62541's client against the plant's OPC UA server: reads all, writes only as the gate."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pytest

from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.model import Node
from handwheel.sim_plant.simulation import CLOCK_TAGS

from .clients import VALUE, VARIABLE, OpcuaClient, Plant, gate_of, standing_plant, viewer_of

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

PREFIX = "ns=1;s="
ON_OPCUA = {t.name: t for t in (*TAGS, *CLOCK_TAGS) if isinstance(t.address, Node)}
TYPES = {"float": "Double", "bool": "Boolean", "enum": "UInt16"}
DATA_TYPES = {
    1: "Boolean", 5: "UInt16", 11: "Double", 12: "String", 13: "DateTime", 15: "ByteString",
    17: "NodeId", 19: "StatusCode", 21: "LocalizedText", 884: "Range", 887: "EUInformation",
}  # fmt: skip
SETPOINTS = {
    "LIC-101": (20, 90), "PIC-102": (250, 450), "TIC-106": (15, 35), "TIC-202": (40, 55),
    "FIC-201": (0, 60),
}  # fmt: skip
LOOPS = sorted(SETPOINTS.keys() - {"FIC-201"})
WRITABLE = {f"{loop}.sp" for loop in SETPOINTS} | {
    f"{loop}.{attribute}" for loop in LOOPS for attribute in ("op", "mode")
}


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Generator[Plant]:
    with standing_plant(tmp_path_factory.mktemp("plant")) as plant:
        yield plant


@pytest.fixture(scope="module")
def viewer(plant: Plant, tmp_path_factory: pytest.TempPathFactory) -> OpcuaClient:
    return viewer_of(plant, tmp_path_factory.mktemp("opcua"))


@pytest.fixture(scope="module")
def gate(viewer: OpcuaClient) -> OpcuaClient:
    return gate_of(viewer)


@pytest.fixture(scope="module")
def nodes(viewer: OpcuaClient) -> Mapping[str, int]:
    return viewer.browse()


@pytest.fixture(params=[16, pytest.param(1, marks=pytest.mark.soak)], ids=["some", "all"])
def variables(request: pytest.FixtureRequest, nodes: Mapping[str, int]) -> Sequence[str]:
    """Every tag, and so many of their properties and of what each server has."""
    found = [name for name, kind in nodes.items() if kind == VARIABLE]
    tags = [name for name in found if name.removeprefix(PREFIX) in ON_OPCUA]
    return tags + [name for name in found if name not in tags][:: request.param]


def node(tag: str) -> str:
    return PREFIX + tag


def values(client: OpcuaClient, names: Sequence[str]) -> dict[str, Any]:
    """What a client reads of these tags, each of good status and of the tag's type."""
    readings = dict(zip(names, client.read((node(n), VALUE) for n in names), strict=True))
    for name, reading in readings.items():
        assert (reading.status, reading.type) == ("Good", TYPES[ON_OPCUA[name].kind]), name
    return {name: reading.value for name, reading in readings.items()}


def own(plant: Plant) -> dict[str, Any]:
    return {name: value for name, value in plant.own_values().items() if name in ON_OPCUA}


def logged(frames: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [
        (frame["user"], item["node"], item["attribute"], answer)
        for frame in frames
        for item, answer in zip(frame["items"], frame["answer"], strict=True)
    ]


def test_every_tag_reads_as_the_plant_has_it_in_its_type(
    plant: Plant, viewer: OpcuaClient, nodes: Mapping[str, int]
) -> None:
    ours = [n for n, kind in nodes.items() if kind == VARIABLE and n.startswith(PREFIX)]
    names = [name for name in (each.removeprefix(PREFIX) for each in ours) if name in ON_OPCUA]
    assert set(names) == set(ON_OPCUA)
    assert values(viewer, names) == own(plant)
    kinds, ranks, contents = (viewer.read((each, of) for each in ours) for of in (14, 15, VALUE))
    for name, kind, rank, content in zip(ours, kinds, ranks, contents, strict=True):
        brackets = "[]" if rank.value == 1 else ""
        assert content.type == DATA_TYPES[kind.value["Id"]] + brackets, name


def test_a_viewer_is_refused_on_every_variable(
    plant: Plant, viewer: OpcuaClient, variables: Sequence[str]
) -> None:
    before, mark = own(plant), len(plant.frames)

    answers = viewer.nudge((each, VALUE) for each in variables)

    assert set(answers) == {"BadUserAccessDenied"}
    assert logged(plant.frames[mark:]) == [
        ("viewer", each, "Value", "BadUserAccessDenied") for each in variables
    ]
    assert own(plant) == before
    assert values(viewer, list(ON_OPCUA)) == before


def test_the_gate_changes_exactly_what_the_plant_takes(
    plant: Plant, gate: OpcuaClient, viewer: OpcuaClient, variables: Sequence[str]
) -> None:
    before, mark = own(plant), len(plant.frames)
    assert {before[f"{loop}.mode"] for loop in LOOPS} == {1}

    answers = gate.nudge((each, VALUE) for each in variables)

    expected = {node(name): "Good" for name in WRITABLE}
    expected |= {node(f"{loop}.op"): "BadInvalidState" for loop in LOOPS}  # still in auto
    expected = {each: expected.get(each, "BadNotWritable") for each in variables}
    assert dict(zip(variables, answers, strict=True)) == expected
    assert logged(plant.frames[mark:]) == [
        ("gate", each, "Value", answer) for each, answer in expected.items()
    ]
    changed = {f"{loop}.sp": before[f"{loop}.sp"] + 1.0 for loop in SETPOINTS}
    changed |= {f"{loop}.mode": 0 for loop in LOOPS}
    assert own(plant) == before | changed
    assert values(viewer, list(ON_OPCUA)) == before | changed

    restore = [(node(f"{loop}.mode"), "UInt16", "1") for loop in LOOPS]
    restore += [(node(f"{loop}.sp"), "Double", repr(before[f"{loop}.sp"])) for loop in SETPOINTS]
    assert set(gate.write(restore)) == {"Good"}
    assert own(plant) == before
