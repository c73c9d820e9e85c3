from typing import Any

import pytest

from handwheel.connectors.model.values import BAD_SENSOR_FAILURE
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.cards.build_card import make_card
from handwheel.tools.guardrails.approval.cards.card_changes import card_changes
from handwheel.tools.guardrails.approval.cards.card_model import CardLease, CardSigner, parse_card
from handwheel.tools.guardrails.approval.plant_snapshot import PlantSnapshot
from handwheel.tools.guardrails.approval.session import check_approvable
from handwheel.tools.requests.canonical import digest
from handwheel.tools.requests.request import Lease

from ....hmi.requests.sample_card import (
    CONNECTIONS,
    TAGS,
    asked_by_run,
    card,
    evidence,
    instant,
    lower,
    picture,
    read,
    request,
    start,
    stop,
)


def test_a_card_of_a_plant_as_filed_can_be_approved() -> None:
    shown = card()
    assert shown.problems == []
    assert shown.is_approvable
    assert shown.request_digest == request().digest
    assert shown.digest == digest("card", shown.text)
    assert parse_card(shown.text) == shown
    assert (shown.run, shown.recovery, shown.lease, '"run"' in shown.text) == (
        None,
        [],
        None,
        False,
    )
    back = stop() | {"undoes": "R-7K3MQ2XA/c1"}
    stands = card(request(recovery=[back], lease=Lease(for_s=7200.0))).lease
    assert stands == CardLease(for_s=7200.0, span="2 h")


def test_what_moves_between_two_cards_is_named() -> None:
    before = card()
    signer = CardSigner(person="carl", role="operator", signed_at=before.filed_at)
    change, requires = before.changes[0], before.requires[0]
    now = before.model_copy(update={
        "signed": [signer],
        "changes": [change.model_copy(update={"now": "running"})],
        "requires": [requires.model_copy(update={"truth": "false"})],
    })  # fmt: skip
    assert list(card_changes(before, now)) == [
        "carl signed", "P-101B.run_cmd reads running, not stopped", f"not met now: {requires.text}",
    ]  # fmt: skip


def test_what_stands_in_the_way_is_named_and_nothing_else() -> None:
    for seen, problem in [
        (picture({}), "P-101B.run_cmd was not read"),
        (picture(read("P-101B.run_cmd", status=int(BAD_SENSOR_FAILURE))),
         "P-101B.run_cmd is BadSensorFailure"),
        (picture(read("P-101B.run_cmd", age_s=1.4)),
         "P-101B.run_cmd was 1.6 s old when read, more than 1.5 s"),
        (picture(read("P-101B.run_cmd", value=0, shown="0")),
         "P-101B.run_cmd reads 0, not false as when submitted"),
        (picture(read("P-101B.mode", value=0, shown="local")),
         "a requirement is not met: P-101B.mode == 'remote'  [P-101B.mode is local]"),
    ]:  # fmt: skip
        shown = card(seen=seen)
        assert not shown.is_approvable, seen
        assert problem in shown.problems, seen
        if "not read" not in problem:
            assert shown.problems == [problem], seen


def test_without_a_picture_nothing_can_be_approved() -> None:
    shown = make_card(
        request(), tags=TAGS, connections=CONNECTIONS, snapshot=None, now=instant(1.0)
    )
    assert "no snapshot of the plant: is the gate running?" in shown.problems
    assert len(shown.problems) == 3
    assert [each.quality for each in shown.readings] == ["not read"]


def test_each_problem_is_told_alone() -> None:
    odd = {"requires": [{"text": "P-999.mode == 'remote'", "why": "remote_when"}]}
    blocked = ("P-101B.run_cmd was written 3.0 s ago", "locked\x1b[2J out")
    for shown, problem in (
        (card(blocking_reasons=blocked), [blocked[0], "locked\\x1b[2J out"]),
        (card(seen=picture(), after_s=1800.0), ["its time is over"]),
        (card(seen=picture(), after_s=-5.0), ["it was submitted in the future: a clock was set"]),
        (card(request(risk_class="R4")), ["R4: no approval lifts it"]),
        (
            card(request(commands=[start() | odd])),
            ["a requirement is not known: P-999.mode == 'remote'"],
        ),
    ):
        assert shown.problems == problem


def test_a_card_with_a_problem_names_the_way_on_once() -> None:
    check_approvable(card())
    for problem, end in (
        ("wait 35 s more", "handwheel requests reject R-7K3MQ2XA ends it; "
                           "next: handwheel requests show R-7K3MQ2XA"),
        ("stop it; next: handwheel gate", "next: handwheel gate"),
    ):  # fmt: skip
        with pytest.raises(PermitRefused) as refused:
            check_approvable(card(blocking_reasons=(problem,)))
        assert f"now: {problem}" in str(refused.value)
        assert str(refused.value).endswith(end)
        assert str(refused.value).count("next: ") == 1


def test_a_number_may_move_within_its_tolerance() -> None:
    for value, is_near in [(351.5, True), (348.5, True), (351.6, False)]:
        seen = picture(read("PIC-102.sp", value=value, shown=f"{value:.5g}"))
        shown = card(request(commands=[lower()]), seen)
        assert shown.is_approvable == is_near, value
        assert shown.changes[0].delta == f"{340.0 - value:+.1f}", value


def test_what_an_earlier_command_writes_is_not_expected_yet() -> None:
    later = stop() | {
        "action_id": "R-7K3MQ2XA/c2", "kind": "command", "undoes": None,
        "expected": [{"tag": "P-101B.run_cmd", "value": True, "shown": "true", "max_age_s": 1.5}],
    }  # fmt: skip
    assert card(request(commands=[start(), later])).is_approvable
    assert not card(request(commands=[later])).is_approvable


