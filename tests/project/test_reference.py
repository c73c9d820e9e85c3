"""The reference's tables list exactly what the code has: no row more, none less."""

import re
from collections.abc import Mapping
from enum import StrEnum

import pytest
from pydantic import BaseModel

from handwheel.connectors import heartbeats, site, tag_file
from handwheel.playbooks import run
from handwheel.sim_plant.cw100 import loops
from handwheel.sim_plant.cw100.alarms import ALARMS
from handwheel.sim_plant.cw100.faults import FAULTS, FIELD_ACTIONS
from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.model import Node, Number, PlantTag
from handwheel.sim_plant.simulation import CLOCK_TAGS
from handwheel.tools.guardrails import decisions, operators, picture, policy_file, policy_suspend
from handwheel.tools.guardrails.gate import sending
from handwheel.tools.guardrails.ledger import lifecycle, transitions
from handwheel.tools.requests import request, stamps

from .doc_tables import DOCS, ROOT, SPAN, Row, sections, spans, text_of


def _keys(*models: type[BaseModel]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def _span(span: tuple[float, float] | None) -> str:
    return f"{span[0]:g}..{span[1]:g}" if span else ""


def _tag_row(tag: PlantTag) -> Row:
    if isinstance(tag.address, Node):
        place: Row = ()
    else:
        place = (f"{tag.address.table} {tag.address.address} {tag.address.encoding}",)
    members = ", ".join(f"{word} {number}" for word, number in tag.members.items())
    kind = f"{tag.kind} ({members})" if members else tag.kind
    return (f"`{tag.name}`", *place, kind, tag.unit, _span(tag.span), _span(tag.write))


def test_the_reference_lists_exactly_the_plants_tags() -> None:
    tables = sections(DOCS / "reference/cw-100.md")
    expected: dict[str, list[Row]] = {}
    for tag in (*TAGS, *CLOCK_TAGS):
        package = tag.equipment or "PKG-101"
        place = tag.address.folder if isinstance(tag.address, Node) else package
        expected.setdefault(place, []).append(_tag_row(tag))
    is_tag = re.compile(r"`[A-Z][A-Z0-9-]*\.[a-z_]+`")
    listed = {
        head: [row[:-1] for row in rows if is_tag.fullmatch(row[0])]
        for head, rows in tables.items()
    }
    assert {head: rows for head, rows in listed.items() if rows} == expected


def test_the_reference_lists_exactly_the_plants_alarms_loops_faults_and_field_actions() -> None:
    tables = sections(DOCS / "reference/cw-100.md")
    assert [row[:5] for row in tables["Alarms"] if len(row) > 6] [-len(ALARMS):] == [
        (
            f"`{a.tag}`", f"{a.measures} {'>' if a.is_high else '<'} {a.limit:g}",
            f"{a.deadband:g}", f"{a.delay_s:g} s", f"{a.priority} {a.priority.name.lower()}",
        )
        for a in ALARMS
    ]  # fmt: skip
    assert [(*row[:2], *row[3:7]) for row in tables["Loops"]] == [
        (
            f"`{name}`", loops.MEASURES[name], "direct" if pi.direct else "reverse",
            f"{pi.gain:g}", f"{pi.integral_time_s:g} s", f"{pi.low * 100:g} to {pi.high * 100:g} %",
        )
        for name, pi in loops.TUNING.items()
    ]  # fmt: skip
    for row, fault in zip(tables["Faults"], FAULTS.values(), strict=True):
        assert row[0] == f"`{fault.id}`"
        assert dict(re.findall(r"`(\w+)` \((\S+?)[ )]", row[2])) == {
            name: f"{each.default:g}" if isinstance(each, Number) else each.default
            for name, each in fault.parameters.items()
        }
    named = {word for row in tables["Field actions"] for word in SPAN.findall(row[0])}
    assert named == FIELD_ACTIONS.keys()


def test_the_reference_lists_exactly_the_keys_of_a_sites_files() -> None:
    rows = sections(DOCS / "reference/site-files.md")
    listed = {head: {row[0].strip("`") for row in table} for head, table in rows.items()}
    every = listed["Keys of every tag"]
    assert listed["site.yaml"] == _keys(site.SiteFile)
    assert listed["A connection of kind opcua"] == _keys(site.OpcuaConnection, site.Credentials)
    assert listed["A connection of kind modbus"] == _keys(site.ModbusConnection)
    assert listed["A piece of equipment"] == _keys(site.Equipment)
    assert listed["A heartbeat"] == _keys(heartbeats.Heartbeat)
    assert listed["tags.yaml"] == _keys(tag_file.TagFile)
    assert every | listed["A tag on OPC UA"] == _keys(tag_file.NodeTag)
    assert every | listed["A tag on Modbus"] == _keys(tag_file.RegisterTag)
    assert listed["policy.yaml"] == _keys(policy_file.PolicyFile)
    assert listed["A prohibition"] == _keys(policy_file.ForbidRule)
    assert listed["A permission"] == _keys(policy_file.AllowRule)
    assert listed["Suspension"] == _keys(policy_suspend.Suspend)
    assert listed["A condition across tags"] == _keys(policy_file.AcrossRule)
    assert listed["operators.yaml"] == _keys(operators.OperatorsFile)
    assert listed["An enrolment record"] == _keys(operators.Record)


def test_the_reference_lists_exactly_the_keys_of_requests_and_decisions() -> None:
    tables = sections(DOCS / "reference/requests.md")
    listed = {head: spans(*(row[0] for row in rows)) for head, rows in tables.items()}
    assert listed["A request"] == _keys(request.ActionRequest)
    assert listed["An action"] == _keys(request.Action)
    assert listed["A decision"] == _keys(decisions.Decision)


@pytest.mark.parametrize(
    ("head", "states", "ways"),
    [
        ("States of a request", transitions.RequestState, transitions.REQUESTS),
        ("States of an action", transitions.ActionState, transitions.ACTIONS),
    ],
)
def test_the_reference_lists_exactly_the_ways_of_requests_and_actions(
    head: str, states: type[StrEnum], ways: Mapping[StrEnum, frozenset[StrEnum]]
) -> None:
    rows = sections(DOCS / "reference/requests.md")[head]
    assert {row[0].strip("`"): spans(row[2]) for row in rows} == {
        state: set(ways.get(state, ())) for state in states
    }


def test_the_reference_lists_exactly_the_states_and_events_of_runs() -> None:
    tables = sections(DOCS / "reference/runs.md")
    listed = {head: [row[0].strip("`") for row in rows] for head, rows in tables.items()}
    assert listed["States of a run"] == list(run.RunState)
    assert set(listed["States of a step"]) == set(run.StepState)
    assert listed["Events"] == list(run.EventKind)
    leads = {row[0].strip("`"): row[1].strip("`") for row in tables["Events"]}
    assert leads == {
        kind: (run.MOVES[kind][1].value if kind in run.MOVES else "") for kind in run.EventKind
    }


def test_the_reference_tells_how_long_an_approval_holds() -> None:
    _, *rows = sections(DOCS / "reference/requests.md")["Lifetimes"]
    assert [row[1] for row in rows] == [
        f"{seconds:g} s"
        for seconds in (
            lifecycle.FIRST_CLAIM_S, lifecycle.FOLLOW_UP_S, lifecycle.DUE_S, sending.BUDGET_S,
            picture.FRESH_S, stamps.CLOCK_STEP_S,
        )
    ]  # fmt: skip


def _source(*folders: str) -> str:
    return "\n".join(text_of(path) for name in folders for path in (ROOT / name).rglob("*.py"))


def test_the_reference_quotes_what_the_gate_says() -> None:
    rows = sections(DOCS / "reference/requests.md")["The way through the gate"]
    assert [row[0] for row in rows] == [str(n) for n in range(1, 18)]
    said = _source("tools/guardrails", "connectors")
    for row in rows:
        for part in (part for span in spans(row[2]) for part in span.split("…")):
            assert part.strip(" ,:") in said, part


def test_the_reference_lists_exactly_the_kinds_of_the_journal() -> None:
    rows = sections(DOCS / "reference/journal.md")["Kinds"]
    kinds: list[str] = re.findall(r"\.record\(\s*f?\"([^\"]+)\"", _source("tools", "hmi"))
    assert {row[0].strip("`") for row in rows} == {
        re.sub(r"\{\w+\}", "STATE", kind) for kind in kinds
    }
