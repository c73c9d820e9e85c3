"""The reference lists exactly the keys and the rules that the code has."""

from pydantic import BaseModel

from handwheel.playbooks.language import schema
from handwheel.playbooks.language import schema_parts as fields

from ...project.doc_tables import DOCS, ROOT, sections, spans, text_of
from ..lint.faults import FAULTS

PAGE = DOCS / "reference/playbooks.md"

# Told outside the rules on one text: of files that cannot be read, and of several at once.
_ELSEWHERE = {"unreadable", "no-library", "overlapping-triggers", "no-policy"}


def _keys(*models: type[BaseModel]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def test_the_reference_lists_exactly_the_keys() -> None:
    tables = sections(PAGE)
    listed = {head: spans(*(row[0] for row in rows)) for head, rows in tables.items()}
    assert listed["playbook/1"] == _keys(schema.PlaybookFile)
    assert listed["A parameter"] == _keys(schema.ParameterSpec)
    assert listed["The trigger"] == _keys(schema.TriggerSpec, schema.TriggerItemSpec)
    assert listed["Concurrency"] == _keys(schema.ConcurrencySpec)
    assert listed["The diagnosis"] == _keys(schema.EvidenceSpec)
    assert listed["A permissive"] == _keys(schema.PermissiveSpec)
    assert listed["An invariant"] == _keys(schema.InvariantSpec)
    assert listed["The approval"] == _keys(fields.ApprovalSpec)
    assert listed["A step"] == _keys(schema.StepSpec)
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


def test_the_reference_lists_exactly_the_rules_and_each_has_its_fault() -> None:
    listed = spans(*(row[0] for row in sections(PAGE)["Rules"]))
    assert listed == FAULTS.keys() | _ELSEWHERE
    source = "\n".join(text_of(path) for path in (ROOT / "playbooks").rglob("*.py"))
    assert {code for code in listed if f'"{code}"' not in source} == set()
