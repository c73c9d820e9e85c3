"""`handwheel desk` and `handwheel handover` at a real terminal."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER
from handwheel.tools.guardrails.gate.server.registry import MESSAGES
from handwheel.tools.guardrails.identity.enrolment import Enrolment, record_of
from handwheel.tools.guardrails.identity.keys import PrivateKey, create_key, fingerprint, key_path
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import instant_now

from ...command_line import handwheel
from ...gate.server.served_ledger import served
from ...plants.served import site_of
from ..command_processes import Terminal, in_terminal

PASSPHRASE = "battery staple"
_DESK = ("-m", "handwheel.hmi", "desk", "--as", "anna", "--lock-after", "1min")


@dataclass(frozen=True)
class Place:
    """A site, and the keys of two operators."""

    root: Path
    config: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"XDG_CONFIG_HOME": str(self.config), "HANDWHEEL_SITE": str(self.root)}

    def rows(self) -> list[str]:
        with Database(self.root / "var", "cw") as database:
            return [str(row.fields["kind"]) for row in database.journal()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("desk")
    place, root = Place(folder / "cw", folder / "config"), PrivateKey.generate()
    site_of(place.root, PlantEndpoints())
    start = datetime.now(UTC) - timedelta(hours=1)
    records = [record_of("cw", _wanted("root", "administrator", start), root.public_key(), root)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(place.config))
        for name in ("anna", "ben"):
            public = create_key(key_path("cw", name), PASSPHRASE).public_key()
            records.append(record_of("cw", _wanted(name, "operator", start), public, root))
    (place.root / "operators.yaml").write_text(operators_text(records), encoding="utf-8")
    site = place.root / "site.yaml"
    trust = f'trust: {{root: "{fingerprint(root.public_key())}"}}'
    site.write_text(site.read_text().replace("tags: tags.yaml", f"{trust}\ntags: tags.yaml"))
    return place


def _wanted(person: str, role: str, start: datetime) -> Enrolment:
    return Enrolment(person, (role,), start, start + timedelta(days=1))


def _type(terminal: Terminal, until: str, keys: str) -> None:
    """Waits for a prompt that was not answered yet, and answers it."""
    terminal.read_until(until)
    terminal.written = terminal.written.partition(until)[2]
    terminal.type(keys)


@pytest.mark.timeout(300)
def test_a_seat_is_opened_locked_and_handed_over(place: Place) -> None:
    with (
        served(load_site(place.root), instant_now, MESSAGES),
        in_terminal(*_DESK, variables=place.environment) as terminal,
    ):
        terminal.type("lock\nlock\n")  # typed ahead
        _type(terminal, "passphrase of anna: ", f"{PASSPHRASE}\n")
        _type(terminal, "anna> ", "lockout P-101B\n")
        _type(terminal, "locked out: P-101B", "")
        _type(terminal, "anna> ", "approve R-7K3MQ2XA\n")
        _type(terminal, "is no request of this site", "")
        _type(terminal, "anna> ", "take PUMPS-101\n")
        _type(terminal, "taken: PUMPS-101 is OPERATOR", "")
        _type(terminal, "anna> ", "lock\n")
        _type(terminal, "anna locked (requested); Enter for the passphrase> ", "handover ben\n")
        _type(terminal, "the console is locked: requested; nothing was signed", "")
        _type(terminal, "Enter for the passphrase> ", "\n")
        _type(terminal, "passphrase of anna: ", "wrong passphrase\n")
        _type(terminal, "the passphrase of anna is wrong; again, or Enter to cancel", "")
        _type(terminal, "passphrase of anna: ", "\n")
        _type(terminal, "no passphrase was typed", "")
        _type(terminal, "Enter for the passphrase> ", "\n")
        _type(terminal, "passphrase of anna: ", f"{PASSPHRASE}\n")
        _type(terminal, "anna> ", "handover ben\n")
        _type(terminal, "P-101B, not read by a gate yet", "")
        _type(terminal, "Enter for none: ", "the seal drips\n")
        _type(terminal, 'Type "hand over" to sign, both of you', "hand over\n")
        for typed in ("wrong", "still wrong", "wrong again"):  # the note is not lost
            _type(terminal, "passphrase of ben: ", f"{typed}\n")
        again = "next: handwheel handover --to ben --as anna --note 'the seal drips' --site "
        _type(terminal, again, "")
        _type(terminal, "anna> ", "handover ben\n")
        _type(terminal, "Enter for none: ", "the seal drips\n")
        _type(terminal, 'Type "hand over" to sign, both of you', "hand over\n")
        _type(terminal, "passphrase of ben: ", "wrong\n")
        _type(terminal, "passphrase of ben: ", f"{PASSPHRASE}\n")
        _type(terminal, "handed over: shift:anna:ben:", "")
        _type(terminal, "locked (the shift was handed over)", "quit\n")
        assert terminal.exit_code() == 0
    assert place.rows()[-1] == HANDED_OVER
    verified = handwheel("journal", "verify", env=place.environment)
    assert (verified.returncode, verified.stderr) == (0, "")
    report = handwheel("journal", "export", "--format", "report", env=place.environment).stdout
    table = handwheel("journal", "export", "--format", "csv", env=place.environment)
    assert (table.returncode, HANDED_OVER in table.stdout) == (0, True)
    for part in ("anna ENDED THE SHIFT", "ben TOOK THE SHIFT", "the seal drips"):
        assert part in report, report


@pytest.mark.parametrize("words", [("desk", "--as", "anna"), ("handover", "--to", "ben")])
def test_a_pipe_is_nobody(place: Place, words: tuple[str, ...]) -> None:
    before = place.rows()
    environment = {**os.environ, **place.environment}
    more = ("--as", "anna", "--note", "") if words[0] == "handover" else ()
    with served(load_site(place.root), instant_now, MESSAGES):
        done = handwheel(*words, *more, env=environment, stdin=f"{PASSPHRASE}\nhand over\n")
    assert (done.returncode, place.rows()) == (2, before)
    assert "an answer needs a terminal" in done.stderr
