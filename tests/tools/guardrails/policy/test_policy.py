"""The policy: no rule denies, forbid wins, the strictest of several rules holds."""

from dataclasses import replace
from math import nan
from pathlib import Path

from handwheel.connectors.config.yaml_documents import Document, parse_document
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress
from handwheel.connectors.model.values import (
    BAD_SENSOR_FAILURE,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    Value,
)
from handwheel.tools.guardrails.policy.node_patterns import check_pattern, names_node
from handwheel.tools.guardrails.policy.policy import Ruling, build_policy

from ....sites.policy_text import DONE, PUMPS, SETPOINT, judge, policy_of, reads


def test_what_a_rule_allows_is_allowed(site: Site) -> None:
    policy = policy_of(site, allow=[SETPOINT, PUMPS])
    cases: list[tuple[str, Value, Value | DataValue | None, str, str]] = [
        ("PIC-102.sp", 360.0, 350.0, "R1", ""),
        ("PIC-102.sp", 320, 330.0, "R1", ""),
        ("PIC-102.sp", 350.1, 330.0999984741211, "R1", ""),  # a step of 20 from a Float
        ("PIC-102.sp", 380.1, 370.0, "R2", "R2: outside the normal band 320 .. 380 kPa"),
        ("P-101B.run_cmd", False, reads(None, BAD_SENSOR_FAILURE), "R2", ""),
        ("P-101A.mode", 2, 1, "R2", ""),
    ]
    assert {each.tag.name for each in policy.allowed()} >= {"PIC-102.sp", "P-101A.mode"}
    assert "PT-102.pv" not in {each.tag.name for each in policy.allowed()}
    for name, value, now, class_, reason in cases:
        ruling = judge(policy, site, name, value, now)
        assert ruling.is_allowed, name
        assert (ruling.risk_class, ruling.roles, ruling.quorum) == (class_, ("operator",), 1), name
        assert ruling.reasons[0].startswith(reason) if reason else ruling.reasons == (), name


def test_everything_else_is_denied(site: Site) -> None:
    cases: list[tuple[str, Value, Value | DataValue | None, str, str]] = [
        ("PIC-102.sp", 420.1, 410.0, "R4", "420.1 lies outside the limits 280 .. 420 kPa"),
        ("PIC-102.sp", 279.0, 290.0, "R4", "279 lies outside the limits 280 .. 420 kPa"),
        ("PIC-102.sp", nan, 350.0, "R4", "it is no value that a float of PIC-102.sp can have"),
        ("PIC-102.sp", 10**400, 350.0, "R4", "it is no value that a float"),
        ("PIC-102.sp", "360", 350.0, "R4", "it is no value that a float"),
        ("PIC-102.sp", 371.0, 350.0, "R1", "a step of 21 kPa is more than the 20 kPa allowed"),
        ("PIC-102.sp", 360.0, None, "R1", "its step is limited, and its present value is not"),
        ("PIC-102.sp", 360.0, reads(nan), "R1", "its step is limited"),
        ("PIC-102.sp", 360.0, reads(350.0, UNCERTAIN_LAST_USABLE), "R1", "its step is limited"),
        ("P-101B.run_cmd", 1, None, "R4", "it is no value that a bool"),
        ("P-101B.mode", 3, None, "R4", "it is no value that a enum"),
        ("P-101B.mode", 1.0, None, "R4", "it is no value that a enum"),
        ("P-101B.reset", True, None, "R4", "no rule allows it"),
        ("PT-102.pv", 350.0, 350.0, "R4", "its tag or its connection is not for writing"),
    ]
    policy = policy_of(site, allow=[SETPOINT, PUMPS])
    for name, value, now, class_, reason in cases:
        ruling = judge(policy, site, name, value, now)
        assert not ruling.is_allowed, name
        assert ruling.risk_class == class_, name
        assert ruling.reasons[0].startswith(reason), name
        assert ruling.quorum == (2 if class_ == "R4" else 1), name


