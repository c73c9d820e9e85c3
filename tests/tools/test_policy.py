"""The policy: no rule denies, forbid wins, the strictest of several rules holds."""

from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest

from handwheel.connectors.documents import Document, parse_document
from handwheel.connectors.site import Site, load_site
from handwheel.connectors.tags import NodeAddress
from handwheel.connectors.values import (
    BAD_SENSOR_FAILURE,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    Value,
)
from handwheel.hmi.sitefiles import Link
from handwheel.tools.guardrails.policy import Ruling, build_policy

from ..served import site_of
from .policies import DONE, PUMPS, SETPOINT, judge, policy_of, reads


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("policy") / "works", Link())


@pytest.mark.parametrize(
    ("name", "value", "now", "class_", "reason"),
    [
        ("PIC-102.sp", 360.0, 350.0, "R1", ""),
        ("PIC-102.sp", 320, 330.0, "R1", ""),
        ("PIC-102.sp", 380.0, 370.0, "R1", ""),
        ("PIC-102.sp", 350.1, 330.0999984741211, "R1", ""),  # a step of 20 from a Float
        ("PIC-102.sp", 380.1, 370.0, "R2", "R2: outside the normal band 320 .. 380 kPa"),
        ("PIC-102.sp", 420.0, 410.0, "R2", "R2: outside the normal band"),
        ("P-101B.run_cmd", True, None, "R2", ""),
        ("P-101B.run_cmd", False, reads(None, BAD_SENSOR_FAILURE), "R2", ""),
        ("P-101A.mode", 2, 1, "R2", ""),
    ],
)
def test_what_a_rule_allows_is_allowed(
    site: Site, name: str, value: Value, now: Value | DataValue | None, class_: str, reason: str
) -> None:
    policy = policy_of(site, allow=[SETPOINT, PUMPS])
    ruling = judge(policy, site, name, value, now)
    assert ruling.is_allowed
    assert (ruling.risk_class, ruling.roles, ruling.quorum) == (class_, ("operator",), 1)
    assert ruling.reasons[0].startswith(reason) if reason else ruling.reasons == ()


@pytest.mark.parametrize(
    ("name", "value", "now", "class_", "reason"),
    [
        ("PIC-102.sp", 420.1, 410.0, "R4", "420.1 lies outside the limits 280 .. 420 kPa"),
        ("PIC-102.sp", 279.0, 290.0, "R4", "279 lies outside the limits 280 .. 420 kPa"),
        ("PIC-102.sp", nan, 350.0, "R4", "it is no value that a float of PIC-102.sp can have"),
        ("PIC-102.sp", inf, 350.0, "R4", "it is no value that a float"),
        ("PIC-102.sp", 10**400, 350.0, "R4", "it is no value that a float"),
        ("PIC-102.sp", True, 350.0, "R4", "it is no value that a float"),
        ("PIC-102.sp", "360", 350.0, "R4", "it is no value that a float"),
        ("PIC-102.sp", 371.0, 350.0, "R1", "a step of 21 kPa is more than the 20 kPa allowed"),
        ("PIC-102.sp", 360.0, None, "R1", "its step is limited, and its present value is not"),
        ("PIC-102.sp", 360.0, reads(None), "R1", "its step is limited"),
        ("PIC-102.sp", 360.0, reads(nan), "R1", "its step is limited"),
        ("PIC-102.sp", 360.0, reads(True), "R1", "its step is limited"),
        ("PIC-102.sp", 360.0, reads(350.0, UNCERTAIN_LAST_USABLE), "R1", "its step is limited"),
        ("PIC-102.sp", 360.0, reads(350.0, BAD_SENSOR_FAILURE), "R1", "its step is limited"),
        ("P-101B.run_cmd", 1, None, "R4", "it is no value that a bool"),
        ("P-101B.mode", 3, None, "R4", "it is no value that a enum"),
        ("P-101B.mode", True, None, "R4", "it is no value that a enum"),
        ("P-101B.mode", 1.0, None, "R4", "it is no value that a enum"),
        ("P-101B.reset", True, None, "R4", "no rule allows it"),
        ("TIC-106.sp", 26.0, 26.0, "R4", "no rule allows it"),
        ("PT-102.pv", 350.0, 350.0, "R4", "its tag or its connection is not for writing"),
    ],
)
def test_everything_else_is_denied(
    site: Site, name: str, value: Value, now: Value | DataValue | None, class_: str, reason: str
) -> None:
    policy = policy_of(site, allow=[SETPOINT, PUMPS])
    ruling = judge(policy, site, name, value, now)
    assert not ruling.is_allowed
    assert ruling.risk_class == class_
    assert ruling.reasons[0].startswith(reason)
    assert ruling.quorum == (2 if class_ == "R4" else 1)


