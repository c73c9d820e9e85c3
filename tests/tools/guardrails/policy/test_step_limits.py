"""A step is as large as it says: room for rounding is only as wide as the device rounds."""

from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site, load_site

from ....sites.policy_text import DONE, judge, policy_of

SITE = """\
schema: site/1
id: works
connections:
  pkg: {kind: modbus, host: 127.0.0.1, read: {port: 5020}, write: {port: 5021}}
"""
TAGS = """\
schema: tags/1
tags:
  X.single: {connection: pkg, table: holding, address: 0, type: float, unit: kPa, writable: true}
  X.double: {connection: pkg, table: holding, address: 4, encoding: float64, type: float,
    unit: kPa, writable: true}
  X.tenths: {connection: pkg, table: holding, address: 8, encoding: int32, scale: 0.1, type: float,
    unit: kPa, writable: true}
  X.count: {connection: pkg, table: holding, address: 12, encoding: int64, type: int, unit: kPa,
    writable: true}
"""
ALLOW = (
    "{tags: [X.*], class: R1, roles: [operator], limits: 0 kPa .. 5000000000000000000 kPa, "
    f"max_step: 10 kPa, {DONE}}}"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    root: Path = tmp_path_factory.mktemp("steps")
    (root / "site.yaml").write_text(SITE, encoding="utf-8")
    (root / "tags.yaml").write_text(TAGS, encoding="utf-8")
    return load_site(root)


def test_a_step_is_as_large_as_it_says(site: Site) -> None:
    policy = policy_of(site, allow=[ALLOW])
    for tag, now, value, is_allowed in [
        ("X.single", 330.0999984741211, 340.1, True),  # a step of 10 from a Float
        ("X.single", 330.0, 340.1, False),
        ("X.double", 1e9, 1e9 + 10.0, True),
        ("X.double", 1e9, 1e9 + 10.001, False),
        ("X.tenths", 0.1 * 3, 10.3, True),  # 0.30000000000000004
        ("X.tenths", 0.3, 10.4, False),
        ("X.tenths", 2e8, 2e8 + 10.1, False),
        ("X.count", 10**9, 10**9 + 10, True),
        ("X.count", 10**9, 10**9 + 11, False),
        ("X.count", 4 * 10**18, 4 * 10**18 + 11, False),
        ("X.count", 4 * 10**18, 4 * 10**18 - 11, False),
    ]:
        ruling = judge(policy, site, tag, value, now)
        assert ruling.is_allowed is is_allowed, tag
        if not is_allowed:
            assert ruling.reasons == (ruling.reasons[0],), tag
            assert "is more than the 10 kPa allowed" in ruling.reasons[0], tag
