"""Binding: roles become equipment, texts become conditions, values get the tag's type and unit."""

from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind, bind_triggers
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import RequiredApproval, Wait, WorkOrderStep
from handwheel.playbooks.language.errors import PlaybookError
from handwheel.playbooks.language.libraries import library_folder
from handwheel.playbooks.language.loader import Playbook, load_playbook

from ..sample_playbook import GOOD, changed, loaded

SWAPPED = {"duty": "P-101B", "standby": "P-101A"}


@pytest.fixture(scope="module")
def changeover() -> Playbook:
    return load_playbook(library_folder() / "cw" / "pump-bearing-changeover.yaml")


@pytest.fixture(scope="module")
def plan(changeover: Playbook, site: Site) -> BoundPlaybook:
    return bind(changeover, site)


class TestTheChangeOver:
    def test_its_roles_are_bound_by_default_or_as_asked(
        self, changeover: Playbook, plan: BoundPlaybook, site: Site
    ) -> None:
        assert plan.roles == {"duty": "P-101A", "standby": "P-101B"}
        assert plan.parameters == {**plan.roles, "vib_high": "5 mm/s"}
        swapped = bind(changeover, site, SWAPPED)
        assert swapped.roles == SWAPPED
        assert _written(plan) == ["P-101B.run_cmd", "P-101A.run_cmd", "P-101A.mode"]
        assert _written(swapped) == ["P-101A.run_cmd", "P-101B.run_cmd", "P-101B.mode"]

    def test_each_trigger_has_its_own_equipment(self, changeover: Playbook, site: Site) -> None:
        first, second = bind_triggers(changeover, site)
        assert [each.condition.bound for each in first.triggers] == [
            "VAH-101A.active", "VT-101A.pv > 5 mm/s",
        ]  # fmt: skip
        assert [part.for_s for each in first.triggers for part in each.parts] == [0.0, 60.0]
        (trigger,) = second.triggers
        assert second.roles == SWAPPED
        assert trigger.condition.tags == ("VAH-101B.active",)
        assert trigger.rearm is not None
        assert trigger.rearm.tags == ("VT-101B.pv",)
        line = trigger.place.removeprefix(f"{changeover.display_name}:")
        text = changeover.path.read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert text.strip().startswith("- {alarm: VAH-101B")

    def test_an_attribute_goes_before_a_tag_which_stands_in(
        self, changeover: Playbook, plan: BoundPlaybook, site: Site
    ) -> None:
        bearing, _ = plan.evidence_for
        assert bearing.condition.tags == ("TT-111A.pv", "VT-101A.pv")
        swapped = bind(changeover, site, SWAPPED).evidence_for[0]
        assert swapped.condition.tags == ("TT-111B.pv", "VT-101B.pv")
        ready = plan.permissives[0]
        assert ready.condition.tags == ("P-101B.available", "P-101B.mode", "P-101B.tripped")
        assert (ready.id, plan.evidence_against[0].suggest) == (
            "standby-ready", "cw/strainer-blocked",
        )  # fmt: skip

    def test_its_steps_are_bound(self, plan: BoundPlaybook) -> None:
        start, settle, stop, inhibit, order = plan.steps
        assert [each.value for each in (*start.writes, *stop.writes, *inhibit.writes)] == [
            True, False, 2,
        ]  # fmt: skip
        assert start.undo is not None
        assert start.undo.if_ is not None
        assert start.undo.if_.bound == "P-101A.running"
        assert [each.within_s for each in start.expects] == [30.0, 30.0]
        assert isinstance(settle.work, Wait)
        assert (settle.work.hold_s, settle.work.within_s) == (30.0, 180.0)
        assert stop.hold_point is not None
        assert stop.hold_point.approval == RequiredApproval("operator", 600.0, "hold")
        assert (inhibit.undo, inhibit.on_fail.then) == (None, "continue")
        assert isinstance(order.work, WorkOrderStep)
        assert (order.work.asset, order.work.kind, order.work.traces) == (
            "P-101A", "corrective", True,
        )  # fmt: skip
        assert [each.tag.name for each in order.work.trends] == ["VT-101A.pv", "TT-111A.pv"]
        assert order.work.due == 7 * 86400.0


def _written(plan: BoundPlaybook) -> list[str]:
    return [write.tag.name for step in plan.steps for write in step.writes]


def test_roles_that_do_not_go_together_are_refused(changeover: Playbook, site: Site) -> None:
    for roles, reason in (
        ({"duty": "P-101B"}, "'standby != duty' does not hold: duty is P-101B"),
        ({"duty": "E-101"}, "E-101 is of class exchanger, not pump"),
        ({"duty": "P-9"}, "there is no equipment 'P-9'"),
        ({"spare": "P-101A"}, "there is no role 'spare'"),
    ):
        with pytest.raises(PlaybookError, match=reason):
            bind(changeover, site, roles)