@pytest.mark.parametrize(
    "rule",
    [
        '{tags: ["P-101B.*"], reason: safety system}',
        "{connection: pkg, table: coil, addresses: 20, reason: safety system}",
        "{connection: pkg, table: coil, addresses: 0..65535, reason: safety system}",
    ],
)
def test_forbid_wins_and_reaches_no_further_than_it_says(site: Site, rule: str) -> None:
    policy = policy_of(site, allow=[PUMPS, PUMPS], forbid=[rule])
    ruling = judge(policy, site, "P-101B.run_cmd", True)
    assert (ruling.is_allowed, ruling.risk_class) == (False, "R4")
    assert ruling.reasons == ("forbidden: safety system",)
    assert ruling.rules == ("policy.yaml:7", "policy.yaml:4", "policy.yaml:5")
    everything = "0..65535" in rule
    assert judge(policy, site, "P-101A.run_cmd", True).is_allowed is not everything


@pytest.mark.parametrize("addresses", ["20", "21", "19..20", "21..30", "0..65535"])
@pytest.mark.parametrize("connection", ["pkg", "alias"])
def test_no_part_of_a_value_may_lie_in_forbidden_registers(
    site: Site, tmp_path: Path, addresses: str, connection: str
) -> None:
    _, wide = _wide_site(site, tmp_path)
    rule = f"{{connection: {connection}, table: holding, addresses: {addresses}, reason: relay}}"
    allow = [f"{{tags: [X.sp], class: R2, roles: [operator], limits: 0 .. 9, {DONE}}}"]
    assert judge(policy_of(wide, allow=allow), wide, "X.sp", 5.0).is_allowed
    assert not judge(policy_of(wide, allow=allow, forbid=[rule]), wide, "X.sp", 5.0).is_allowed
    beside = rule.replace(addresses, "22..30")
    assert judge(policy_of(wide, allow=allow, forbid=[beside]), wide, "X.sp", 5.0).is_allowed


def _wide_site(site: Site, folder: Path) -> tuple[Path, Site]:
    """A site with a value of two registers, 20 and 21, and a second connection to its device."""
    root = folder / "wide"
    root.mkdir()
    text = (site.root / "site.yaml").read_text()
    pkg = next(line for line in text.splitlines() if line.startswith("  pkg:"))
    alias = pkg.replace("pkg:", "alias:").replace(", write: {port: 5021}", "")
    alias = alias.replace("127.0.0.1", "localhost")
    (root / "site.yaml").write_text(text.replace(pkg, f"{pkg}\n{alias}"))
    tags = (site.root / "tags.yaml").read_text().splitlines()
    kept = [line for line in tags if "P-101B.mode" not in line]
    wide = "  X.sp: {connection: pkg, table: holding, address: 20, type: float, writable: true}"
    (root / "tags.yaml").write_text("\n".join([*kept, wide, ""]))
    (root / "site.yaml").write_text(
        (root / "site.yaml").read_text().replace("P-101B.mode == 'remote'", "P-101B.available")
    )
    return root, load_site(root)


