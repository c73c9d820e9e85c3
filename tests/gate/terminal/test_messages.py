"""The words with which a terminal says no, warns, or leaves a question open."""

import pytest

from handwheel.connectors.model.site import Site
from handwheel.hmi.people import operator_command as commands
from handwheel.hmi.people.signing import Signer
from handwheel.hmi.requests import approve as asking
from handwheel.hmi.requests import propose as proposing
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval import session
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.requests.lease_and_effects import parse_expectation

from ...hmi.command_in_process import said_by
from ...sites.people import key_id, key_of
from ..leases.test_display import picture_of
from ..testbed.with_oracle import Watched


@pytest.mark.parametrize("has_gate", [True, False])
async def test_who_asks_while_no_gate_runs_is_warned(
    room: Watched,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    has_gate: bool,
) -> None:
    async def survey(site: object, read: object, write: object) -> object:
        return room.plant.survey(read, write)  # type: ignore[arg-type]

    monkeypatch.setattr(proposing, "survey", survey)
    monkeypatch.setattr(proposing, "instant_now", room.clock.now)
    if has_gate:
        picture_of(room)
    anna = room.desk.decision_context.roster.by_name("anna", room.clock.now().wall)
    assert anna is not None
    signer = Signer(anna, key_of("anna"), True)
    state = await proposing.propose_writes(
        room.desk.decision_context, ["P-101B.run_cmd=true"], "a test asks", lambda: signer
    )
    assert state == "PENDING"
    warning = "handwheel: no gate is running, so nothing can be approved; next: handwheel gate\n"
    assert capsys.readouterr().err == ("" if has_gate else warning)


async def test_an_interruption_at_the_card_says_that_nothing_was_sent(
    room: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> object:
        raise KeyboardInterrupt

    request = room.desk.propose(("P-101B.run_cmd", True))
    monkeypatch.setattr(asking, "confirm", interrupt)
    monkeypatch.setattr(asking, "instant_now", room.clock.now)
    monkeypatch.setattr(session, "instant_now", room.clock.now)
    picture_of(room)
    monkeypatch.setattr(asking, "check_approvable", print)
    monkeypatch.setattr(session, "SETTLE_S", 0.0)
    with pytest.raises(KeyboardInterrupt):
        asking.ask(room.desk.decision_context, room.desk.record(request.request_id), lambda: None)  # type: ignore[arg-type, return-value]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "not approved; nothing was sent, and the request still waits for approval"
    assert room.desk.record(request.request_id).state == "PENDING"


async def test_a_key_that_was_taken_back_is_listed_as_that(
    room: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_site(_: object) -> Site:
        return room.site

    def is_enrolled(each: Operator, now: object) -> bool:
        return each.person != "gina"

    monkeypatch.setattr(commands, "open_site", open_site)
    room.desk.revoke_key("gina")
    monkeypatch.setattr(Operator, "is_enrolled", is_enrolled)
    commands.list_people(None, False)
    (line,) = [each for each in capsys.readouterr().out.splitlines() if key_id("gina") in each]
    assert line.endswith("  revoked")


def test_a_wrong_choice_is_named_without_the_words_of_a_library(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, told = said_by(capsys)("authority", "take", "P-101A", "--to", "agent")
    assert code == 2
    assert "handwheel: Invalid value for '--to': 'agent' is not one of" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PT-102.pv > 350 kPa within 2d", "2d cannot be waited for; more than 0 s, at most 24 h"),
        (" within 2 min", "does not say what is expected"),
    ],
)
def test_what_cannot_be_waited_for_is_said(text: str, words: str) -> None:
    with pytest.raises(InvalidArguments, match=words):
        parse_expectation(text)
    assert parse_expectation("PT-102.pv > 350 kPa within 24 h").within_s == 86400.0
