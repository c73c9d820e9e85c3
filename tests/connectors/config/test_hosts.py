"""Devices with many spellings, and tags that share an address: none is a way round another."""

from pathlib import Path

import pytest

from handwheel.connectors.config.hosts import host_key, is_loopback
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection, is_same_device

from ...sites.site_text import SITE, TAGS, load

LOOPBACK = (
    "localhost", "LocalHost", "localhost.", "127.0.0.2", "127.1", "2130706433", "0x7f000001",
    "0177.0.0.1", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "0.0.0.0", "::", "pump.localhost",
    "ip6-localhost",
)  # fmt: skip
OTHERS = ("10.0.0.1", "10.0.0.2", "plc-1", "plc-1.works", "fe80::1", "localhost.works")


def test_this_machine_is_one_device_however_it_is_spelled() -> None:
    for host in LOOPBACK:
        assert host_key(host) == host_key("127.0.0.1")


def test_other_hosts_are_apart_and_their_spellings_one() -> None:
    # Two names of one host cannot be told without asking somebody, who may answer otherwise later.
    keys = {host_key(host) for host in (*OTHERS, "127.0.0.1")}
    assert len(keys) == len(OTHERS) + 1
    spellings = {"PLC-1": "plc-1", "plc-1.works.": "plc-1.works", "FE80::1": "fe80:0::1"}
    spellings |= {"::ffff:10.0.0.1": "10.0.0.1", "10.1": "10.0.0.1"}
    for one, other in spellings.items():
        assert host_key(one) == host_key(other), one


def test_a_simulator_is_trusted_by_a_plain_spelling_of_loopback_only() -> None:
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert is_loopback(host), host
    for host in ("127.1", "pump.localhost", "localhost.example", "10.0.0.1", "0.0.0.0", ""):
        assert not is_loopback(host), host


def _modbus(
    host: str, read: int = 5020, write: int | None = 5021, unit: int = 1
) -> ModbusConnection:
    document = {"kind": "modbus", "host": host, "unit": unit, "read": {"port": read}}
    return ModbusConnection.model_validate(document | ({"write": {"port": write}} if write else {}))


def test_a_modbus_device_is_host_port_and_unit() -> None:
    cases: list[tuple[ModbusConnection, bool]] = [
        (_modbus("localhost"), True),
        (_modbus("127.0.0.9", read=5021, write=None), True),
        (_modbus("localhost", read=5030, write=5021), True),
        (_modbus("localhost", read=5030, write=5031), False),
        (_modbus("localhost", unit=2), False),
        (_modbus("10.0.0.1"), False),
    ]
    for other, is_same in cases:
        assert is_same_device(_modbus("127.0.0.1"), other) is is_same


def test_an_opcua_server_is_host_and_port() -> None:
    cases: list[tuple[str, str, bool]] = [
        ("opc.tcp://localhost:4840", "OPC.TCP://127.0.0.1:4840/", True),
        ("opc.tcp://PLC-1:4840/a", "opc.tcp://plc-1.:4840/b", True),
        ("opc.tcp://plc-1", "opc.tcp://plc-1:4840", True),
        ("opc.tcp://[::1]/a", "opc.tcp://localhost:4840", True),
        ("opc.tcp://plc-1:4840", "opc.tcp://plc-1:4841", False),
        ("opc.tcp://[::1]:4840", "opc.tcp://localhost:4840", True),
    ]
    for one, other, is_same in cases:
        first, second = (
            OpcuaConnection.model_validate({"kind": "opcua", "endpoint": each})
            for each in (one, other)
        )
        assert is_same_device(first, second) is is_same
    without = OpcuaConnection.model_validate({"kind": "opcua", "endpoint": "opc.tcp://plc-1:/a"})
    assert without.where == "opc.tcp://plc-1:4840/a"


