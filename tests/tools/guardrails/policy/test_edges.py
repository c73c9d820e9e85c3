"""What the policy's pure parts make of values and nodes, and limits across tags."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress, Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions.condition import Condition
from handwheel.tools.conditions.truth import Truth
from handwheel.tools.errors import PolicyViolation
from handwheel.tools.guardrails.interlocks.suspension import Suspension, applying
from handwheel.tools.guardrails.policy.cross_limits import CrossLimit, cross_limits, cross_tags
from handwheel.tools.guardrails.policy.node_patterns import names_node
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.policy.quantities import Range, parse_range
from handwheel.tools.guardrails.policy.rate_limit import check_rate
from handwheel.tools.guardrails.policy.rules import TagRules
from handwheel.tools.guardrails.policy.value_limits import step_denials, value_denials
from handwheel.tools.requests.timestamps import stamp

from ....gate.testbed.heartbeat import BEAT, PUMP, make_beating_site
from ....gate.testbed.with_oracle import Watched
from ....plants.fault_injection import Fuse
from ....plants.in_memory import MemoryPlant
from ....sites.in_memory import VALUES, make_site
from ....sites.policy_text import HEAD, PUMPS, SETPOINT, judge, policy_of, reads
from ....sites.signed_requests import NOW, request_of

FLOAT = Tag("X-1.sp", "dcs", "float", RegisterAddress("holding", 10, "float32"), writable=True)
INT = replace(FLOAT, kind="int", address=RegisterAddress("holding", 10, "int64"))
TEXT = replace(FLOAT, name="X-1.name", kind="string")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path)


def _tag_rules(tag: Tag, limits: Range | None = None) -> TagRules:
    return TagRules(
        tag, True, (), True, "R1", ("operator",), True, ("policy.yaml:1",), limits, None, None,
        None, 0.0,
    )  # fmt: skip


def test_a_value_is_judged_by_its_type_and_its_limits() -> None:
    within = Range(0.0, 10.0, "")
    denied = replace(_tag_rules(FLOAT), is_allowed=False)
    cases: list[tuple[TagRules, Value, str]] = [
        (_tag_rules(FLOAT, within), 5.0, ""),
        (_tag_rules(FLOAT), 5.0, "no rule gives it limits"),
        (denied, 5.0, ""),  # it is denied already, and in other words
        (_tag_rules(INT, within), 5, ""),
        (_tag_rules(INT, within), 5.0, "it is no value that a int of X-1.sp can have"),
        (_tag_rules(TEXT), "on", ""),
        (_tag_rules(TEXT), 1, "it is no value that a string of X-1.name can have"),
    ]
    for rules, value, reason in cases:
        assert value_denials(rules, value) == ((reason,) if reason else ()), value


def test_a_step_has_room_for_rounding_only_as_wide_as_the_device_rounds() -> None:
    double = replace(FLOAT, address=RegisterAddress("holding", 10, "float64"))
    tenths = replace(FLOAT, address=RegisterAddress("holding", 10, "int32"))
    for tag, now, value, is_allowed in [
        (FLOAT, 330.0999984741211, 340.1, True),  # a step of 10 from a Float
        (FLOAT, 330.0, 340.1, False),
        (double, 1e9, 1e9 + 10.0, True),
        (double, 1e9, 1e9 + 10.001, False),
        (tenths, 0.1 * 3, 10.3, True),  # 0.30000000000000004
        (tenths, 2e8, 2e8 + 10.1, False),
        (INT, 10**9, 10**9 + 10, True),
        (INT, 4 * 10**18, 4 * 10**18 - 11, False),
    ]:
        found = step_denials(replace(_tag_rules(tag), max_step=10.0), value, reads(now))
        assert bool(found) is not is_allowed, (tag, value)
        assert all(each.endswith("is more than the 10 allowed") for each in found)


def test_limits_of_64_bits_are_exact_and_take_an_exponent() -> None:
    whole = parse_range(f"-{2**63} .. {2**64 - 2}")
    assert str(whole) == "-9223372036854775808 .. 18446744073709551614"
    assert [whole.holds(2**64 - 2), whole.holds(2**64 - 1)] == [True, False]
    assert parse_range("-1e3 kPa .. 2.5E+2 kPa") == Range(-1000.0, 250.0, "kPa")
    far = replace(_tag_rules(INT), max_step=1.0)
    assert not step_denials(far, 2**63 - 1, reads(2**63 - 2))
    assert step_denials(far, 2**63 - 1, reads(2**63 - 3)) == (
        "a step of 2 is more than the 1 allowed",
    )


def test_what_has_not_two_ends_is_no_range() -> None:
    for text in ["280 kPa", "1 kPa .. 2 kPa .. 3 kPa", "", 5, None]:
        with pytest.raises(ValueError, match="is no range; write both ends with the unit"):
            parse_range(text)
        assert parse_range("280 kPa .. 420 kPa") == Range(280.0, 420.0, "kPa"), text


def test_a_pattern_that_is_no_node_names_what_it_matches_and_no_more() -> None:
    node = NodeAddress("nsu=urn:x;s=A")
    assert names_node("*", node)
    assert names_node("nsu*A", node)
    assert not names_node("urn:x", node)


def test_a_role_is_of_use_where_something_may_be_approved_in_it(site: Site) -> None:
    policy = policy_of(site, allow=[SETPOINT])
    found = {role: policy.has_use_for(role) for role in ("operator", "chief", "nurse", "nobody")}
    assert found == {"operator": True, "chief": True, "nurse": False, "nobody": False}
    assert not policy_of(site).has_use_for("operator")


def test_what_is_forbidden_beside_a_heartbeat_is_no_problem(tmp_path: Path) -> None:
    site = make_beating_site(tmp_path)
    rule = "{{connection: pkg, table: {}, addresses: {}, reason: trip}}"
    beside = rule.format("coil", "0..1")
    policy = policy_of(site, allow=[PUMPS], forbid=[beside])
    assert judge(policy, site, "P-101A.run_cmd", True).reasons == ("forbidden: trip",)
    with pytest.raises(ConfigError) as problem:
        policy_of(site, forbid=[beside, rule.format("holding", "20..20")])
    line = len(HEAD.splitlines()) + 3
    assert str(problem.value).startswith(f"policy.yaml:{line}:")
    words = f"forbids {BEAT}, which site.yaml has as heartbeat of {PUMP}"
    assert str(problem.value).endswith(words)


def test_the_rate_of_what_is_no_number_is_too_fast(spare: Watched) -> None:
    limited = "the rate of PIC-102.sp is limited, and it"
    cases: list[tuple[Value | None, Value, str]] = [
        (None, 355.0, f"{limited}s value is not known now"),
        (True, 355.0, f"{limited} is no number"),
        (350.0, "more", f"{limited} is no number"),
    ]
    tag, database = spare.site.tags["PIC-102.sp"], spare.desk.database
    ruling = judge(policy_of(spare.site, allow=[SETPOINT]), spare.site, tag.name, 355.0)
    check_rate(database, tag, ruling, 355.0, 350.0, NOW)
    for before, value, reason in cases:
        with pytest.raises(PolicyViolation, match=f"^{reason}$"):
            check_rate(database, tag, ruling, value, before, NOW)
        loose = replace(ruling, rate_per_s=None)
        check_rate(database, tag, loose, value, before, NOW)


def test_a_requirement_that_nobody_can_judge_hides_no_suspension(site: Site) -> None:
    needs = [{"text": "NO-1.pv >", "why": "if"}, {"text": "PT-102.pv > 1 kPa", "why": "if"}]
    action = request_of().commands[0].model_dump(by_alias=True, exclude_none=True)
    lasting = [
        Suspension(scope=each, reason="no answer", since=stamp(NOW.wall))
        for each in ("pkg", "dcs", "far")
    ]
    plain = request_of(commands=[action])
    assert [each.scope for each in applying(lasting, plain, site.tags)] == ["pkg"]
    for wants in (needs, needs[::-1]):
        request = request_of(commands=[{**action, "requires": wants}])
        assert [each.scope for each in applying(lasting, request, site.tags)] == ["pkg", "dcs"]


MORE = """\
  P-101A.running: {connection: pkg, table: discrete, address: 1, type: bool, equipment: P-101A}
  P-101B.running: {connection: pkg, table: discrete, address: 2, type: bool, equipment: P-101B}
  PUMPS-101.stop_all: {connection: pkg, table: coil, address: 30, type: bool, equipment: PUMPS-101,
    writable: true}
  PUMPS-101.flow_sp: {connection: dcs, table: holding, address: 30, type: float, writable: true,
    equipment: PUMPS-101}
  FT-103.pv: {connection: dcs, table: input, address: 30, type: float, equipment: PUMPS-101}
  E-101.valve: {connection: pkg, table: coil, address: 31, type: bool, equipment: E-101,
    writable: true}
  XV-9.open: {connection: pkg, table: coil, address: 32, type: bool, writable: true}
