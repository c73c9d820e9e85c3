"""The reference's tables list exactly what the code has: no row more, none less."""

import re
from collections.abc import Mapping
from enum import StrEnum

import pytest
from pydantic import BaseModel

from handwheel.agents.diagnosis import baseline
from handwheel.agents.diagnosis import failure_modes as modes
from handwheel.agents.lookahead.fmi.twin import Output, UnitMap
from handwheel.connectors.model import (
    endpoints,
    equipment,
    heartbeats,
    language_models,
    notice_spec,
    site_file,
    tag_file,
    twin_spec,
)
from handwheel.evaluation.playbook_tests import schema as playbook_tests
from handwheel.playbooks.engine import states as run
from handwheel.sim_plant.cw100.control import loops
from handwheel.sim_plant.cw100.tags import FIELD_ACTIONS, TAGS, TROUBLE
from handwheel.sim_plant.model import Node
from handwheel.tools.guardrails.approval.messages.run_events import RecordEvent
from handwheel.tools.guardrails.gate.server.registry import MESSAGES
from handwheel.tools.guardrails.gate.steps import reading_age
from handwheel.tools.guardrails.identity import roster as operators
from handwheel.tools.guardrails.ledger import lifecycle
from handwheel.tools.guardrails.ledger.store import states as transitions
from handwheel.tools.guardrails.policy import schema as policy_schema
from handwheel.tools.guardrails.policy import suspend as policy_suspend
from handwheel.tools.guardrails.signatures import decisions
from handwheel.tools.requests import request
from handwheel.tools.requests import timestamps as stamps

from .pages.doc_tables import DOCS, ROOT, SPAN, sections, spans, text_of


def _keys(*models: type[BaseModel]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def test_the_reference_lists_exactly_the_plants_interlocks() -> None:
    tags = [tag.name for tag in TAGS if tag.address == Node("Interlocks")]
    named = [f"{row[0]}.active" for row in sections(DOCS / "reference/cw-100.md")["Interlocks"]]
    assert tags == [*named, "HS-201.active"]


def test_the_reference_lists_exactly_the_plants_loops_and_field_actions() -> None:
    tables = sections(DOCS / "reference/cw-100.md")
    assert [(*row[:2], *row[3:7]) for row in tables["Loops"]] == [
        (
            f"`{name}`", loops.MEASURES[name], "direct" if pi.direct else "reverse",
            f"{pi.gain:g}", f"{pi.integral_time_s:g} s", f"{pi.low * 100:g} to {pi.high * 100:g} %",
        )
        for name, pi in loops.TUNING.items()
    ]  # fmt: skip
    named = {word for row in tables["Field actions"] for word in SPAN.findall(row[0])}
    assert FIELD_ACTIONS.keys() == {
        word.replace("TAG", sensor) for word in named for sensor in TROUBLE
    }


def test_the_reference_lists_exactly_the_keys_of_a_sites_files() -> None:
    rows = sections(DOCS / "reference/site-files.md")
    listed = {head: spans(*(row[0] for row in table)) for head, table in rows.items()}
    every = listed["Keys of every tag"] | listed["Words for people"]
    assert listed["site.yaml"] == _keys(site_file.SiteFile)
    assert listed["A connection of kind opcua"] == _keys(
        endpoints.OpcuaConnection, endpoints.Credentials
    )
    assert listed["A connection of kind modbus"] == _keys(endpoints.ModbusConnection)
    assert listed["A connection of another kind"] == _keys(endpoints.InstalledConnection)
    assert listed["A piece of equipment"] == _keys(equipment.Equipment)
    assert listed["A computed tag"] == _keys(equipment.ComputedSpec)
    assert listed["A heartbeat"] == _keys(heartbeats.HeartbeatSpec)
    assert listed["Notices"] == _keys(notice_spec.NoticeSpec)
    channels = (notice_spec.EmailChannel, notice_spec.WebhookChannel, notice_spec.CommandChannel)
    assert listed["A channel of notices"] == _keys(*channels, endpoints.Credentials)
    models = (language_models.ChatModel, language_models.LocalModel)
    assert listed["A language model"] == _keys(*models)
    assert listed["A twin"] == _keys(twin_spec.TwinSpec)
    assert listed["tags.yaml"] == _keys(tag_file.TagFile)
    assert every | listed["A tag on OPC UA"] == _keys(tag_file.NodeTag)
    assert every | listed["A tag on Modbus"] == _keys(tag_file.RegisterTag)
    assert every | listed["A tag of another connector"] == _keys(tag_file.ItemTag)
    assert listed["policy.yaml"] == _keys(policy_schema.PolicyFile)
    assert listed["A prohibition"] == _keys(policy_schema.ForbidRule)
    assert listed["A permission"] == _keys(policy_schema.AllowRule)
    assert listed["Suspension"] == _keys(policy_suspend.Suspend)
    assert listed["A condition across tags"] == _keys(policy_schema.AcrossRule)
    assert listed["operators.yaml"] == _keys(operators.OperatorsFile)
    assert listed["An enrolment record"] == _keys(operators.Record)


def test_the_reference_lists_exactly_the_keys_of_a_units_map() -> None:
    rows = sections(DOCS / "reference/twins.md")
    listed = {head: spans(*(row[0] for row in table)) for head, table in rows.items()}
    assert listed["The map"] == _keys(UnitMap)
    assert listed["A link"] == _keys(Output)


def test_the_reference_lists_exactly_the_keys_of_playbook_tests() -> None:
    rows = sections(DOCS / "reference/playbook-tests.md")
    listed = {head: spans(*(row[0] for row in table)) for head, table in rows.items()}
    assert listed["The file"] == _keys(playbook_tests.TestsFile)
    assert listed["A case"] == _keys(playbook_tests.CaseSpec)
    assert listed["The plant"] == _keys(playbook_tests.PlantSpec)
    assert listed["A decision"] == _keys(playbook_tests.DecisionSpec)
    assert listed["Expectations"] == _keys(playbook_tests.ExpectSpec)


def test_the_reference_lists_exactly_the_keys_of_diagnosis() -> None:
    rows = sections(DOCS / "reference/failure-modes.md")
    listed = {head: spans(*(row[0] for row in table)) for head, table in rows.items()}
    assert listed["The file"] == _keys(modes.FailureModesFile)
    assert listed["A failure mode"] == _keys(modes.ModeSpec)
    assert listed["A sign"] == _keys(modes.SignSpec)
    assert listed["A check"] == _keys(modes.CheckSpec)
    site_files = sections(DOCS / "reference/site-files.md")["baseline.yaml"]
    written = _keys(baseline.BaselineFile) | _keys(baseline.HealthySpec)
    assert spans(*(cell for row in site_files for cell in row)) >= written


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
            lifecycle.FIRST_CLAIM_S, lifecycle.FOLLOW_UP_S, lifecycle.DUE_S, reading_age.BUDGET_S,
            stamps.CLOCK_STEP_S,
        )
    ]  # fmt: skip