def test_forbid_wins_and_reaches_no_further_than_it_says(site: Site) -> None:
    for rule in [
        '{tags: ["P-101B.*"], reason: safety system}',
        "{connection: pkg, table: coil, addresses: 20, reason: safety system}",
        "{connection: pkg, table: coil, addresses: 0..65535, reason: safety system}",
    ]:
        policy = policy_of(site, allow=[PUMPS, PUMPS], forbid=[rule])
        ruling = judge(policy, site, "P-101B.run_cmd", True)
        assert (ruling.is_allowed, ruling.risk_class) == (False, "R4"), rule
        assert ruling.reasons == ("forbidden: safety system",), rule
        assert ruling.rules == ("policy.yaml:7", "policy.yaml:4", "policy.yaml:5"), rule
        everything = "0..65535" in rule
        assert judge(policy, site, "P-101A.run_cmd", True).is_allowed is not everything, rule


def test_no_part_of_a_value_may_lie_in_forbidden_registers(site: Site, tmp_path: Path) -> None:
    wide = _wide_site(site, tmp_path)
    allow = [f"{{tags: [X.sp], class: R2, roles: [operator], limits: 0 .. 9, {DONE}}}"]

    def is_allowed(*forbid: str) -> bool:
        policy = policy_of(wide, allow=allow, forbid=forbid)
        return judge(policy, wide, "X.sp", 5.0).is_allowed

    assert is_allowed()
    for connection in ("pkg", "alias"):
        rule = f"{{connection: {connection}, table: holding, addresses: AT, reason: relay}}"
        assert is_allowed(rule.replace("AT", "22..30")), connection
        for addresses in ("20", "21", "19..20", "21..30", "0..65535"):
            assert not is_allowed(rule.replace("AT", addresses)), (connection, addresses)


def _wide_site(site: Site, folder: Path) -> Site:
    """A site with a value of two registers, 20 and 21, and a second connection to its device."""
    text = (site.root / "site.yaml").read_text()
    pkg = next(line for line in text.splitlines() if line.startswith("  pkg:"))
    alias = pkg.replace("pkg:", "alias:").replace(", write: {port: 5021}", "")
    text = text.replace(pkg, f"{pkg}\n{alias.replace('127.0.0.1', 'localhost')}")
    text = text.replace("P-101B.mode == 'remote'", "P-101B.available")
    (folder / "site.yaml").write_text(text)
    tags = (site.root / "tags.yaml").read_text().splitlines()
    kept = [line for line in tags if "P-101B.mode" not in line]
    wide = "  X.sp: {connection: pkg, table: holding, address: 20, type: float, writable: true}"
    (folder / "tags.yaml").write_text("\n".join([*kept, wide, ""]))
    return load_site(folder)


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


def test_a_command_is_never_the_lowest_class_and_uncommissioned_needs_two(site: Site) -> None:
    lowest = PUMPS.replace("class: R2", "class: R1")
    assert judge(policy_of(site, allow=[lowest]), site, "P-101B.run_cmd", True).risk_class == "R2"
    policy = policy_of(site, allow=[PUMPS, PUMPS.replace(f", {DONE}", "")])
    ruling = judge(policy, site, "P-101B.run_cmd", True)
    assert (ruling.is_allowed, ruling.risk_class, ruling.quorum) == (True, "R3", 2)
    assert ruling.reasons == ("R3: the rule is not commissioned",)


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


def test_a_role_covers_what_it_acts_as(site: Site) -> None:
    policy = policy_of(site)
    for held, wanted, may in [
        ("operator", "operator", True),
        ("foreman", "operator", True),
        ("chief", "operator", True),
        ("operator", "foreman", False),
        ("administrator", "operator", False),
        ("", "", False),
        ("stranger", "stranger", False),
    ]:
        assert policy.satisfies(held, wanted) is may, held
    text = "schema: policy/1\nroles: {a: {acts_as: [b]}, b: {acts_as: [a]}, c: {}}\n"
    circle = build_policy(parse_document(text, Document("policy.yaml")), site)
    assert circle.satisfies("a", "b")
    assert circle.satisfies("b", "a")
    assert circle.satisfied("gone", "gone")  # in what was signed before
    assert not circle.satisfied("gone", "a")
    assert not circle.satisfied("c", "a")