"""
PRESENT = {
    "P-101A.running": True, "P-101B.running": False, "PUMPS-101.stop_all": False,
    "PUMPS-101.flow_sp": 40.0, "FT-103.pv": 40.0, "E-101.valve": False,
    "XV-9.open": True,
}  # fmt: skip
A_RUNS = 'that: "P-101A.running", with: after'
ONE_RUNS = 'that: "P-101A.running or P-101B.running", with: after'
NO_OVERPRESSURE = 'that: "PT-102.pv < 500 kPa", with: after'  # of no equipment
FLOWS = 'that: "FT-103.pv > 10", with: after'

Make = Callable[[str], tuple[Site, CrossLimit]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a site with one limit; PUMPS-101 is a part of AREA."""

    def made(rule: str) -> tuple[Site, CrossLimit]:
        make_site(tmp_path)
        for file, old, new in (
            ("site.yaml", "  PUMPS-101:", "  AREA: {members: [PUMPS-101, E-101]}\n  PUMPS-101:"),
            ("site.yaml", "  P-101B: {}", "  P-101B: {}\n  E-101: {}"),
            ("tags.yaml", "  PT-102.pv:", f"{MORE}  PT-102.pv:"),
            ("policy.yaml", '{id: no-overpressure, that: "PT-102.pv < 500 kPa", with: now}',
             f"{{id: it, {rule}}}"),
        ):  # fmt: skip
            path = tmp_path / file
            text = path.read_text(encoding="utf-8")
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")
        site = load_site(tmp_path)
        (limit,) = cross_limits(site, load_policy(site))
        return site, limit

    return made


