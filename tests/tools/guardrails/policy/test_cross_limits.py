"""Limits across tags: which writes they judge, and what a write to the whole does to its parts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site, load_site
from handwheel.tools.conditions.condition import Condition
from handwheel.tools.conditions.truth import Truth
from handwheel.tools.guardrails.policy.cross_limits import CrossLimit, cross_limits, cross_tags
from handwheel.tools.guardrails.policy.policy import load_policy

from ....plants.fault_injection import Fuse
from ....plants.in_memory import MemoryPlant
from ....sites.in_memory import VALUES, make_site

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
            str(broken.denial(readings, tag, True)) == "it: it cannot be judged: ZeroDivisionError"
        )