NODE = "nsu=urn:handwheel:sim:cw-100;s=PIC-102.sp"


def test_a_node_is_forbidden_by_whatever_tag_and_connection(site: Site, tmp_path: Path) -> None:
    alias = _aliased(site, tmp_path)
    for nodes, connection, is_forbidden in [
        ([NODE], "dcs", True),
        (["nsu=*;s=PIC-102.s?"], "dcs", True),
        ([NODE], "second", True),  # the same server, by another connection and spelling
        ([NODE], "third", True),  # another address that says it is the same server
        ([NODE], "elsewhere", False),
        (["nsu=urn:handwheel:sim:cw-100;s=TIC-*"], "dcs", False),
    ]:
        rule = f"{{connection: {connection}, nodes: {nodes}, reason: trip}}"
        policy = policy_of(
            alias, allow=[SETPOINT, SETPOINT.replace("PIC-102.sp", "X-1.sp")], forbid=[rule]
        )
        for name in ("PIC-102.sp", "X-1.sp"):
            ruling = judge(policy, alias, name, 355.0)
            assert ruling.is_allowed is (not is_forbidden), nodes
            assert (ruling.reasons == ("forbidden: trip",)) is is_forbidden, nodes
            assert ruling.rules[0] == "policy.yaml:7" if is_forbidden else "policy.yaml:4", nodes


def _aliased(site: Site, folder: Path) -> Site:
    """A site with other ways to one server, and other nodes elsewhere; nothing is checked."""
    dcs = site.connections["dcs"]
    ways = {
        "second": {"endpoint": dcs.where.replace("127.0.0.1", "localhost"), "application_uri": ""},
        "third": {"endpoint": "opc.tcp://10.0.0.9:4840"},
        "elsewhere": {"endpoint": "opc.tcp://10.0.0.8:4840", "application_uri": "urn:other"},
    }
    more = {name: dcs.model_copy(update=way) for name, way in ways.items()}
    connections = {**site.connections, **more}
    own = site.tags["PIC-102.sp"]
    tags = {
        **site.tags,
        "X-1.sp": replace(own, name="X-1.sp", connection="second", readback="X-1.sp"),
        "X-2.pv": replace(own, name="X-2.pv", connection="elsewhere", writable=False, readback=""),
    }
    return replace(site, root=folder, connections=connections, tags=tags)


def test_a_pattern_names_a_node_however_it_is_spelled() -> None:
    for pattern, node, is_named in [
        ("nsu=urn:x;i=05", "nsu=urn:x;i=5", True),
        ("i=5", "nsu=http://opcfoundation.org/UA/;i=5", True),
        ("nsu=urn:x;i=5", "nsu=urn:x;i=51", False),
        ("nsu=urn:x;g=AB*", "nsu=urn:x;g=abcdefab-0000-0000-0000-000000000000", True),
        ('nsu=urn:x;s="DB1"."x"[3]', 'nsu=urn:x;s="DB1"."x"[3]', True),
        ('nsu=urn:x;s="DB1"."x"[3]', 'nsu=urn:x;s="DB1"."x"3', False),
        ("nsu=urn:x;s=A.?", "nsu=urn:x;s=A.12", False),
        ("nsu=urn:x;s=A*", "nsu=urn:y;s=A1", False),
        ("nsu=urn:x;s=*", "nsu=urn:x;s=a;b", True),
    ]:
        assert names_node(check_pattern(pattern), NodeAddress(node)) is is_named, pattern
        assert names_node(pattern, NodeAddress(node, "3")) is is_named, pattern