def test_of_several_rules_the_strictest_of_each_holds(site: Site) -> None:
    second = (
        "{tags: ['*.sp'], class: R2, roles: [foreman], band: 300 kPa .. 360 kPa, "
        f"limits: 290 kPa .. 500 kPa, max_step: 50 kPa, rate: 1 kPa/s, cooldown: 2 min, {DONE}}}"
    ).replace("'*.sp'", "'PIC-*.sp'")
    policy = policy_of(site, allow=[SETPOINT, second])
    ruling = judge(policy, site, "PIC-102.sp", 355.0)
    assert ruling == Ruling(
        is_allowed=True, risk_class="R2", roles=("foreman", "operator"), quorum=1, reasons=(),
        rules=("policy.yaml:4", "policy.yaml:5"), limits=(290.0, 420.0), band=(320.0, 360.0),
        max_step=20.0, rate_per_s=0.5, cooldown_s=120.0,
    )  # fmt: skip
    assert not judge(policy, site, "PIC-102.sp", 285.0, 290.0).is_allowed
    apart = SETPOINT.replace("280 kPa .. 420", "500 kPa .. 600").replace(
        "320 kPa .. 380", "500 kPa .. 510"
    )
    nothing = policy_of(site, allow=[SETPOINT, apart])
    assert {
        judge(nothing, site, "PIC-102.sp", float(n), n).risk_class for n in range(0, 700, 5)
    } == {"R4"}


def test_what_nobody_has_commissioned_needs_two_people(site: Site) -> None:
    policy = policy_of(site, allow=[PUMPS, PUMPS.replace(f", {DONE}", "")])
    ruling = judge(policy, site, "P-101B.run_cmd", True)
    assert (ruling.is_allowed, ruling.risk_class, ruling.quorum) == (True, "R3", 2)
    assert ruling.reasons == ("R3: nobody has commissioned the rule",)


def test_a_command_is_never_the_lowest_class(site: Site) -> None:
    policy = policy_of(site, allow=[PUMPS.replace("class: R2", "class: R1")])
    assert judge(policy, site, "P-101B.run_cmd", True).risk_class == "R2"


def test_a_tag_that_is_not_the_sites_own_is_denied(site: Site) -> None:
    policy = policy_of(site, allow=[SETPOINT, PUMPS])
    own = site.tags["P-101B.run_cmd"]
    assert policy.judge(own, True, None).is_allowed
    for other in (
        replace(own, name="P-101C.run_cmd"),
        replace(own, address=NodeAddress("s=elsewhere")),
        replace(own, connection="dcs"),
    ):
        ruling = policy.judge(other, True, None)
        assert (ruling.is_allowed, ruling.risk_class) == (False, "R4")


def test_a_site_that_only_reads_allows_nothing(site: Site) -> None:
    silent = {
        name: connection.model_copy(update={"write": None})
        for name, connection in site.connections.items()
    }
    reading = replace(site, connections=silent)
    policy = policy_of(reading, allow=[SETPOINT, PUMPS])
    assert not any(
        judge(policy, reading, name, value).is_allowed
        for name, value in (("PIC-102.sp", 355.0), ("P-101B.run_cmd", True))
    )


@pytest.mark.parametrize(
    ("held", "wanted", "may"),
    [
        ("operator", "operator", True),
        ("foreman", "operator", True),
        ("chief", "operator", True),
        ("operator", "foreman", False),
        ("nurse", "operator", False),
        ("administrator", "operator", False),
        ("administrator", "administrator", False),
        ("", "", False),
        ("stranger", "stranger", False),
    ],
)
def test_a_role_covers_what_it_acts_as(site: Site, held: str, wanted: str, may: bool) -> None:
    assert policy_of(site).satisfies(held, wanted) is may


def test_roles_that_act_as_each_other_do_not_run_in_circles(site: Site) -> None:
    text = "schema: policy/1\nroles: {a: {acts_as: [b]}, b: {acts_as: [a]}}\n"
    policy = build_policy(parse_document(text, Document("policy.yaml")), site)
    assert policy.satisfies("a", "b")
    assert policy.satisfies("b", "a")