def test_a_card_shows_what_the_bytes_write_and_no_claim() -> None:
    table: list[tuple[dict[str, Any], str, str]] = [
        ({"wire": "010500140000"}, "stopped", "the bytes write false, not true"),
        ({"shown": "false"}, "running", "the bytes write true, not false"),
        ({"value": False, "shown": "false"}, "running", "the bytes write true, not false"),
        ({"wire": "01050015ff00"}, "-", "the bytes are no write of this tag"),
        ({"wire": "02050014ff00"}, "-", "the bytes are no write of this tag"),
        ({"wire": "0105"}, "-", "the bytes have not the length of a write of this tag"),
    ]
    for changes, after, problem in table:
        shown = card(request(commands=[start() | changes]))
        assert shown.changes[0].after == after, changes
        assert shown.problems == [f"P-101B.run_cmd: {problem}"], changes


def test_hostile_names_show_themselves() -> None:
    tag = "P-101\N{CYRILLIC CAPITAL LETTER A}.run_cmd"
    device = {**start()["identity"], "name": "PLC\x1b]0;x\x07", "where": "modbus://\u202e/1"}
    odd = start() | {"tag": tag, "shown": "tr\u200bue", "identity": device}
    shown = card(request(commands=[odd]))
    assert shown.changes[0].tag == "P-101\\u0410.run_cmd"
    assert shown.changes[0].after == "-"  # the bytes are no write of a tag of this site
    assert shown.changes[0].frame.device == "PLC\\x1b]0;x\\x07"
    assert shown.model_dump_json().isascii()
    assert not shown.is_approvable
    words = evidence("x\x1b[2J", "for", "VT-101A.pv > 5 mm/s", "\u202e", source="y\u200b:1")
    first = start() | {"promises": ["a\x07"], "step": "s\x1b"}
    json = card(asked_by_run(commands=[first], evidence=[words])).model_dump_json()
    assert json.isascii()
    assert "\\u001b" not in json


def test_a_run_says_which_playbook_asks_and_what_it_expects_and_takes_back() -> None:
    asked = asked_by_run()
    shown = card(asked)
    run = shown.run
    assert run is not None
    assert (run.run_id, run.playbook, run.version, run.segment) == (
        "U-7K3MQ2XA", "cw/change-over", "1", 2,
    )  # fmt: skip
    assert run.parameters == {"standby": "P-101B", "high": "5 mm/s"}
    assert run.supersedes == "R-00000001"
    assert [(each.step, each.promises) for each in shown.changes] == [
        ("start-standby", ["P-101B.run_cmd within 30 s"]), ("less", []),
    ]  # fmt: skip
    assert [(each.undoes, each.before, each.step) for each in shown.recovery] == [
        (1, None, "start-standby"), (None, "R-00000001/c1", "to-remote"), (None, None, "any-pump"),
    ]  # fmt: skip
    conditions = [[(each.text, each.truth) for each in one.only_if] for one in shown.recovery]
    only_if = [("PIC-102.sp < 300 kPa  [PIC-102.sp is 350 kPa]", "false")]
    assert conditions == [only_if, only_if, []]
    frames = [each.frame for each in shown.changes] + [each.frame for each in shown.recovery]
    assert [each.wire for each in frames] == [each.wire for each in asked.actions]
    limits = [each.limits for each in shown.changes]
    assert limits == [None, "limits 280 to 420 kPa"]


def _evidence(seen: PlantSnapshot | None = None, **changes: Any) -> Any:
    filed = evidence("shakes", "for", "VT-101A.pv > 5 mm/s", "VT-101A.pv is 5.4 mm/s") | changes
    run = card(asked_by_run(evidence=[filed]), seen).run
    assert run is not None
    return run.evidence[0]


def test_evidence_is_shown_as_filed_and_as_it_is_now_and_marked_where_it_has_turned() -> None:
    found = _evidence()
    assert (found.filed, found.shown) == ("true", "VT-101A.pv > 5 mm/s  [VT-101A.pv is 5.4 mm/s]")
    assert (found.now, found.untold, found.is_against) == ("true", "", False)
    assert found.shown_now == "VT-101A.pv > 5 mm/s  [VT-101A.pv is 5.6 mm/s]"
    turned = _evidence(picture(read("VT-101A.pv", value=4.0, shown="4")))
    assert (turned.now, turned.is_against) == ("false", True)
    bad = _evidence(picture(read("VT-101A.pv", status=int(BAD_SENSOR_FAILURE))))
    assert (bad.now, bad.is_against) == ("unknown", True)
    low: dict[str, Any] = {"side": "against", "text": "VT-101A.pv < 5 mm/s"}
    assert not _evidence(**low, truth="false").is_against
    assert _evidence(**low, truth="true").is_against
    assert _evidence(side="against", truth="false").is_against


def test_what_one_look_cannot_tell_is_shown_as_filed() -> None:
    for text, seen, untold in [
        ("rate(VT-101A.pv, 30 min) > 0.1 mm/s/h", picture(), "over time"),
        ("VT-101A.pv > 5 mm/s", picture({}), "not in the gate's snapshot"),
        ("P-999.pv > 5 mm/s", picture(), "the site's tags are others now"),
    ]:
        found = _evidence(seen, text=text)
        assert (found.filed, found.now, found.shown_now, found.untold) == ("true", None, "", untold)
        assert not found.is_against, text
