"""A run whose record nobody can read, and which the agents go on with: it still obeys people."""

# pyright: reportPrivateUsage=false

import pytest

from handwheel.hmi.runs import command as runs
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.run_orders import FreeOrder
from handwheel.tools.guardrails.ledger.store.journal import next_row

from ..testbed.frames import START_B
from ..testbed.stepped_agents import AgentsRoom


@pytest.mark.parametrize(("order", "rest"), [("hold", "held"), ("stop", "stopped")])
@pytest.mark.parametrize("body", [None, [], {"order": []}], ids=["sound", "no event", "odd types"])
async def test_it_comes_to_rest_at_the_end_of_its_step(
    room: AgentsRoom,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    order: FreeOrder,
    rest: str,
    body: object,
) -> None:
    monkeypatch.setattr("handwheel.hmi.runs.orders._FOLLOWED_S", 0.0)
    for each in ("orders", "command"):
        monkeypatch.setattr(f"handwheel.hmi.runs.{each}.instant_now", room.clock.now)
    await room.settles()
    database, run_id = room.desk.database, room.run_id
    if body is not None:
        _append(room, body)
        with pytest.raises(LedgerError, match=f"^run {run_id} is damaged: "):
            _ = room.run
    head = database.head()
    assert head is not None
    with pytest.raises(SystemExit, match=r"^4$"):
        runs._ask(room.site, run_id, order)
    out, err = capsys.readouterr()
    assert out == f"{order} {run_id}: recorded; the run has not followed it yet\n"
    assert err.endswith("; the order was recorded nevertheless\n") == (body is not None)
    await room.scan(100)
    kinds = [each.fields["kind"] for each in database.journal(head.seq)]
    assert [each for each in kinds if each.startswith("run.")] == [
        "run.ordered", "run.holding" if order == "hold" else "run.stopping", "run.step",
        f"run.{rest}",
    ]  # fmt: skip
    assert room.frames == [START_B]


def _append(room: AgentsRoom, body: object) -> None:
    """Somebody with an SQL shell appends a row about the run, and keeps the chain."""
    database, now = room.desk.database, room.clock.now()
    with database.transaction(now) as transaction:
        row = next_row(database.head(), now, "run.notified", room.run_id, body)
        values = (row.seq, row.hash, row.text)
        transaction.change("INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)", values)