def _source(*folders: str) -> str:
    return "\n".join(text_of(path) for name in folders for path in (ROOT / name).rglob("*.py"))


def test_the_reference_quotes_what_the_gate_says() -> None:
    rows = sections(DOCS / "reference/requests.md")["The way through the gate"]
    assert [row[0] for row in rows] == [str(n) for n in range(1, 17)]
    said = _source("tools/guardrails", "connectors")
    for row in rows:
        for part in (part for span in spans(row[2]) for part in span.split("…")):
            assert part.strip(" ,:") in said, part


def test_the_reference_lists_exactly_the_kinds_of_the_journal() -> None:
    rows = sections(DOCS / "reference/journal.md")["Kinds"]
    kinds: list[str] = re.findall(
        r"record\(\s*f?\"([a-z]+[.{][^\"]+|decision)\"",
        _source("tools", "hmi", "agents"),
    )
    kinds.append("ledger.migrated")  # written into a new file
    (pattern,) = (each.pattern for each in RecordEvent.model_fields["kind"].metadata)
    kinds += (f"{each}.STATE" for each in pattern[2 : pattern.index(")")].split("|"))
    assert spans(*(row[0] for row in rows)) == {
        re.sub(r"\{[\w.]+\}", "STATE", kind) for kind in kinds
    }


def test_the_reference_lists_exactly_what_the_gates_socket_takes_and_answers() -> None:
    tables = sections(DOCS / "reference/gate-socket.md")
    server = _source("tools/guardrails/gate/server")
    server += _source("tools/guardrails/socket_server")
    gets: list[str] = re.findall(r"web\.get\(\"([^\"]+)\"", server)
    assert spans(*(row[0] for row in tables["Questions"])) == {f"GET {path}" for path in gets}
    listed = spans(*(row[0] for row in tables["A message"]))
    assert listed == {each.path for each in MESSAGES}
    assert spans(*(row[0] for row in tables["A message"] if row[1].startswith("the agents"))) == {
        each.path for each in MESSAGES if each.is_agents
    }
    rejected: list[str] = re.findall(r"(?:Rejected\([^)]*?\)?, |Denial\()\"([a-z-]+)\"", server)
    codes: list[str] = re.findall(
        r'^    "([a-z-]+)": \w+,$', _source("tools/guardrails/client"), re.MULTILINE
    )
    wanted = {*codes, *rejected, "form", "version"}
    assert spans(*(row[0] for row in tables["Denials"])) == wanted


def test_the_reference_lists_exactly_what_the_guests_socket_takes_and_denies() -> None:
    page = DOCS / "reference/guests-socket.md"
    tables, server = sections(page), _source("agents/guests")
    routes: list[tuple[str, str]] = re.findall(r"web\.(get|post)\(\"([^\"]+)\"", server)
    listed = spans(*(row[0] for row in tables["Questions"]))
    listed |= {each for each in spans(page.read_text()) if each.startswith("POST /")}
    assert listed == {f"{method.upper()} {path}" for method, path in routes}
    server += _source("tools/guardrails/socket_server")
    codes: list[str] = re.findall(r"(?:Rejected\([^)]*?\)?, |Denial\()\"([a-z-]+)\"", server)
    listed = spans(*(row[0] for row in tables["Denials"]))
    assert listed == {*codes, "arguments"} - {"internal"}
