"""`handwheel cases answer`: what is signed, and what is no answer."""

from handwheel.tools.guardrails.signatures.check_answers import load_answers

from ..command_in_process import Said
from .run_site import Place, enrol, leave
from .typed_orders import here

CASE = "C-7K3MQ2XA"
MODES = """\
schema: failure-modes/1
checks:
  heat: {title: "Feel {pump}", ask: "How is the bearing of {pump}?", role: operator,
         answers: [hot, cold], minutes: 5}
modes:
  - {id: worn, title: "{pump} is worn", bind: [{pump: P-101A}, {pump: P-101B}], prior_db: -10,
     checks: {heat: hot}, signs: [{id: low, that: PT-102.pv < 300 kPa, met_db: 20, not_met_db: -9}]}
"""


def _case(place: Place) -> str:
    path = place.site.root / "site.yaml"
    path.write_text(f"{path.read_text('utf-8')}failure_modes: [modes.yaml]\n", encoding="utf-8")
    (place.site.root / "modes.yaml").write_text(MODES, encoding="utf-8")
    body = {"condition": "PT-102.pv is low", "playbook": "p", "place": ""}
    place.record("case.opened", CASE, body)
    leave(place)
    return f"--passphrase-file={enrol(place.site.root, 'anna', 'operator')}"


def test_an_answer_is_said_in_words_signed_and_told_with_its_case(live: Place, said: Said) -> None:
    signer = "--as=anna", _case(live), f"--site={live.site.root}"
    words = "cases", "answer", "C-7K", "heat/P-101B", "hot"
    code, out, err = said(*words, "--note=grease is out", *signer)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{CASE}  How is the bearing of P-101B?",
        "answer: hot; it is evidence, and approves nothing",
        f"{CASE}: answered by anna; next: handwheel run{here(live)}",
    ]
    live.catch_up()
    (given,) = load_answers(live.database, CASE)
    assert given.answer is not None
    assert (given.answer.equipment, given.answer.note) == ("P-101B", "grease is out")
    _, shown, _ = said("cases", "show", CASE, f"--site={live.site.root}")
    assert "answered    How is the bearing of P-101B? hot, by anna (grease is out)" in shown


def test_what_is_no_answer_is_refused_with_what_is(live: Place, said: Said) -> None:
    signer = "--as=anna", _case(live), f"--site={live.site.root}"
    for words, code, reason in [
        (("heat/P-101B", "warm"), 2, "'warm' is no answer to heat/P-101B; known: hot, cold"),
        (("heat", "hot"), 2, "no question 'heat'; known: heat/P-101A, heat/P-101B"),
        (("heat/P-101B", "hot", "--note= "), 2, "is empty; give a reason"),
    ]:
        found, _, err = said("cases", "answer", CASE, *signer, *words)
        assert (found, reason in " ".join(err.split())) == (code, True), err
    live.record("case.closed", CASE, {"reason": "the deviation is over"})
    found, _, err = said("cases", "answer", CASE, "heat/P-101B", "hot", *signer)
    assert (found, f"{CASE} is over" in err) == (1, True), err
    assert live.database.find_rows(CASE, "case.answered") == []
