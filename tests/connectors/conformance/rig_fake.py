"""The conformance kit's own fake as a rig, whole or broken."""

from datetime import UTC, datetime

from handwheel.connectors.model.coercion import DeviceType
from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, StatusCode, Value
from handwheel.connectors.testing import AcceptedWrite, Item, Rig
from handwheel.connectors.testing.fake import FakeConnector
from handwheel.connectors.testing.fake_device import QUEUE, FakeDevice

SHAKY = StatusCode(0x40940000)
LIMITED = StatusCode(0x00000600)  # at its high limit
NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
TIMEOUT_S = 0.2


def _tag(name: str, kind: Kind, *, writable: bool = False, is_array: bool = False) -> Tag:
    members = {"manual": 0, "auto": 1} if kind == "enum" else {}
    return Tag(f"{name}.pv", "dev", kind, NodeAddress(f"s={name}"), members=members,
               writable=writable, is_array=is_array)  # fmt: skip


_FAKE: list[tuple[Item, DeviceType]] = [
    (Item(_tag("A", "float", writable=True), 350.5), "float32"),
    (Item(_tag("B", "int", writable=True), -3), "int16"),
    (Item(_tag("C", "bool", writable=True), True), "bool"),
    (Item(_tag("D", "string"), "°C"), "string"),
    (Item(_tag("E", "enum", writable=True), 1), "uint16"),
    (Item(_tag("F", "float", is_array=True), (1.0, 2.0)), "float64"),
    (Item(_tag("G", "float"), 7.0, SHAKY), "float64"),
    (Item(_tag("H", "float"), None, BAD_SENSOR_FAILURE), "float64"),
    (Item(_tag("I", "float"), 11.0), "float64"),
    (Item(_tag("J", "float"), 5.0, LIMITED), "float32"),
    (Item(_tag("K", "float"), 13.0, source_time=NOON), "float64"),
]
A, B, C, E = (item.tag for item, _ in (_FAKE[0], _FAKE[1], _FAKE[2], _FAKE[4]))


def fake_rig(connector: type[FakeConnector] = FakeConnector) -> Rig:
    """The fake on its own device; a test may give a broken one."""
    device = FakeDevice()
    for item, type_ in _FAKE:
        device.set_value(
            item.tag, item.value, item.status, type_=type_, source_time=item.source_time
        )

    async def change(tag: Tag, value: Value) -> None:
        device.set_value(tag, value)

    async def refuse(tag: Tag) -> None:
        device.refuse(tag)

    async def apply(wire: bytes) -> None:
        device.apply(wire)

    return Rig(
        connector=connector(
            "dev", device, scan_s=0.05, timeout_s=TIMEOUT_S,
            keep_alive_s=0.5 * TIMEOUT_S,
        ),
        timeout_s=TIMEOUT_S,
        items=[item for item, _ in _FAKE],
        unknown=_tag("nowhere", "float"),
        link=device,
        change=change,
        refuse=refuse,
        writes=lambda: len(device.writes),
        encode=[
            AcceptedWrite(A, 0.1, 0.10000000149011612), AcceptedWrite(B, 7, 7),
            AcceptedWrite(C, False, False), AcceptedWrite(E, 0, 0),
        ],
        refused=[(A, 1e39), (B, 40_000), (B, 0.5), (E, 2)],
        apply=apply,
        burst=QUEUE + 51,
        cannot={"secrets": "it has no login"},
    )  # fmt: skip
