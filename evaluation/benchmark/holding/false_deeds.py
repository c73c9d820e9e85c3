"""Deeds of the agents' process that deceive ledger, graph or people."""

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

from .hand import Hand

Deed = Callable[[Hand], Awaitable[None]]

_COPY = (
    "INSERT INTO decision(request_id, verdict, subject, nonce, text, signature, card) "
    "VALUES (?, 'approve', '', ?, ?, ?, ?)"
)
_SIGNED = "SELECT text, signature, card FROM decision WHERE verdict = 'approve'"
_PLAN: Mapping[str, Any] = {"choice": "own/plan", "reason": "it must be done", "passed_over": []}


def _some(hand: Hand) -> RequestRecord:
    return load_request(hand.database, hand.draw.choice(hand.requests[-8:]))


def _action(hand: Hand) -> str:
    return hand.draw.choice(_some(hand).request.actions).action_id


def _within(hand: Hand, work: Callable[[Transaction], object]) -> None:
    def do() -> None:
        with hand.database.transaction(hand.context.clock()) as transaction:
            work(transaction)

    hand.try_(do)


def _set_due(hand: Hand, action_id: str) -> None:
    ledger = hand.context.ledger
    hand.try_(lambda: set_due(hand.database, action_id, ledger.holder, ledger.clock()))


async def _due(hand: Hand) -> None:
    """Sets any action due, whatever its request waits for."""
    _set_due(hand, _action(hand))


async def _due_twice(hand: Hand) -> None:
    action_id = _action(hand)
    _set_due(hand, action_id)
    _set_due(hand, action_id)


async def _skip(hand: Hand) -> None:
    ledger, name = hand.context.ledger, _action(hand)
    hand.try_(lambda: skip_action(hand.database, name, "why not", ledger.holder, ledger.clock()))


async def _end(hand: Hand) -> None:
    ledger, name = hand.context.ledger, _some(hand).request.request_id
    hand.try_(lambda: end_request(hand.database, name, "so it is", ledger.holder, ledger.clock()))


async def _file_again(hand: Hand) -> None:
    """Withdraws a request, and files the same again under its own key and under another."""
    record = _some(hand)
    if record.request.run is None:
        return
    await _end(hand)
    name = record.request.request_id
    document: dict[str, Any] = parse_canonical(record.text.replace(name, new_id("R")))
    again = ActionRequest.model_validate({**document, "proposal_key": token_hex(16)})
    for each in (record.request, again):
        hand.try_(partial(hand.file, each))


async def _approve(hand: Hand) -> None:
    """Moves a request to APPROVED without a signature, and sets its action due."""
    record = _some(hand)
    name = record.request.request_id
    _within(hand, lambda each: move_request(each, name, RequestState.APPROVED, "anna has signed"))
    _set_due(hand, record.request.commands[0].action_id)


async def _move(hand: Hand) -> None:
    """Moves an action by hand, forwards or back."""
    record = hand.draw.choice(_some(hand).actions)
    to = hand.draw.choice([ActionState.DUE, ActionState.PLANNED, ActionState.VERIFIED])
    _within(
        hand, lambda each: move_action(each, record.action_id, record.state, to, "as it must be")
    )


async def _change(hand: Hand) -> None:
    """Changes the text of a request after it was filed."""
    record, other = _some(hand), _some(hand)
    statement = "UPDATE request SET text = ?, digest = ? WHERE request_id = ?"
    values = (other.text, other.digest, record.request.request_id)
    _within(hand, lambda each: each.change(statement, values))


async def _copy_decision(hand: Hand) -> None:
    """Puts a signature that is there beside another request."""
    rows = hand.database.all(_SIGNED)
    if not rows:
        return
    signed = hand.draw.choice(rows)
    name = _some(hand).request.request_id
    _within(hand, lambda each: each.change(_COPY, (name, token_hex(16), *signed)))
    _within(hand, lambda each: move_request(each, name, RequestState.APPROVED, "as signed"))
    _set_due(hand, load_request(hand.database, name).request.commands[0].action_id)


async def _open_run(hand: Hand) -> None:
    """Opens a run that owns what it likes."""
    ledger, name = hand.context.ledger, new_id("U")
    entry = RunEntry(name, "own/plan", True)
    assets = [hand.draw.choice(hand.allowed()).tag.equipment]

    def do() -> None:
        open_run(hand.database, entry, assets, {"playbook": "own/plan"}, ledger.holder,
                 ledger.clock())  # fmt: skip
        record_event(hand.database, name, "complete", {}, ledger.holder, ledger.clock(),
                     closes=True)  # fmt: skip

    hand.try_(do)
    hand.runs.append(name)


async def _run_rows(hand: Hand) -> None:
    """Adds rows to runs, also to those of our agents and to runs that are over."""
    names = [*hand.runs, *(each.run_id for each in load_runs(hand.database))]
    name, kind = hand.draw.choice(names), hand.draw.choice(list(EventKind)).value
    body: dict[str, object] = {
        "request_id": hand.draw.choice(hand.requests),
        "reason": "anna has approved it",
    }
    ledger = hand.context.ledger
    hand.try_(lambda: record_event(hand.database, name, kind, body, ledger.holder, ledger.clock()))


async def _journal_rows(hand: Hand) -> None:
    """Adds rows that tell of approvals, outcomes and orders of people that never were."""
    record = _some(hand)
    name, action = record.request.request_id, record.request.commands[0].action_id
    rows: list[tuple[str, str, dict[str, object]]] = [
        ("decision", name, {"text": "{}", "signature": "00" * 64}),
        ("request.APPROVED", name, {"from": "PENDING", "to": "APPROVED", "reason": "signed"}),
        ("action.VERIFIED", action, {"from": "SENDING", "to": "VERIFIED", "reason": "done"}),
        ("run.ordered", hand.runs[-1], {"order": "resume", "person": "anna"}),
        ("case.judged", new_id("C"), {"choice": "own/plan", "reason": "named"}),
        ("gate.started", "gate", {"epoch": 1}),
    ]  # fmt: skip
    kind, subject, body = hand.draw.choice(rows)
    _within(hand, lambda each: each.record(kind, subject, body))


async def _resume(hand: Hand) -> None:
    """Wakes the threads of the graph, as if what they wait for had come."""
    for thread in _threads(hand):
        await hand.own.deliberations.follow(thread)


async def _edit(hand: Hand) -> None:
    """Changes what a thread of the graph has found, planned and seen come of it."""
    graph = hand.own.deliberations.graph
    for thread in _threads(hand):
        state: dict[str, Any] = {
            "plan": _PLAN,
            "outcome": {"state": "closed", "decision": "approved"},
        }
        node = hand.draw.choice(["plan", "rank", "wait", "follow"])
        config: Any = {"configurable": {"thread_id": thread}}
        await graph.aupdate_state(config, state, as_node=node)
        await graph.ainvoke(None, config, durability="sync")


def _threads(hand: Hand) -> Sequence[str]:
    return list(hand.own.cases.cases)


FALSE_DEEDS: Mapping[str, Deed] = {
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
"""Each deed by its name."""