def test_a_unit_behind_another_connection_hides_no_register(site: Site, tmp_path: Path) -> None:
    """A tag may name its unit itself: it leads to the device that is forbidden."""
    pkg = site.connections["pkg"]
    gateway = pkg.model_copy(update={"unit": 7})
    own = site.tags["P-101B.run_cmd"]
    assert isinstance(own.address, RegisterAddress)
    other = replace(own, name="X-1.cmd", connection="gw", address=replace(own.address, unit=1))
    away = replace(other, name="X-2.cmd", address=replace(own.address, unit=None))
    wide = replace(
        site,
        root=tmp_path,
        connections={**site.connections, "gw": gateway},
        tags={**site.tags, "X-1.cmd": other, "X-2.cmd": away},
    )
    rule = "{connection: pkg, table: coil, addresses: 0..65535, reason: relay}"
    allow = [f"{{tags: [X-*], class: R2, roles: [operator], {DONE}}}"]
    policy = policy_of(wide, allow=allow, forbid=[rule])
    assert judge(policy, wide, "X-1.cmd", True).reasons == ("forbidden: relay",)
    assert judge(policy, wide, "X-2.cmd", True).is_allowed


def test_an_area_narrows_what_a_rule_allows(site: Site) -> None:
    everywhere = PUMPS.replace("P-101?.run_cmd", "*.run_cmd").replace("{tags", "{area: AREA, tags")
    for area, allowed in (("CW/*", True), ("CW/PUMPS-101/P-101B", True), ("'*/P-101A'", False)):
        policy = policy_of(site, allow=[everywhere.replace("AREA", area)])
        assert judge(policy, site, "P-101B.run_cmd", True).is_allowed is allowed
    nowhere = replace(site.tags["P-101B.run_cmd"], equipment="")
    tags = {**site.tags, "P-101B.run_cmd": nowhere}
    bare = replace(site, tags=tags)
    policy = policy_of(bare, allow=[everywhere.replace("AREA", "'*'")])
    assert judge(policy, bare, "P-101A.run_cmd", True).is_allowed
    assert judge(policy, bare, "P-101B.run_cmd", True).reasons == ("no rule allows it",)


def test_a_role_bound_to_an_area_counts_for_what_lies_there_only(site: Site) -> None:
    text = (
        "schema: policy/1\nroles: {operator: {}, pumps: {acts_as: [operator], areas: "
        "['CW/PUMPS-101/*']}, chief: {acts_as: [pumps]}, lead: {acts_as: [operator, pumps]}}\n"
    )
    policy = build_policy(parse_document(text, Document("policy.yaml")), site)
    for tags, may in [
        (("P-101A.run_cmd",), True),
        (("P-101A.run_cmd", "P-101B.run_cmd"), True),
        (("P-101A.run_cmd", "TIC-202.sp"), False),
        (("P-101A.run_cmd", "no.tag"), False),
        ((), False),
        (None, False),
    ]:
        assert policy.satisfies("pumps", "operator", tags) is may, tags
        assert policy.satisfies("pumps", "pumps", tags) is may, tags
        assert policy.satisfies("chief", "operator", tags) is may  # only by way of the area's role
        assert policy.satisfies("chief", "chief", tags), tags
        assert policy.satisfies("lead", "operator", tags), tags
        assert policy.has_role("pumps"), tags


class Broken(float):
    def __le__(self, other: object) -> bool:
        raise OverflowError("too large")

    __ge__ = __le__


def test_what_cannot_be_judged_is_denied_with_a_reason(site: Site) -> None:
    policy = policy_of(site, allow=[SETPOINT])
    ruling = judge(policy, site, "PIC-102.sp", Broken(355.0))
    assert (ruling.is_allowed, ruling.risk_class, ruling.roles) == (False, "R4", ())
    assert ruling.reasons == ("the policy cannot be evaluated here: OverflowError",)
    assert judge(policy, site, "PIC-102.sp", 355.0).is_allowed
