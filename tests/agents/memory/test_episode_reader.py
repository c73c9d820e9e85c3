"""Episodes are folded from the rows of cases and runs, and joined with the work orders."""

from dataclasses import replace

import pytest

from handwheel.agents.memory.episode import RaisedOrder
from handwheel.agents.memory.episode_reader import read_episodes
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.ledger.store.database import Database

from .played import at, diagnosis, hypothesis, play, raise_order

WORN = diagnosis(
    hypothesis("bearing-worn P-101A", 30.0, shakes=20.0, hot=10.0, loud=0.0),
    hypothesis("cavitates P-101A", -5.0, noise=-15.0),
)


def test_reader_of_a_closed_case_joins_diagnosis_run_and_order(
    ledger: tuple[Database, Site],
) -> None:
    database, site = ledger
    play(database, 1, WORN)
    raise_order(site, 1, found="")
    (episode,) = read_episodes(database, site).found
    assert (episode.case_id, episode.named, episode.choice) == (
        "C-00000001", "bearing-worn P-101A", "cw/bearing-worn",
    )  # fmt: skip
    assert (episode.deviations, episode.equipment) == (("alarm VAH",), ("P-101A",))
    assert episode.classes == ("pump",)
    assert [each.truth for each in episode.diagnosis.hypotheses[0].signs] == [
        "true", "true", "unknown",
    ]  # fmt: skip
    (run,) = episode.runs
    assert (run.state, run.expected, run.kept, run.orders) == ("COMPLETE", 1, 1, ("W-00000001",))
    assert [each.closed_by for each in episode.orders] == ["ben"]
    assert (episode.found, episode.confirmed) == ("", None)


@pytest.mark.parametrize(
    ("found", "is_confirmed"),
    [
        ("bearing-worn", True),
        ("bearing-worn P-101A", True),
        ("bearing-worn P-101B", False),
        ("cavitates", False),
        ("nothing", False),
    ],
)
def test_episode_is_confirmed_by_what_the_order_has_found(
    ledger: tuple[Database, Site], found: str, is_confirmed: bool
) -> None:
    database, site = ledger
    play(database, 1, WORN)
    (episode,) = read_episodes(database, site).found
    order = RaisedOrder("W-00000001", "", "P-101A", "", "2026", "ben", found)
    assert replace(episode, orders=(order,)).confirmed is is_confirmed


def test_reader_of_damaged_rows_leaves_out_their_case_and_tells_it(
    ledger: tuple[Database, Site],
) -> None:
    database, site = ledger
    for n in (1, 2, 3):
        play(database, n, WORN, minutes=n)
    with database.transaction(at(5)) as transaction:
        transaction.record("run.expected", "U-00000002", {"step": "s"})
    play(database, 4, WORN, minutes=9, is_closed=False)
    found = read_episodes(database, site)
    assert [each.case_id[-1] for each in found.found] == ["1", "3", "4"]
    (problem,) = found.problems
    assert problem.startswith("case C-00000002: run U-00000002 is damaged")
    assert [each.case_id[-1] for each in read_episodes(database, site, most=1).found] == ["3"]


def test_reader_takes_the_last_diagnosis_that_has_named_a_fault_else_the_last(
    ledger: tuple[Database, Site],
) -> None:
    database, site = ledger
    doubted = diagnosis(hypothesis("cavitates P-101A", 5.0, noise=10.0), named=False)
    for n, diagnoses in enumerate(((doubted, doubted), (doubted, WORN, doubted)), 1):
        case_id = f"C-{n:08}"
        with database.transaction(at(n)) as transaction:
            opened: dict[str, object] = {
                "condition": "it vibrates",
                "playbook": "",
                "deviation": "alarm VAH",
            }
            transaction.record("case.opened", case_id, opened)
            for each in diagnoses:
                body: dict[str, object] = {
                    "choice": "",
                    "candidates": [],
                    "reason": "so",
                    "diagnosis": each,
                }
                transaction.record("case.judged", case_id, body)
    first, second = read_episodes(database, site).found
    assert (first.named, first.diagnosis.suspected) == ("", ("cavitates P-101A",))
    assert second.named == "bearing-worn P-101A"
