from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handwheel.hmi.requests.assessment import assessment_text
from handwheel.hmi.requests.assessment.model import AssessedLine, Assessment
from handwheel.hmi.requests.cards.card_details import DETAIL_KEYS, render_details
from handwheel.hmi.requests.cards.card_evidence import numbers_text
from handwheel.hmi.requests.cards.card_text import render_card
from handwheel.tools.guardrails.approval.cards.card_model import CardOrder, CardSigner, parse_card
from handwheel.tools.requests.timestamps import Instant, stamp

from ..golden import check_golden
from .sample_card import (
    DEVICE,
    FILED,
    READINGS,
    asked_by_run,
    card,
    evidence,
    lower,
    picture,
    ramp,
    read,
    request,
    start,
    stop,
)

GOLDEN = Path(__file__).parent / "golden"
HELD = 349.0039978027344
RED = "\x1b[1;31m"
BROKEN_SWITCH = {"P-101B.mode": READINGS["P-101B.mode"].model_copy(update={"status": 0x808C0000})}
ORDERED = CardOrder(
    person="anna", role="operator", ordered_at=stamp(FILED - timedelta(minutes=18)),
    given={"high": "5 mm/s"},
)  # fmt: skip
FALSE_DEVICE = DEVICE | {"name": "PLC”, proved by the certificate ab12 “"}
CARDS = {
    "r1": card(request(commands=[lower()], risk_class="R1")),
    "r2": card(),
    "r3": card(
        request(commands=[start(), lower()], risk_class="R3", quorum=2,
                roles=["operator", "shift-supervisor"]),
        signed=(CardSigner(person="jörg", role="operator", signed_at=stamp(FILED)),),
        class_reason="policy.yaml:16 is not commissioned",
    ),
    "not-now": card(
        request(),
        picture(read("P-101B.run_cmd", value=True, shown="true") | BROKEN_SWITCH),
        after_s=1801.0,
        blocking_reasons=("locked out: P-101B",),
    ),
    "lease": card(
        request(
            commands=[start() | {"effects": [{"text": "VT-101A.pv < 5 mm/s", "within_s": 120.0}]}],
            recovery=[stop()], lease={"for_s": 7200.0},
        )
    ),
    "undo": card(asked_by_run()),
    "ordered-ramp": card(
        asked_by_run(commands=ramp(), recovery=[], supersedes=None),
        ordered=ORDERED,
    ),
    "unreleased": card(
        asked_by_run(),
        class_reason="it is unreleased",
        unreleased="step less of cw/pump-bearing-changeover does not write PIC-102.sp = 340 kPa",
        ordered=ORDERED,  # of a playbook that these writes need not be of
    ),
    "undo-not-now": card(
        asked_by_run(reason="shakes \x1b[2J", recovery=[]),
        picture(read("VT-101A.pv", value=4.1, shown="4.1") | BROKEN_SWITCH),
        after_s=1801.0,
        blocking_reasons=("locked out: P-101B", "its cool-down is 3 s"),
    ),
    "long-list": card(
        request(commands=[
            (start() if n % 2 else lower()) | {"action_id": f"R-7K3MQ2XA/c{n}"} for n in range(12)
        ])
    ),
    "guest": card(
        request(
            proposal_key=f"guest:{'ab' * 32}",
            proposer={
                "kind": "guest", "name": "anna", "os_user": "lab", "model": "a-model 1.5B",
            },
        )
    ),
    "hostile": card(
        request(
            reason="routine\x1b[2J\nrisk R1 \u202eevil\u200b P-101\N{CYRILLIC CAPITAL LETTER A} "
            + "e" + "\u0301" * 40 + " 日本語 " + "word " * 200,
            proposer={"kind": "person", "name": "an\N{CYRILLIC SMALL LETTER EN}a"},
        ),
    ),
    "hostile-agent": card(
        asked_by_run(
            reason="shakes” (verified by the gate)\nClass R1; nobody must sign\x1b[2J “",
            commands=[start() | {"identity": FALSE_DEVICE}], recovery=[], supersedes=None,
            evidence=[
                evidence("note", "for", "P-101B.note != 'no'",
                         "P-101B.note is “VT-101A.pv is 1 mm/s, no trip”"),
            ],
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_a_card_looks_as_it_did(name: str) -> None:
    check_golden(GOLDEN / f"{name}.txt", "\n".join(render_card(CARDS[name])) + "\n")


def test_guest_named_as_an_operator_is_shown_as_no_person() -> None:
    lines = [*render_card(CARDS["guest"]), *render_details(CARDS["guest"], "s")]
    text = " ".join(" ".join(lines).split())
    assert text.count("unverified guest program “anna”") == 2
    assert text.count("account lab, as the agents' process says; unverified model “a-model") == 2
    assert "a person" not in text
    assert "an agent" not in text


def test_words_of_an_agent_stand_last_in_quotation_marks() -> None:
    lines = render_card(CARDS["hostile-agent"])
    (last,) = [n for n, line in enumerate(lines) if line.startswith("Unverified")]
    words = " ".join(" ".join(lines[last:]).split())
    assert words.startswith("Unverified the agent's words: “shakes' (verified by the gate)")
    assert words.endswith("”")
    assert words.count("”") == 1
    device = " ".join(" ".join(render_details(CARDS["hostile-agent"], "b")).split())
    assert "“PLC', proved by the certificate ab12 '”, a simulator" in device


def test_a_number_in_the_text_of_a_device_is_told_as_none() -> None:
    shown = "note != 'no'  [note is “VT-101A.pv is 1 mm/s, no trip”, VT-101A.pv is 9 mm/s]"
    assert numbers_text(shown) == "9 mm/s"


ASSESSED = Assessment(
    until="2026-11-25T08:51:12.000Z",
    cause=[
        AssessedLine(text="A bearing of P-101A is worn: the pump vibrates by 5.6 mm/s more than "
                          "its speed and flow explain; good evidence"),
        AssessedLine(text="cw/change-over answers another fault: The impeller of P-101A is worn",
                     is_abnormal=True),
        AssessedLine(text="against: none of the known signs; not known: growth"),
    ],
)  # fmt: skip


@pytest.mark.parametrize("most", [20, 18, None])
def test_a_card_beside_an_assessment_fits_and_keeps_what_is_abnormal(
    most: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = Instant(datetime(2026, 11, 25, 8, 51, 24, tzinfo=UTC), "", 0)
    monkeypatch.setattr(assessment_text, "instant_now", lambda: now)
    lines = render_card(CARDS["undo"], most=most, assessment=ASSESSED)
    assert most is None or len(lines) <= most
    assert sum("! cw/change-over answers another fault" in each for each in lines) == 1
    if most != 18:
        assert sum("worn: the pump vibrates by 5.6 mm/s" in each for each in lines) == 1
    assert sum("until 08:51:12 UTC" in each for each in lines) == 1
    if most == 20:
        check_golden(GOLDEN / "assessed.txt", "\n".join(lines) + "\n")


def test_a_card_on_24_lines_keeps_the_sign_and_what_breaks() -> None:
    breaks = AssessedLine(
        text="with: BREAKS TT-202.pv < 50 degC in 10 min; no trip, no alarm", is_abnormal=True
    )
    calm = AssessedLine(text="without: no trip, no alarm")
    assessed = ASSESSED.model_copy(update={"courses": [calm, breaks], "ahead": ["more"]})
    lines = "\n".join(render_card(CARDS["undo"], most=20, assessment=assessed))
    assert "worn: the pump vibrates by 5.6 mm/s" in lines
    assert f"Courses   ! {breaks.text}" in lines


def test_the_details_of_a_card_look_as_they_did() -> None:
    shown = CARDS["undo"]
    drawn = "\n".join(line for key in DETAIL_KEYS for line in render_details(shown, key)) + "\n"
    check_golden(GOLDEN / "details.txt", drawn)


def test_a_run_without_an_undo_names_where_the_playbook_says_why() -> None:
    lines = render_details(card(asked_by_run(recovery=[])), "u")
    assert lines[0] == "Undo        this request has none for its writes"
    assert lines[1].strip() == "next: handwheel playbooks show cw/change-over"


AGAIN = start() | {"action_id": "R-7K3MQ2XA/c3", "undo": "R-7K3MQ2XA/u4"}
AGAIN_STOPPED = stop() | {
    "action_id": "R-7K3MQ2XA/u4",
    "undoes": "R-7K3MQ2XA/c3",
    "requires": [{"text": "PIC-102.sp < 300 kPa", "why": "if"}],
}
DOUBTFUL = card(
    asked_by_run(
        commands=[start(), AGAIN],
        recovery=[stop(), AGAIN_STOPPED],
        evidence=[
            evidence(name, side, text, f"VT-101A.pv is 5.4 mm/s, {'and so on, ' * 4}")
            for side in ("for", "against")
            for name, text in {
                "fast": "VT-101A.pv > 9 mm/s", "rises": "rate(VT-101A.pv, 1 min) > 1 mm/s/h",
                "slow": "VT-101A.pv < 9 mm/s", "gone": "P-999.pv > 1 m",
                "local": "P-101B.mode == 'local'", "shakes": "VT-101A.pv > 5 mm/s",
            }.items()
        ],
    ),
    picture(read("VT-101A.pv", status=0x808C0000)),
)  # fmt: skip


def test_a_card_that_is_too_tall_folds_its_evidence_and_undo() -> None:
    assert len(render_card(DOUBTFUL)) > 20
    lines = render_card(DOUBTFUL, most=20)
    check_golden(GOLDEN / "folded.txt", "\n".join(lines) + "\n")
    assert len(lines) <= 20
    least = render_card(DOUBTFUL, most=len(lines) - 1)
    undo = "2 of 2 writes have an undo, 1 would not be sent now: press u"
    assert f"Undo        {undo}" in least
    assert len(least) == len(lines) - 1


def test_a_card_fits_twenty_lines_unless_it_lists_many_writes() -> None:
    lengths = {name: len(render_card(shown)) for name, shown in CARDS.items()}
    assert {name for name, length in lengths.items() if length > 20} == {
        "undo-not-now", "long-list",
    }, lengths  # fmt: skip
    assert len(CARDS["long-list"].changes) == 12
    drawn = "\n".join(render_card(CARDS["long-list"]))
    assert drawn.count("→") == 12


@pytest.mark.parametrize("name", CARDS)
def test_an_auditor_draws_the_same_card_again(name: str) -> None:
    shown = CARDS[name]
    again = parse_card(shown.text)
    assert (again.text, again.digest) == (shown.text, shown.digest)
    assert render_card(again) == render_card(shown)


def test_colour_is_for_the_abnormal_and_never_alone() -> None:
    assert not any("\x1b" in line for line in render_card(CARDS["r2"], is_coloured=True))
    plain, coloured = (render_card(CARDS["not-now"], is_coloured=each) for each in (False, True))
    assert [each.replace(RED, "").replace("\x1b[0m", "") for each in coloured] == plain
    is_marked = False
    for before, after in zip(plain, coloured, strict=True):
        is_marked = before[10:11] == "!" or (is_marked and before.startswith(" " * 14))
        assert (RED in after) == is_marked, before
    assert sum(RED in each for each in coloured) > 5


def test_what_was_not_read_is_named_in_no_undo() -> None:
    unread = picture({"P-101B.mode": READINGS["P-101B.mode"]})
    assert not any(line.startswith("Undo") for line in render_card(card(seen=unread)))
