"""Tags that share a register or a node: read beside each other, never written round each other."""

from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError

from ...sites.site_text import SITE, load

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
SAME = "has the same address as A.pv"


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
        assert [each.reason for each in caught.value.problems] == [reason]
