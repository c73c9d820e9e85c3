"""Each rule finds its fault, at its place, and nothing in the twin without it."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from pydantic import BaseModel

from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.writer import HistoryWriter, SampleBatch
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import GOOD as GOOD_STATUS
from handwheel.connectors.model.values import DataValue
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.language import schema
from handwheel.playbooks.language import schema_parts as fields
from handwheel.playbooks.language import schema_start as start
from handwheel.playbooks.language.errors import Finding, PlaybookError
from handwheel.playbooks.language.libraries import library_folder
from handwheel.playbooks.language.loader import Playbook, load_library, load_playbook
from handwheel.playbooks.lint.explanations import explanations
from handwheel.playbooks.lint.lint import lint, lint_all

from ...plants.served import site_of
from ...project.pages.doc_tables import DOCS, ROOT, sections, spans, text_of
from ..sample_playbook import GOOD, changed, findings_of, loaded, sample_parts
from .faults import AGAIN, FAULTS, HOLD_POINT, LEASE, START, Fault, waits_first

T0_US = 1_790_000_000_000_000
_TELLS = f"""\
{GOOD[: GOOD.index("concurrency:")]}\
steps:
  - id: tell
    notify: {{to: operations, text: "The duty pump shakes; {{standby}} is there"}}
limits: {{max_writes: 0, max_duration: 30 min}}
tests: [tests/t.yaml]
"""


@pytest.fixture(scope="module")
def beside() -> list[Playbook]:
    return [load_playbook(library_folder() / "cw" / "strainer-blocked.yaml")]


def test_what_is_sound_has_no_fault(tmp_path: Path, site: Site, beside: list[Playbook]) -> None:
    quality = "good(PT-102.pv)", "not good(PT-102.pv) or standby.running"
    in_time = waits_first("59 s", "60 s"), waits_first("2 min", "5 min") + HOLD_POINT
    again = AGAIN.replace("    write", f"{HOLD_POINT}    write", 1)
    owned = "PUMPS-101, E-101", "P-101B, E-101", "standby, E-101", "duty, standby, E-101"
    rate = "rate(duty.vibration, 30 min) > 0.1 mm/s/h"
    computed = (
        "E-101.rf - ago(E-101.rf, 7 d) > 0.3e-4 m2K/W and E-101.days_to_limit < 14 d",
        "abs(E-101.duty_hot - E-101.duty_cold) < 0.08 * E-101.duty_hot",
    )
    for text in (
        GOOD,
        *(changed((rate, each)) for each in computed),
        *(changed(("not standby.running", each)) for each in quality),
        *(changed((START, each)) for each in in_time),
        changed(("safe_state:\n  steps", f"{again}safe_state:\n  steps")),
        changed(LEASE),
        *(changed(("[PUMPS-101, E-101]", f"[{each}]")) for each in owned),
    ):
        assert findings_of(tmp_path, text, site, beside) == [], text


def test_each_fault_is_found_in_place(tmp_path: Path, site: Site, beside: list[Playbook]) -> None:
    for code, fault in ((code, fault) for code, faults in FAULTS.items() for fault in faults):
        text = changed((fault.old, fault.new))
        (found,) = findings_of(tmp_path, text, site, beside)
        assert (found.code, found.severity) == (code, fault.severity), fault
        assert fault.says in f"{found.text}; {found.hint}", fault
        assert (found.line, found.column) == _place(fault, text), fault
        assert found.file == "p.yaml", fault


def _place(fault: Fault, text: str) -> tuple[int, int]:
    """Of a part that stands there often, the place in what was put in, else the first."""
    start = text.index(fault.new) if fault.new and fault.at in fault.new else 0
    before = text[: text.index(fault.at, start)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def test_several_faults_are_told_at_once_with_their_steps(tmp_path: Path, site: Site) -> None:
    text = changed(("> 300 kPa", "> 300 degC"), ("standby.run_cmd: true", "standby.run: true"))
    found = findings_of(tmp_path, text, site)
    assert [(each.step, each.code) for each in found] == [
        ("start", "unknown-name"), ("settle", "unit-mismatch"),
    ]  # fmt: skip
    assert {each.playbook for each in found} == {"test/start-standby"}


class TestBesideOthers:
    def test_two_with_one_trigger_need_concurrency(self, tmp_path: Path, site: Site) -> None:
        playbook = loaded(tmp_path, _TELLS)
        assert lint(playbook, site) == []
        other = loaded(tmp_path, changed(("id: test/start-standby", "id: test/other")), "q.yaml")
        (found,) = lint(playbook, site, [playbook, other])
        apart = changed(("id: test/start-standby", "id: test/other"), ("VAH-101A", "TAH-202"),
                        ('    - {when: "duty.vibration > high", for: 60 s}\n', ""))  # fmt: skip
        assert lint(playbook, site, [loaded(tmp_path, apart, "q.yaml")]) == []
        rule = explanations()["overlapping-triggers"]
        sound = loaded(tmp_path, changed((rule.bad, rule.good.rstrip()), text=_TELLS), "r.yaml")
        assert lint(sound, site, [playbook, other]) == []
        assert found.code == rule.code
        assert "VAH-101A.active" in found.text
        assert lint_all([playbook, other], site) == [found]

    def test_a_playbook_that_is_run_is_looked_at(self, tmp_path: Path, site: Site) -> None:
        def running(id_: str, run: str) -> Playbook:
            text = changed(
                ("id: test/start-standby", f"id: {id_}"),
                ('wait: {until: "PT-102.pv > 300 kPa", within: 2 min}', f"run: {run}"),
            )
            return loaded(tmp_path, text, f"{id_.partition('/')[2]}.yaml")

        last = loaded(tmp_path, changed(("id: test/start-standby", "id: test/d")), "d.yaml")
        others = [running("test/b", "test/c"), running("test/c", "test/d"), last]
        for run, code, says in (
            ("{playbook: test/d, bind: {duty: standby, standby: duty}}", "", ""),
            ("{playbook: test/d, bind: {duty: E-101}}", "wrong-class", "E-101 is of class exch"),
            ("{playbook: test/d, bind: {dty: P-101A}}", "unknown-name", "has no role 'dty'"),
            ("{playbook: test/d, bind: {duty: standby}}", "check-failed", "test/d: 'standby"),
            ("{playbook: test/d, bind: {duty: P-109}}", "unknown-name", "no role 'P-109'"),
            ("test/c", "", ""),
            ("test/b", "nested-too-deep", "test/b, which runs test/c, which runs test/d: at most"),
            ("test/e", "unknown-playbook", "did you mean 'test/d'?"),
        ):  # fmt: skip
            found = lint(running("test/a", run), site, others)
            assert [each.code for each in found] == [code] * bool(code), (run, found)
            assert all(says in f"{each.text}; {each.hint}" for each in found), found

    def test_a_suggestion_is_missed_only_where_the_others_are_known(
        self, tmp_path: Path, site: Site, beside: list[Playbook]
    ) -> None:
        for suggest, codes in (("cw/strainer-blocked", []), ("no/such", ["unknown-suggestion"])):
            playbook = loaded(tmp_path, changed(('mm/s/h"}', f'mm/s/h", suggest: {suggest}}}')))
            assert lint(playbook, site) == []
            assert [each.code for each in lint(playbook, site, beside)] == codes


def test_a_tag_of_no_equipment_cannot_be_owned(tmp_path: Path, site: Site) -> None:
    text = changed(("FIC-201.sp: 30 m3/h", "LIC-101.sp: 50 %"))
    loose = replace(site.tags["LIC-101.sp"], equipment="")
    site = replace(site, tags={**site.tags, loose.name: loose})
    (found,) = [each for each in findings_of(tmp_path, text, site) if each.code == "not-owned"]
    assert found.text.endswith("LIC-101.sp of no equipment")
    assert found.hint.startswith("give the tag an equipment")


def test_chatter_when_noise_is_recorded_is_told(tmp_path: Path, site: Site) -> None:
    noisy = replace(site, state=tmp_path)
    tag, found = "VT-101A.pv", dict[float, list[str]]()
    for deviation in (0.1, 0.2):  # the dead band is 1 mm/s
        random, path = Random(1), tmp_path / HISTORY_FILE
        path.unlink(missing_ok=True)
        values = [3.0 + random.gauss(0.0, deviation) for _ in range(400)]
        scans = [
            SampleBatch(
                T0_US + n * 500_000, [(tag, DataValue(value, GOOD_STATUS, None, None, 0.0))]
            )
            for n, value in enumerate(values)
        ]
        with closing(HistoryWriter(path, {}, definitions(site))) as writer:
            writer.write(scans)
        found[deviation] = [f"{e.code}: {e.text}" for e in findings_of(tmp_path, GOOD, noisy)]
    rule = explanations()["chatter"]
    assert found[0.1] == []
    assert findings_of(tmp_path, changed((rule.bad, rule.good)), noisy) == []
    (chatter,) = found[0.2]
    assert chatter.startswith("chatter: lies 1 mm/s from 'duty.vibration > high', and the noise")
    assert chatter.endswith("recorded of VT-101A.pv reaches over 1.15 mm/s: it may chatter")


def test_a_playbook_when_nothing_starts_runs_or_suggests_it_is_told(
    tmp_path: Path, site: Site
) -> None:
    rule, steps = explanations()["never-started"], _TELLS[_TELLS.index("steps:\n") :]
    text = GOOD[: GOOD.index("parameters:")] + steps.replace("{standby}", "another")
    renamed = "id: test/start-standby", "id: test/other"
    evidence = '- {id: shakes, that: "rate('
    suggests = evidence, evidence.replace("shakes,", "shakes, suggest: test/start-standby,")
    alone = loaded(tmp_path, text)
    by_order = loaded(tmp_path, changed((rule.bad, rule.good.strip()), text=text))
    other, naming = (loaded(tmp_path, changed(renamed, *each)) for each in ([], [suggests]))
    assert [each.code for each in lint(alone, site, [alone, other])] == [rule.code]
    assert lint(by_order, site, [by_order, other]) == lint(alone, site, [alone, naming]) == []


def test_a_site_without_policy_writes_nothing(tmp_path: Path) -> None:
    site_of(tmp_path, PlantEndpoints(1, 2, gate=3))
    rule = explanations()["no-policy"]
    for name in set(rule.good.split()) - set(rule.bad.split()):
        (tmp_path / name).unlink()
    (found,) = findings_of(tmp_path, GOOD, load_site(tmp_path))
    assert found.code == rule.code
    assert "without a policy nothing may be written" in found.text


def test_the_library_has_no_errors_and_no_warnings(site: Site) -> None:
    playbooks, broken = load_library(site)
    assert broken == []
    assert "cw/pump-bearing-changeover" in {each.id for each in playbooks}
    assert lint_all(playbooks, site) == []


def test_a_finding_is_told_like_every_other_problem() -> None:
    finding = Finding("p.yaml", 3, 5, "no-undo", "error", "cw/x", "start", "nothing", "write undo")
    assert str(finding.problem) == "p.yaml:3:5: cw/x, step start: nothing; write undo"


PAGE = DOCS / "reference/playbooks.md"

# Told outside the rules on one text: of files that cannot be read, and of several at once.
_ELSEWHERE = {
    "unreadable", "no-library", "overlapping-triggers", "no-policy", "chatter", "never-started",
}  # fmt: skip


def _keys(*models: type[BaseModel]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def test_the_reference_lists_exactly_the_keys() -> None:
    tables = sections(PAGE)
    listed = {head: spans(*(row[0] for row in rows)) for head, rows in tables.items()}
    assert listed["playbook/1"] == _keys(schema.PlaybookFile)
    assert listed["A parameter"] == _keys(start.ParameterSpec)
    assert listed["The trigger"] == _keys(start.TriggerSpec, start.TriggerItemSpec)
    assert listed["Concurrency"] == _keys(start.ConcurrencySpec)
    assert listed["The diagnosis"] == _keys(schema.EvidenceSpec)
    assert listed["A permissive"] == _keys(schema.PermissiveSpec)
    assert listed["An invariant"] == _keys(schema.InvariantSpec)
    assert listed["The approval"] == _keys(fields.ApprovalSpec)
    assert listed["A step"] == _keys(schema.StepSpec)
    assert listed["Work of people"] == _keys(fields.ManualSpec)
    assert listed["A work order"] == _keys(fields.WorkOrderSpec)
    assert listed["An escalation"] == _keys(schema.EscalationSpec)
    assert listed["The limits"] == _keys(schema.LimitsSpec)


def test_the_keys_inside_a_step_are_named() -> None:
    rows = {row[0].strip("`"): spans(row[1]) for row in sections(PAGE)["A step"]}
    assert rows["hold_point"] >= _keys(fields.HoldPointSpec)
    assert rows["wait"] >= _keys(fields.WaitSpec)
    assert rows["notify"] >= _keys(fields.NotifySpec)
    assert rows["verify"] >= _keys(fields.VerifySpec)
    assert rows["undo"] >= _keys(fields.UndoSpec) - {"none"}
    assert rows["on_fail"] >= _keys(fields.OnFailSpec)


def test_each_rule_when_explained_has_a_good_and_a_bad_sample() -> None:
    """The bad one is the first of its faults, and the good one stands in the sound playbook."""
    for code, rule in explanations().items():
        assert all((rule.means, rule.why, rule.good, rule.bad)), code
        good, bad = sample_parts(rule)
        assert (code in _ELSEWHERE) == bool(rule.of), code
        if not rule.of:
            assert GOOD.count(good) == 1, code
            assert (FAULTS[code][0].old, FAULTS[code][0].new) == (good, bad), code


def test_samples_of_folders_when_used_are_found(tmp_path: Path) -> None:
    library, unreadable = explanations()["no-library"], explanations()["unreadable"]
    site_of(tmp_path, PlantEndpoints(1, 2, gate=3))
    path = tmp_path / "site.yaml"
    text = path.read_text(encoding="utf-8")
    assert load_library(load_site(tmp_path))[1] == []
    path.write_text(changed((library.good, library.bad), text=text), encoding="utf-8")
    assert [each.code for each in load_library(load_site(tmp_path))[1]] == [library.code]
    assert loaded(tmp_path, GOOD, unreadable.good)
    (tmp_path / unreadable.good).rename(tmp_path / "q.yaml")
    (tmp_path / unreadable.bad).mkdir()
    with pytest.raises(PlaybookError) as caught:
        load_playbook(tmp_path / unreadable.bad)
    assert [each.code for each in caught.value.findings] == [unreadable.code]


def test_each_rule_has_its_explanation_and_its_fault() -> None:
    listed = explanations().keys()
    assert listed == FAULTS.keys() | _ELSEWHERE
    source = "\n".join(text_of(path) for path in (ROOT / "playbooks").rglob("*.py"))
    assert {code for code in listed if f'"{code}"' not in source} == set()