class TestValues:
    def test_a_value_gets_the_type_and_unit_of_its_tag(self, tmp_path: Path, site: Site) -> None:
        for written, value in [
            ('FIC-201.sp: "20 m3/h + 10 m3/h"', 30.0),
            ("FIC-201.sp: 500 l/min", 30.0),
            ("PIC-102.sp: set", 340.0),
            ('PIC-102.sp: "set + 10 kPa"', 350.0),
            ("duty.mode: maintenance", 2),
            ("duty.run_cmd: false", False),
            ("duty.run_cmd: is_on", True),
            ("duty.mode: way", 2),
            ("PIC-102.sp: set * share", 170.0),
        ]:
            plan = bind(loaded(tmp_path, _writing(written)), site)
            (write,) = plan.safe_state[0].writes
            assert write.value == pytest.approx(value), written
            assert type(write.value) is type(value), written

    def test_what_the_tag_does_not_take_is_refused(self, tmp_path: Path, site: Site) -> None:
        for written, reason in [
            ("PIC-102.sp: level", "no tag or parameter 'level'"),
            ("duty.mode: set", "takes local or remote or maintenance, not 'set'"),
            ('duty.run_cmd: "true"', "takes true or false, not 'true'"),
            ("PIC-102.sp: true", "takes a number, not true"),
            ("PIC-102.sp: .5", "0.5 has no unit; write 0.5 kPa"),
            ("PIC-102.sp: -1 kPa", "-1 kPa lies outside the range of PIC-102.sp, 0 to 600"),
        ]:
            with pytest.raises(PlaybookError) as caught:
                bind(loaded(tmp_path, _writing(written)), site)
            assert reason in str(caught.value), written


def _writing(written: str) -> str:
    parameters = """\
  set: {type: quantity, unit: kPa, default: 340 kPa}
  share: {type: number, default: 0.5, min: 0, max: 1, check: "share < 0.6"}
  is_on: {type: bool, default: true}
  way: {type: enum, values: [remote, maintenance], default: maintenance}
"""
    return changed(("  high: {", f"{parameters}  high: {{"), ("FIC-201.sp: 30 m3/h", written))


def test_parameters_when_of_a_wrong_value_are_refused(tmp_path: Path, site: Site) -> None:
    for old, new, reason in [
        ("default: 0.5", "default: 2.0", "lies above max, 1"),
        ("default: 0.5", "default: half", "must be a number, not 'half'"),
        ("default: 0.5", "default: 0.7", "'share < 0.6' does not hold: share is 0.7"),
        ("default: maintenance", "default: fast", "must be remote or maintenance, not 'fast'"),
        ("default: true", "default: 1", "must be true or false, not 1"),
        ("type: bool, default: true", "type: text, default: 7", "must be a text, not 7"),
    ]:
        with pytest.raises(PlaybookError) as caught:
            bind(loaded(tmp_path, _writing("FIC-201.sp: 30 m3/h").replace(old, new)), site)
        assert reason in str(caught.value), new


def test_a_playbook_may_have_no_trigger_and_an_undo_a_reason(tmp_path: Path, site: Site) -> None:
    start, end = GOOD.index("trigger:"), GOOD.index("concurrency:")
    assert bind_triggers(loaded(tmp_path, GOOD[:start] + GOOD[end:]), site) == []
    undo = "undo: {write: {standby.run_cmd: false}}"
    for new, reason in (("undo: none", ""), ('undo: {none: "it stays"}', "it stays")):
        step = bind(loaded(tmp_path, changed((undo, new))), site).steps[0]
        assert (step.undo, step.undo_reason) == (None, reason)


def test_a_promise_has_the_window_of_the_verify_or_its_own(tmp_path: Path, site: Site) -> None:
    verify = '    verify: {that: "standby.running", within: 30 s}\n'
    promised = '    expect: ["standby.running", {that: "PT-102.pv > 300 kPa", within: 1 min}]\n'
    step = bind(loaded(tmp_path, changed((verify, verify + promised))), site).steps[0]
    assert [each.within_s for each in step.expects] == [30.0, 60.0]
    wrong = promised.replace("standby.running", "standby.runs").replace("PT-102.pv", "PT-102.p")
    with pytest.raises(PlaybookError) as caught:
        bind(loaded(tmp_path, changed((verify, verify + wrong))), site)
    assert [(each.line, each.column) for each in caught.value.findings] == [(31, 15), (31, 38)]


def test_step_values_when_asked_for_are_listed_once(tmp_path: Path, site: Site) -> None:
    text = changed(
        ('that: "standby.running", within', 'that: "PT-102.pv > before(PT-102.pv)", within'),
        ('until: "PT-102.pv > 300 kPa"', 'until: "PT-102.pv > before(start, PT-102.pv) and '
         'done(start)"'),
    )  # fmt: skip
    values = bind(loaded(tmp_path, text), site).step_values
    assert [(each.key, each.step, each.is_done) for each in values] == [
        ("before(start, PT-102.pv)", "start", False), ("done(start)", "start", True),
    ]  # fmt: skip
