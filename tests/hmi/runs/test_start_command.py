"""`handwheel runs start`: what is signed, and what is no order."""

from handwheel.tools.guardrails.approval.start_orders import load_start_order
from handwheel.tools.guardrails.ledger.journal_rows import subjects_of

from ..command_in_process import Said
from .run_site import Place, enrol, leave
from .typed_orders import here

TEXT = """\
schema: playbook/1
id: test/look
version: 1.0.0
title: Look at the header
owner: tests
style: computer-assisted
parameters: {low: {type: quantity, unit: kPa, default: 1 kPa, min: 0 kPa, max: 9 kPa}}
trigger: {any: [{manual: true}]}
steps:
  - {id: look, wait: {until: "PT-102.pv > low", within: 1 min}, on_fail: {then: hold}}
limits: {max_writes: 0, max_duration: 30 min}
"""


def _write(place: Place, text: str) -> None:
    path = place.site.root / "site.yaml"
    path.write_text(f"{path.read_text('utf-8')}playbooks: [playbooks/]\n", encoding="utf-8")
    folder = place.site.root / "playbooks"
    folder.mkdir(exist_ok=True)
    (folder / "p.yaml").write_text(text, encoding="utf-8")


def test_an_order_is_said_in_words_and_signed(live: Place, said: Said) -> None:
    _write(live, TEXT)
    leave(live)
    signer = "--as=anna", f"--passphrase-file={enrol(live.site.root, 'anna', 'operator')}"
    words = "runs", "start", "test/look", *signer, f"--site={live.site.root}"
    code, out, err = said(*words, "--param=low=6 kPa")
    live.catch_up()
    (case_id,) = subjects_of(live.database, "case.ordered")
    assert (code, err) == (4, "")
    assert out.splitlines() == [
        "test/look 1.0.0  Look at the header",
        "with low 6 kPa",
        "start: the agents judge it and ask; nothing is written before an approval",
        f"{case_id}: recorded; next: handwheel run{here(live)}",
    ]
    order = load_start_order(live.database, case_id)
    assert order is not None
    assert (order.person, dict(order.given)) == ("anna", {"low": "6 kPa"})


def test_what_is_no_order_is_refused_with_a_reason(live: Place, said: Said) -> None:
    _write(live, TEXT.replace("trigger", "# trigger"))
    where = f"--site={live.site.root}"
    for words, code, reason in [
        ([], 1, "test/look has no trigger with manual: true for this equipment"),
        (["--param=lwo=6 kPa"], 2, "write NAME=VALUE; parameters: low"),
        (["--param=low=10 kPa"], 2, "low 10 kPa lies above max, 9 kPa"),
    ]:
        found, _, err = said("runs", "start", "test/look", where, *words)
        assert (found, reason in " ".join(err.split())) == (code, True), err
    assert subjects_of(live.database, "case.ordered") == []


def test_a_mistyped_playbook_is_answered_with_the_one_that_is_meant(
    live: Place, said: Said
) -> None:
    _write(live, TEXT)
    where = f"--site={live.site.root}"
    for name, hint in (
        ("test/lok", "did you mean 'test/look'?"),
        ("valve", f"next: handwheel playbooks list{here(live)}"),
    ):
        code, _, err = said("runs", "start", name, where)
        assert (code, err) == (2, f"handwheel: there is no playbook {name!r}; {hint}\n")