def test_an_alias_of_the_host_is_no_way_round_a_tag(tmp_path: Path) -> None:
    for host in ["127.0.0.1", "localhost", "127.0.0.2", '"127.1"', '"::1"']:
        again = f"  alias: {{kind: modbus, host: {host}, read: {{port: 5020}}}}\ntags: tags.yaml"
        tags = TAGS + "  X.a: {connection: alias, table: coil, address: 0, type: bool}\n"
        with pytest.raises(ConfigError, match=r"X.a: has the same address as P-101A.run_cmd"):
            load(tmp_path, SITE.replace("tags: tags.yaml", again), tags)
        for other in (again.replace(host, "plc-7"), again.replace("5020", "5030")):
            assert "X.a" in load(tmp_path, SITE.replace("tags: tags.yaml", other), tags).tags, host


ALIAS = "  alt: {kind: modbus, host: localhost, unit: 7, read: {port: 5020}}\n"
SITE_WITH_ALIAS = SITE.replace("tags: tags.yaml", ALIAS + "tags: tags.yaml", 1)
WORD = "{connection: pkg, table: holding, address: 10, type: int}"
WRITTEN = "{connection: pkg, table: holding, address: 10, type: int, writable: true}"
BIT = "{connection: pkg, table: holding, address: 10, bit: 3, type: bool}"
BELOW = "{connection: pkg, table: holding, address: 9, encoding: uint32, type: int, writable: true}"
TEXT = '{connection: dcs, node: "nsu=urn:x;s=T", type: string, writable: true}'
PART = "{connection: dcs, node: \"nsu=urn:x;s=T\", type: string, index: '0:3'}"
ELSEWHERE = "{connection: pkg, table: holding, address: 10, unit_id: 7, type: int}"
THERE = "{connection: alt, table: holding, address: 10, type: int}"
BIT_THERE = "{connection: alt, table: holding, address: 10, bit: 3, type: bool}"
WRITTEN_THERE = "{connection: alt, table: holding, address: 10, type: int, writable: true}"
ELEMENT = '{connection: dcs, node: "nsu=urn:x;s=A", type: float, index: 2}'
ALL = '{connection: dcs, node: "nsu=urn:x;s=A", type: float, array: true}'

SHARED = (
    "shares its register or node with A.pv, and {}.pv is writable: a write of it would change both"
)
SAME = "has the same address as A.pv ({}/tags.yaml:3); edit or remove one of them"


def test_what_shares_an_address_is_only_read(tmp_path: Path) -> None:
    cases: list[tuple[str, str, str]] = [
        (WORD, BIT, ""),
        (ELEMENT, ALL, ""),
        (WORD, ELSEWHERE, ""),  # another unit is another device
        (WRITTEN, ELSEWHERE, ""),
        (WORD, WORD, SAME),
        (BIT, BIT, SAME),
        (ELSEWHERE, THERE, SAME),  # the same unit by another way
        (WRITTEN, BIT, SHARED.format("A")),
        (BIT, WRITTEN, SHARED.format("B")),
        (BELOW, BIT, SHARED.format("A")),
        (TEXT, PART, SHARED.format("A")),
        (PART, TEXT, SHARED.format("B")),
        (BIT_THERE, ELSEWHERE, ""),
        (WRITTEN_THERE, ELSEWHERE.replace("type: int", "bit: 1, type: bool"), SHARED.format("A")),
    ]
    for one, other, reason in cases:
        tags = f"schema: tags/1\ntags:\n  A.pv: {one}\n  B.pv: {other}\n"
        site = SITE_WITH_ALIAS.replace("attributes: {vibration: VT-101A.pv}", "class: pump")
        site = site.replace("    class: pump\n    class: pump\n", "    class: pump\n")
        if not reason:
            assert load(tmp_path, site, tags).tags.keys() == {"A.pv", "B.pv"}, one
            continue
        with pytest.raises(ConfigError) as caught:
            load(tmp_path, site, tags)
        assert [each.reason for each in caught.value.problems] == [reason.format(tmp_path)]
