"""How a run is drawn, and how its request is listed."""

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.hmi.requests.request_text import request_line
from handwheel.hmi.runs.run_screen import render_run, run_line
from handwheel.playbooks.engine.states import EventKind
from handwheel.tools.guardrails.ledger.listing import listed
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionRecord, ActionState, RequestState

from ...gate.testbed.words import ask_run
from ...sites.signed_requests import NOW
from ..golden import check_golden
from ..requests.sample_card import asked_by_run
from .run_site import FIRST, RUN, Place, leave, opened

GOLDEN = Path(__file__).parent / "golden"
TITLES = {"start": "Start the standby", "stop": "Stop the duty pump", "order": "Raise the order"}


@pytest.fixture
def place(tmp_path: Path) -> Generator[Place]:
    """A place where time stands still."""
    with opened(tmp_path, NOW) as place:
        yield place


def _waits(place: Place) -> None:
    place.ask(place.open())
    without = replace(place.view(), has_gate=False)
    assert without.waits_for(NOW) == f"approval of {FIRST} by operator"


def _held(place: Place) -> None:
    place.held()
    place.do(lambda ledger: ask_run(ledger, RUN, "stop", "carl", NOW))


def _aborted(place: Place) -> None:
    """A run of two segments, the second of which broke what was promised."""
    log = place.open()
    place.ask(log)
    log.record(EventKind.APPROVED, request_id=FIRST)
    for to in ("COMMAND", "VERIFY", "DONE"):
        log.record(EventKind.STEP, step="start", to=to, reason="")
    log.record(EventKind.EXPECTED, step="start", text="x", kept=True, shown="P-101B.running")
    log.record(EventKind.STEP, step="stop", to="COMMAND", reason="")
    log.record(EventKind.STEP, step="stop", to="VERIFY", reason="")
    log.record(EventKind.STEP, step="stop", to="FAILED", reason="PT-102.pv > 300 kPa never came")
    log.record(EventKind.EXPECTED, step="stop", text="y", kept=False, shown="not P-101A.running")
    log.record(EventKind.RAISED, workorder="W-00000001", asset="P-101A", title="Look at \x1b[2J it")
    log.record(EventKind.ABORTING, reason="stop failed", goal="rollback")
    log.record(EventKind.UNDONE, action_id=f"{FIRST}/u1", state="VERIFIED", reason="reads false")
    log.record(EventKind.ORDER_REFUSED, asked="hold", person="carl", reason="the run is ABORTING")
    log.record(EventKind.ABORTED, reason="stop failed")
    log.record(EventKind.NOTIFIED, to=["maintenance"], text="look at it")


def _died(place: Place) -> None:
    _waits(place)
    leave(place)


STORIES: dict[str, Callable[[Place], None]] = {
    "waits": _waits, "held": _held, "aborted": _aborted, "died": _died,
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_a_run_looks_as_it_did(place: Place, name: str) -> None:
    STORIES[name](place)
    view = place.view()
    lines = [run_line(view, NOW), "", *render_run(view, TITLES, place.site.id, NOW)]
    drawn = "\n".join(lines) + "\n"
    check_golden(GOLDEN / f"{name}.txt", drawn)
    assert all(len(line) <= 80 for line in lines[2:])


def test_colour_is_for_the_abnormal_and_never_alone(place: Place) -> None:
    _aborted(place)
    drawn = [
        render_run(place.view(), TITLES, "cw-demo", NOW, is_coloured=each) for each in (False, True)
    ]
    for plain, coloured in zip(*drawn, strict=True):
        assert ("\x1b" in coloured) <= (plain[10:11] == "!" or plain.startswith(" " * 14))
    assert sum("\x1b" in line for line in drawn[1]) > 3


def test_the_request_of_a_run_is_listed_with_its_steps() -> None:
    asked = asked_by_run()
    actions = tuple(
        ActionRecord(each.action_id, ActionState.PLANNED, "", None, None) for each in asked.actions
    )
    record = RequestRecord(
        asked, asked.text, asked.digest, RequestState.APPROVED, "", NOW, NOW, actions
    )
    line = request_line(listed(record), NOW)
    assert line.endswith("(U-7K3MQ2XA, cw/change-over: start-standby, less)")


def test_without_its_playbook_a_run_shows_what_its_events_tell(place: Place) -> None:
    _aborted(place)
    view = place.view()
    assert [each.step_id for each in view.steps({})] == ["start", "stop"]
    assert [each.step_id for each in view.steps(TITLES)] == [*TITLES]
