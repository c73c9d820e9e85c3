"""What the gate looks for is in its memory: no row that somebody else writes ends the look."""
# pyright: reportPrivateUsage=false

import sqlite3
from collections.abc import Callable

import pytest

from handwheel.hmi.shift.summary import summarize
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.gate.steps import outcome as concluding
from handwheel.tools.guardrails.gate.steps.effects import look_for_effects

from ...attacks.sql_shell import shell_of, without_triggers, write_text
from ..testbed.ledger_faults import locked
from ..testbed.with_oracle import Watched
from .test_effects import EFFECT, expecting

Forge = Callable[[Watched, sqlite3.Connection, str], None]


def _nobody(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    """The twin."""


def _says_that_it_came(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    shell.execute("INSERT INTO effect VALUES (?, 1, ?, 120.0, 'x', 'CAME')", (name, EFFECT))


def _takes_the_expectation_away(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    request_id = name.partition("/")[0]
    text = room.desk.record(request_id).text
    start = text.index('"effects":[{')
    write_text(room.site.state, request_id, text[:start] + text[text.index("]", start) + 2 :])


def _past_the_triggers(statement: str) -> Forge:
    def forge(room: Watched, shell: sqlite3.Connection, name: str) -> None:
        with without_triggers(shell):
            shell.execute(statement, (name,))

    return forge


@pytest.mark.parametrize(
    ("forge", "held", "told"),
    [
        (_nobody, ["MISSED"], False),
        (_says_that_it_came, ["CAME"], True),
        (_takes_the_expectation_away, ["MISSED"], True),
        (_past_the_triggers("UPDATE action SET state = 'REFUSED' WHERE action_id = ?"),
         ["MISSED"], True),
        (_past_the_triggers("DELETE FROM action WHERE action_id = ?"), [], True),
    ],
    ids=["twin", "came", "not expected", "refused", "no action"],
)  # fmt: skip
async def test_nobodys_row_ends_the_look_or_changes_what_is_told(
    room: Watched, forge: Forge, held: list[str], *, told: bool
) -> None:
    request = await expecting(room)
    name = request.commands[0].action_id
    with shell_of(room.site.state) as shell:
        forge(room, shell, name)
    room.watch()
    assert look_for_effects(room.context, {}) == {"PT-102.pv"}
    room.clock.forward(121.0)
    for _ in range(3):
        room.watch()
    assert [(each["number"], each["expected"]) for each in room.rows("effect.MISSED")] == [
        (1, "PT-102.pv > 350 kPa")
    ]
    table = room.desk.database.all("SELECT verdict FROM effect")
    assert [row[0] for row in table] == held
    assert any(name.partition("/")[0] in each for each in room.faults()) is told
    of_it = f"effect 1 of {name}: the ledger says {''.join(held) or 'nothing'}, the journal MISSED"
    assert (of_it in room.faults()) is (held != ["MISSED"])
    assert look_for_effects(room.context, {}) == frozenset()
    await room.go_through()


async def test_the_next_shift_is_told_what_did_not_come_whatever_a_row_says(room: Watched) -> None:
    name = (await expecting(room)).commands[0].action_id
    with shell_of(room.site.state) as shell:
        _says_that_it_came(room, shell, name)
    room.clock.forward(121.0)
    room.watch()
    room.watch()
    summary = summarize(room.desk.decision_context, "anna", "bert", None, room.clock.now())
    (line,) = next(each.lines for each in summary.sections if each.title == "written")
    assert line.endswith(f"VERIFIED  MISSED: {EFFECT.partition(' within')[0]}")


async def test_a_round_asks_the_ledger_nothing_for_what_it_looks_for(room: Watched) -> None:
    await expecting(room)
    asked: list[str] = []
    connection = room.context.database._connection
    connection.set_trace_callback(asked.append)
    assert look_for_effects(room.context, {}) == {"PT-102.pv"}
    connection.set_trace_callback(None)
    assert asked == []


async def test_a_verdict_that_cannot_be_written_is_told_as_soon_as_it_can(room: Watched) -> None:
    await expecting(room)
    room.clock.forward(121.0)
    with locked(room), pytest.raises(LedgerError, match="locked"):
        look_for_effects(room.context, {})
    assert room.rows("effect.UNKNOWN") == []
    for _ in range(2):
        look_for_effects(room.context, {})
    assert len(room.rows("effect.UNKNOWN")) == 1


@pytest.mark.parametrize("is_rolled_back", [True, False], ids=["rolled back", "twin"])
async def test_what_did_not_come_to_the_disk_as_verified_comes_to_no_verdict(
    room: Watched, monkeypatch: pytest.MonkeyPatch, *, is_rolled_back: bool
) -> None:
    def fail(*_: object) -> str:
        raise LedgerError("the disk is full")

    with monkeypatch.context() as patch:
        if is_rolled_back:
            patch.setattr(concluding, "set_next_due", fail)
        request = await expecting(room)
    room.plant.values["PT-102.pv"] = 355.0
    room.watch()
    await room.act()
    room.watch()
    assert len(room.rows("effect.CAME")) == (not is_rolled_back)
    assert room.desk.states(request) == ["UNKNOWN" if is_rolled_back else "VERIFIED"]
    assert look_for_effects(room.context, {}) == frozenset()
