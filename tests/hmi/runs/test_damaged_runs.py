"""Orders to a run whose record nobody can read: a person's hold and stop are filed all the same."""

import pytest

from handwheel.playbooks.engine.states import EventKind
from handwheel.tools.guardrails.approval.run_orders import load_orders

from ..command_in_process import Said
from .run_site import RUN, Place, stay
from .typed_orders import here

ODD: tuple[str, str, dict[str, object]] = ("run.notified", RUN, {"order": []})
"""Row of a kind that a run has, with a body that none of its events has."""
_ALL_THE_SAME = "; the order was recorded nevertheless\n"
free = pytest.mark.parametrize("word", ["hold", "stop"])


def _given(place: Place) -> list[tuple[str, bool]]:
    return [(each.order, bool(each.person)) for each in load_orders(place.database, RUN)]


def _type(place: Place, said: Said, word: str) -> tuple[int, str, str]:
    stay(place)
    done = said("runs", word, RUN, f"--site={place.site.root}")
    place.catch_up()
    return done


@free
def test_an_order_is_filed(live: Place, said: Said, word: str) -> None:
    live.open()
    live.record(*ODD)
    code, out, err = _type(live, said, word)
    assert (code, out) == (4, "")
    assert err.startswith(f"handwheel: run {RUN} is damaged: ")
    assert err.endswith(_ALL_THE_SAME)
    assert _given(live) == [(word, True)]


@free
def test_what_is_over_is_ordered_nothing(live: Place, said: Said, word: str) -> None:
    log = live.open()
    log.record(EventKind.NOT_STARTED, reason="cavitation")
    live.record(*ODD)
    assert _type(live, said, word) == (
        1,
        "",
        f"handwheel: {RUN} is over; next: handwheel runs show {RUN}{here(live)}\n",
    )
    assert _given(live) == []


@pytest.mark.parametrize("word", ["resume", "abort"])
def test_nobody_signs_for_what_nobody_can_read(live: Place, said: Said, word: str) -> None:
    live.held()
    live.record(*ODD)
    code, out, err = _type(live, said, word)
    assert (code, out) == (2, "")
    assert err.startswith(f"handwheel: run {RUN} is damaged: ")
    assert _given(live) == []
