"""`handwheel desk` and `handwheel handover` at a real terminal."""

import os

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER
from handwheel.tools.guardrails.gate.server.registry import MESSAGES
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import instant_now

from ...command_line import handwheel
from ...gate.server.served_ledger import served
from ...plants.served import site_of
from ..command_processes import in_terminal
from ..end_to_end.shells import PASSPHRASE, Place

_DESK = ("-m", "handwheel.hmi", "desk", "--as", "anna", "--lock-after", "1min")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A site with an administrator and two operators."""
    place = Place(tmp_path_factory.mktemp("desk"))
    site_of(place.root, PlantEndpoints())
    place.enroll()
    return place


def _rows(place: Place) -> list[str]:
    with Database(place.root / "var", "cw") as database:
        return [str(row.fields["kind"]) for row in database.journal()]


@pytest.mark.timeout(300)
def test_a_seat_is_opened_locked_and_handed_over(place: Place) -> None:
    with (
        served(load_site(place.root), instant_now, MESSAGES),
        in_terminal(*_DESK, variables=place.variables) as terminal,
    ):
        terminal.type("lock\nlock\n")  # typed ahead
        terminal.answer("passphrase of anna: ", f"{PASSPHRASE}\n")
        terminal.answer("anna> ", "lockout P-101B\n")
        terminal.answer("locked out: P-101B", "")
        terminal.answer("anna> ", "approve R-7K3MQ2XA\n")
        terminal.answer("is no request of this site", "")
        terminal.answer("anna> ", "take PUMPS-101\n")
        terminal.answer("taken: PUMPS-101 is OPERATOR", "")
        terminal.answer("anna> ", "lock\n")
        terminal.answer("anna locked (requested); Enter for the passphrase> ", "handover ben\n")
        terminal.answer("the console is locked: requested; nothing was signed", "")
        terminal.answer("Enter for the passphrase> ", "\n")
        terminal.answer("passphrase of anna: ", "wrong passphrase\n")
        terminal.answer("the passphrase of anna is wrong; again, or Enter to cancel", "")
        terminal.answer("passphrase of anna: ", "\n")
        terminal.answer("no passphrase was typed", "")
        terminal.answer("nothing typed is shown> ", f"{PASSPHRASE}\n")
        terminal.read_until("Enter for the passphrase> ")
        assert terminal.written.startswith("\r\nanna locked"), terminal.written
        terminal.answer("Enter for the passphrase> ", "\n")
        terminal.answer("passphrase of anna: ", f"{PASSPHRASE}\n")
        terminal.answer("anna> ", "handover ben\n")
        terminal.answer("P-101B, not read by a gate yet", "")
        terminal.answer("Enter for none: ", "the seal drips\n")
        terminal.answer('Type "hand over" to sign, both of you', "hand over\n")
        for typed in ("wrong", "still wrong", "wrong again"):  # the note is not lost
            terminal.answer("passphrase of ben: ", f"{typed}\n")
        again = "next: handwheel handover --to ben --as anna --note 'the seal drips' --site "
        terminal.answer(again, "")
        terminal.answer("anna> ", "handover ben\n")
        terminal.answer("Enter for none: ", "the seal drips\n")
        terminal.answer('Type "hand over" to sign, both of you', "hand over\n")
        terminal.answer("passphrase of ben: ", "wrong\n")
        terminal.answer("passphrase of ben: ", f"{PASSPHRASE}\n")
        terminal.answer("handed over: shift:anna:ben:", "")
        terminal.answer("locked (the shift was handed over)", "quit\n")
        assert terminal.exit_code() == 0
    assert _rows(place)[-1] == HANDED_OVER
    verified = handwheel("journal", "verify", env=place.variables)
    assert (verified.returncode, verified.stderr) == (0, "")
    report = handwheel("journal", "export", "--format", "report", env=place.variables).stdout
    table = handwheel("journal", "export", "--format", "csv", env=place.variables)
    assert (table.returncode, HANDED_OVER in table.stdout) == (0, True)
    for part in ("anna ENDED THE SHIFT", "ben TOOK THE SHIFT", "the seal drips"):
        assert part in report, report


@pytest.mark.parametrize("words", [("desk", "--as", "anna"), ("handover", "--to", "ben")])
def test_a_pipe_is_nobody(place: Place, words: tuple[str, ...]) -> None:
    before = _rows(place)
    environment = {**os.environ, **place.variables}
    more = ("--as", "anna", "--note", "") if words[0] == "handover" else ()
    with served(load_site(place.root), instant_now, MESSAGES):
        done = handwheel(*words, *more, env=environment, stdin=f"{PASSPHRASE}\nhand over\n")
    assert (done.returncode, _rows(place)) == (2, before)
    assert "an answer needs a terminal" in done.stderr
