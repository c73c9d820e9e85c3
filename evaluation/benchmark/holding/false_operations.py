"""Messages of the agents' process that deceive gate, graph or people."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from secrets import token_hex
from typing import Any

from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.guardrails.approval.messages.agents import Operation
from handwheel.tools.guardrails.approval.messages.run_events import (
    OpenRun,
    RecordEvent,
)
from handwheel.tools.guardrails.approval.messages.run_requests import EndRequest, SetDue, SkipAction
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.runs import load_runs
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.request import ActionRequest

from .agent_access import AgentAccess

FalseOperation = Callable[[AgentAccess], Awaitable[None]]

_PLAN: Mapping[str, Any] = {"choice": "own/plan", "reason": "it must be done", "passed_over": []}


def _some(access: AgentAccess) -> RequestRecord:
    return load_request(access.database, access.draw.choice(access.requests[-8:]))


def _action(access: AgentAccess) -> str:
    return access.draw.choice(_some(access).request.actions).action_id


async def _due(access: AgentAccess) -> None:
    """Sets any action due, whatever its request waits for."""
    access.add(SetDue(action_id=_action(access)))


async def _due_twice(access: AgentAccess) -> None:
    due = SetDue(action_id=_action(access))
    access.add(due)
    access.add(due)


async def _skip(access: AgentAccess) -> None:
    access.add(SkipAction(action_id=_action(access), reason="why not"))


async def _end(access: AgentAccess) -> None:
    access.add(EndRequest(request_id=_some(access).request.request_id, reason="so it is"))


async def _file_again(access: AgentAccess) -> None:
    """Withdraws a request, and files the same again under its own key and under another."""
    record = _some(access)
    if record.request.run is None:
        return
    await _end(access)
    name = record.request.request_id
    document: dict[str, Any] = parse_canonical(record.text.replace(name, new_id("R")))
    again = ActionRequest.model_validate({**document, "proposal_key": token_hex(16)})
    for each in (record.request, again):
        access.try_(partial(access.file, each))


async def _as_another(access: AgentAccess) -> None:
    """Sets an action due as a process that does not work on the site's runs."""
    own, due = access.context.ledger.writer, SetDue(action_id=_action(access))
    other = LedgerWriter(own.context, token_hex(16), own.clock)
    access.try_(lambda: other.add(due))


async def _open_run(access: AgentAccess) -> None:
    """Opens a run that owns what it likes."""
    name = new_id("U")
    assets = (access.draw.choice(access.allowed()).tag.equipment,)
    body: dict[str, Any] = {"playbook": "own/plan"}
    access.add(
        OpenRun(run_id=name, playbook="own/plan", assets=assets, body=body),
        RecordEvent(subject=name, kind=f"run.{EventKind.COMPLETED.value}", body={}),
    )
    access.runs.append(name)


async def _run_rows(access: AgentAccess) -> None:
    """Adds rows to runs, also to those of our agents and to runs that are over."""
    names = [*access.runs, *(each.run_id for each in load_runs(access.database))]
    name, kind = access.draw.choice(names), access.draw.choice(list(EventKind)).value
    body: dict[str, Any] = {
        "request_id": access.draw.choice(access.requests),
        "reason": "anna has approved it",
    }
    access.add(RecordEvent(subject=name, kind=f"run.{kind}", body=body))


async def _words_of_people(access: AgentAccess) -> None:
    """Adds rows that tell of orders and answers of people that never were."""
    order = {"order": "resume", "person": "anna"}
    case = {"choice": "own/plan", "reason": "named"}
    operations: list[Operation] = [
        RecordEvent(subject=access.runs[-1], kind="run.ordered", body=order),
        RecordEvent(subject=new_id("C"), kind="case.ordered", body=order),
        RecordEvent(subject=new_id("C"), kind="case.answered", body=order),
        RecordEvent(subject=new_id("C"), kind="case.judged", body=case),
    ]
    access.add(access.draw.choice(operations))


async def _resume(access: AgentAccess) -> None:
    """Wakes the threads of the graph, as if what they wait for had come."""
    for thread in _threads(access):
        await access.own.deliberations.follow(thread)


async def _edit(access: AgentAccess) -> None:
    """Changes what a thread of the graph has found, planned and seen come of it."""
    graph = access.own.deliberations.graph
    for thread in _threads(access):
        state: dict[str, Any] = {
            "plan": _PLAN,
            "outcome": {"state": "closed", "decision": "approved"},
        }
        node = access.draw.choice(["plan", "rank", "wait", "follow"])
        config: Any = {"configurable": {"thread_id": thread}}
        await graph.aupdate_state(config, state, as_node=node)
        await graph.ainvoke(None, config, durability="sync")


def _threads(access: AgentAccess) -> Sequence[str]:
    return list(access.own.cases.cases)


FALSE_OPERATIONS: Mapping[str, FalseOperation] = {
    "due": _due,
    "due twice": _due_twice,
    "skip": _skip,
    "end": _end,
    "file again": _file_again,
    "as another process": _as_another,
    "open a run": _open_run,
    "rows of runs": _run_rows,
    "words of people": _words_of_people,
    "resume the graph": _resume,
    "edit the graph": _edit,
}
"""Each operation by its name."""