def test_a_write_is_judged_by_what_it_may_change(make: Make) -> None:
    for rule, tag, value, verdict in [
        (A_RUNS, "P-101A.run_cmd", False, "unknown"),
        (A_RUNS, "PUMPS-101.stop_all", True, "unknown"),  # the whole takes its parts along
        (A_RUNS, "P-101B.run_cmd", True, ""),  # a sister is not concerned
        (A_RUNS, "E-101.valve", True, ""),
        (ONE_RUNS, "P-101B.run_cmd", False, ""),
        (FLOWS, "P-101A.run_cmd", False, "unknown"),  # a part changes what the whole shows
        # A tag of no equipment may belong to anything, and anything may change it.
        (FLOWS, "PIC-102.sp", 340.0, "unknown"),
        (A_RUNS, "XV-9.open", False, "unknown"),
        (f"{A_RUNS}, except: [XV-9.open]", "XV-9.open", False, ""),
        (NO_OVERPRESSURE, "PIC-102.sp", 340.0, "unknown"),
        (NO_OVERPRESSURE, "E-101.valve", True, "unknown"),
        (f"{NO_OVERPRESSURE}, except: [E-101.*]", "E-101.valve", True, ""),
        ('that: "XV-9.open", with: after', "XV-9.open", False, "false"),
        (f"{A_RUNS}, except: [PUMPS-101.flow_sp]", "PUMPS-101.stop_all", True, "unknown"),
        # What the condition itself names is judged by its new value, whatever is excepted.
        ('that: "PUMPS-101.flow_sp > 10", with: after, except: ["PUMPS-101.*"]',
         "PUMPS-101.flow_sp", 5.0, "false"),
        ('that: "PUMPS-101.flow_sp > 10", with: after, except: ["PUMPS-101.*"]',
         "PUMPS-101.flow_sp", 20.0, ""),
    ]:  # fmt: skip
        site, limit = make(rule)
        plant = MemoryPlant(site, Fuse(), {**VALUES, **PRESENT})
        readings = plant.read(site.find_tags(sorted(cross_tags([limit], site.tags[tag]))))
        denial = limit.denial(readings, site.tags[tag], value)
        assert str(denial).endswith(f"would be {verdict}") if verdict else denial is None, rule
    site, limit = make(A_RUNS)  # what is broken already is not kept from being mended
    plant = MemoryPlant(site, Fuse(), {**VALUES, **PRESENT, "P-101A.running": False})
    readings = plant.read([site.tags["P-101A.running"]])
    assert limit.denial(readings, site.tags["PUMPS-101.stop_all"], False) is None


def test_an_exception_that_excepts_nothing_is_told(make: Make) -> None:
    for rule, reason in [
        (f"{A_RUNS}, except: [PUMPS-102.*]", "'PUMPS-102.*' matches no writable tag"),
        (f"{A_RUNS}, except: [P-101A.running]", "'P-101A.running' matches no writable tag"),
        ('that: "P-101A.running", with: now, except: [PUMPS-101.stop_all]', "goes with 'after'"),
    ]:
        with pytest.raises(ConfigError, match=reason.replace("*", r"\*")):
            make(rule)


def test_a_condition_that_the_site_does_not_understand_is_told_with_its_place(make: Make) -> None:
    with pytest.raises(ConfigError, match=r"policy\.yaml:\d+:\d+: across\.it\.that: .+"):
        make('that: "P-101A.runs", with: after')


class Unjudgeable(Condition):
    def evaluate(self, *_: object, **__: object) -> Truth:
        raise ZeroDivisionError


def test_a_condition_that_cannot_be_judged_denies(make: Make) -> None:
    for rule in [A_RUNS, 'that: "P-101A.running", with: now']:
        site, limit = make(rule)
        plant = MemoryPlant(site, Fuse(), {**VALUES, **PRESENT})
        readings = plant.read(site.find_tags(sorted(limit.condition.tags)))
        tag = site.tags["P-101B.run_cmd" if "now" in rule else "P-101A.running"]
        assert limit.denial(readings, tag, True) is None, rule
        fields = {name: getattr(limit.condition, name) for name in Condition.__dataclass_fields__}
        broken = replace(limit, condition=Unjudgeable(**fields))
        assert (
            str(broken.denial(readings, tag, True))
            == "it: it cannot be evaluated: ZeroDivisionError"
        )
