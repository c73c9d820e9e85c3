"""Orders to a run whose record nobody can read: a person's hold and stop are filed all the same."""

from collections.abc import Mapping

import pytest

from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import RunLog
from handwheel.tools.guardrails.approval.run_orders import load_orders

from ..command_in_process import Said
from .run_site import RUN, Place, leave, stay
from .typed_orders import here, typed

ODD_ROWS: Mapping[str, tuple[str, object]] = {
    "other types": ("run.notified", {"order": []}),
    "unknown kind": ("run.nothing", {}),
    "no request": ("run.filed", {"request_id": "R-99999999"}),
}
_ALL_THE_SAME = "; the order was recorded nevertheless\n"
free = pytest.mark.parametrize("word", ["hold", "stop"])


def _append(place: Place, kind: str, body: object) -> None:
    """Somebody has appended a row about the run while the gate was down, and keeps the chain."""
    place.record(kind, RUN, body)


def _given(place: Place) -> list[tuple[str, bool]]:
    return [(each.order, bool(each.person)) for each in load_orders(place.database, RUN)]


def _type(place: Place, said: Said, word: str) -> tuple[int, str, str]:
    stay(place)
    done = said("runs", word, RUN, f"--site={place.site.root}")
    place.catch_up()
    return done


@free
@pytest.mark.parametrize("what", ODD_ROWS)
def test_an_order_is_filed_where_nobody_works_on_it(
    live: Place, said: Said, word: str, what: str
) -> None:
    live.open()
    leave(live)
    _append(live, *ODD_ROWS[what])
    code, out, err = _type(live, said, word)
    vain = "no agents are running, and they resume no damaged run"
    assert (code, out) == (4, f"{word} {RUN}: recorded; {vain}\n")
    who = "request R-99999999 is not there" if what == "no request" else f"run {RUN} is damaged: "
    assert err.startswith(f"handwheel: {who}")
    assert err.endswith(_ALL_THE_SAME)
    assert _given(live) == [(word, True)]


@free
def test_an_order_that_is_not_taken_up_waits(
    live: Place, said: Said, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr("handwheel.hmi.runs.orders._FOLLOWED_S", 0.0)
    live.open()
    _append(live, *ODD_ROWS["other types"])
    code, out, err = _type(live, said, word)
    assert (code, out) == (4, f"{word} {RUN}: recorded; the run has not followed it yet\n")
    assert err.endswith(_ALL_THE_SAME)
    assert _given(live) == [(word, True)]


@pytest.mark.parametrize(("word", "rest"), [("hold", EventKind.HELD), ("stop", EventKind.STOPPED)])
def test_who_has_the_run_in_memory_is_followed(live: Place, word: str, rest: EventKind) -> None:
    log = live.open()
    live.ask(log)
    _append(live, *ODD_ROWS["other types"])

    def settle(log: RunLog) -> None:
        for name in ("other types", "unknown kind"):  # more of them behind the order
            _append(live, *ODD_ROWS[name])
        log.record(rest, reason=log.run.reason)

    done = typed(live, [word, RUN], more=settle, log=log)
    assert done.stdout.startswith(f"{RUN}  {rest.upper()}  {word} ordered by ")
    assert (done.returncode, done.stderr.endswith(_ALL_THE_SAME)) == (0, True)


def test_who_has_the_run_in_memory_and_refuses_says_why(live: Place) -> None:
    log = live.open()
    _append(live, *ODD_ROWS["other types"])
    done = typed(live, ["stop", RUN], veto="the run is COMPLETING", log=log)
    assert (done.returncode, done.stdout) == (1, "")
    told, why = done.stderr.splitlines()
    assert f"{told}\n".endswith(_ALL_THE_SAME)
    assert why == f"handwheel: {RUN} does not stop: the run is COMPLETING"


@free
def test_what_is_over_is_ordered_nothing(live: Place, said: Said, word: str) -> None:
    log = live.open()
    log.record(EventKind.NOT_STARTED, reason="cavitation")
    _append(live, *ODD_ROWS["other types"])
    assert _type(live, said, word) == (
        1,
        "",
        f"handwheel: {RUN} is over; next: handwheel runs show {RUN}{here(live)}\n",
    )
    assert _given(live) == []


@pytest.mark.parametrize("word", ["resume", "abort"])
def test_nobody_signs_for_what_nobody_can_read(live: Place, said: Said, word: str) -> None:
    live.held()
    _append(live, *ODD_ROWS["other types"])
    code, out, err = _type(live, said, word)
    assert (code, out) == (2, "")
    assert err.startswith(f"handwheel: run {RUN} is damaged: ")
    assert _given(live) == []
