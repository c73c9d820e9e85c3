"""Operations of the agents' process that deceive ledger, graph or people."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from secrets import token_hex
from typing import Any

from handwheel.playbooks.engine.states import EventKind
from handwheel.tools.guardrails.approval.run_requests import end_request, set_due, skip_action
from handwheel.tools.guardrails.ledger.lifecycle import move_action, move_request
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.runs import RunEntry, load_runs, open_run, record_event
from handwheel.tools.guardrails.ledger.store.database import Transaction
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.request import ActionRequest

from .agent_access import AgentAccess

Operation = Callable[[AgentAccess], Awaitable[None]]

_COPY = (
    "INSERT INTO decision(request_id, verdict, subject, nonce, text, signature, card) "
    "VALUES (?, 'approve', '', ?, ?, ?, ?)"
)
_SIGNED = "SELECT text, signature, card FROM decision WHERE verdict = 'approve'"
_PLAN: Mapping[str, Any] = {"choice": "own/plan", "reason": "it must be done", "passed_over": []}


def _some(access: AgentAccess) -> RequestRecord:
    return load_request(access.database, access.draw.choice(access.requests[-8:]))


def _action(access: AgentAccess) -> str:
    return access.draw.choice(_some(access).request.actions).action_id


def _within(access: AgentAccess, work: Callable[[Transaction], object]) -> None:
    def do() -> None:
        with access.database.transaction(access.context.clock()) as transaction:
            work(transaction)

    access.try_(do)


def _set_due(access: AgentAccess, action_id: str) -> None:
    ledger = access.context.ledger
    access.try_(lambda: set_due(access.database, action_id, ledger.holder, ledger.clock()))


async def _due(access: AgentAccess) -> None:
    """Sets any action due, whatever its request waits for."""
    _set_due(access, _action(access))


async def _due_twice(access: AgentAccess) -> None:
    action_id = _action(access)
    _set_due(access, action_id)
    _set_due(access, action_id)


async def _skip(access: AgentAccess) -> None:
    ledger, name = access.context.ledger, _action(access)
    access.try_(
        lambda: skip_action(access.database, name, "why not", ledger.holder, ledger.clock())
    )


async def _end(access: AgentAccess) -> None:
    ledger, name = access.context.ledger, _some(access).request.request_id
    access.try_(
        lambda: end_request(access.database, name, "so it is", ledger.holder, ledger.clock())
    )


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


async def _approve(access: AgentAccess) -> None:
    """Moves a request to APPROVED without a signature, and sets its action due."""
    record = _some(access)
    name = record.request.request_id
    _within(access, lambda each: move_request(each, name, RequestState.APPROVED, "anna has signed"))
    _set_due(access, record.request.commands[0].action_id)


async def _move(access: AgentAccess) -> None:
    """Moves an action by hand, forwards or back."""
    record = access.draw.choice(_some(access).actions)
    to = access.draw.choice([ActionState.DUE, ActionState.PLANNED, ActionState.VERIFIED])
    _within(
        access, lambda each: move_action(each, record.action_id, record.state, to, "as it must be")
    )


async def _change(access: AgentAccess) -> None:
    """Changes the text of a request after it was filed."""
    record, other = _some(access), _some(access)
    statement = "UPDATE request SET text = ?, digest = ? WHERE request_id = ?"
    values = (other.text, other.digest, record.request.request_id)
    _within(access, lambda each: each.change(statement, values))


async def _copy_decision(access: AgentAccess) -> None:
    """Puts a signature that is there beside another request."""
    rows = access.database.all(_SIGNED)
    if not rows:
        return
    signed = access.draw.choice(rows)
    name = _some(access).request.request_id
    _within(access, lambda each: each.change(_COPY, (name, token_hex(16), *signed)))
    _within(access, lambda each: move_request(each, name, RequestState.APPROVED, "as signed"))
    _set_due(access, load_request(access.database, name).request.commands[0].action_id)


async def _open_run(access: AgentAccess) -> None:
    """Opens a run that owns what it likes."""
    ledger, name = access.context.ledger, new_id("U")
    entry = RunEntry(name, "own/plan", True)
    assets = [access.draw.choice(access.allowed()).tag.equipment]

    def do() -> None:
        open_run(access.database, entry, assets, {"playbook": "own/plan"}, ledger.holder,
                 ledger.clock())  # fmt: skip
        record_event(access.database, name, "complete", {}, ledger.holder, ledger.clock(),
                     closes=True)  # fmt: skip

    access.try_(do)
    access.runs.append(name)


async def _run_rows(access: AgentAccess) -> None:
    """Adds rows to runs, also to those of our agents and to runs that are over."""
    names = [*access.runs, *(each.run_id for each in load_runs(access.database))]
    name, kind = access.draw.choice(names), access.draw.choice(list(EventKind)).value
    body: dict[str, object] = {
        "request_id": access.draw.choice(access.requests),
        "reason": "anna has approved it",
    }
    ledger = access.context.ledger
    access.try_(
        lambda: record_event(access.database, name, kind, body, ledger.holder, ledger.clock())
    )


async def _journal_rows(access: AgentAccess) -> None:
    """Adds rows that tell of approvals, outcomes and orders of people that never were."""
    record = _some(access)
    name, action = record.request.request_id, record.request.commands[0].action_id
    rows: list[tuple[str, str, dict[str, object]]] = [
        ("decision", name, {"text": "{}", "signature": "00" * 64}),
        ("request.APPROVED", name, {"from": "PENDING", "to": "APPROVED", "reason": "signed"}),
        ("action.VERIFIED", action, {"from": "SENDING", "to": "VERIFIED", "reason": "done"}),
        ("run.ordered", access.runs[-1], {"order": "resume", "person": "anna"}),
        ("case.judged", new_id("C"), {"choice": "own/plan", "reason": "named"}),
        ("gate.started", "gate", {"epoch": 1}),
    ]  # fmt: skip
    kind, subject, body = access.draw.choice(rows)
    _within(access, lambda each: each.record(kind, subject, body))


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


FALSE_OPERATIONS: Mapping[str, Operation] = {
    "due": _due,
    "due twice": _due_twice,
    "skip": _skip,
    "end": _end,
    "file again": _file_again,
    "approve by hand": _approve,
    "move by hand": _move,
    "change after filing": _change,
    "copy a signature": _copy_decision,
    "open a run": _open_run,
    "rows of runs": _run_rows,
    "rows of the journal": _journal_rows,
    "resume the graph": _resume,
    "edit the graph": _edit,
}
"""Each operation by its name."""
