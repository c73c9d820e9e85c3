"""Answers of the gate for programs."""

from handwheel.tools.guardrails.approval.messages.run_events import OpenRun
from handwheel.tools.guardrails.ledger.lifecycle import file_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import stamp

from ...sites.signed_requests import NOW, request_of
from ..testbed import effects
from ..testbed.effects import take_runner_lock
from .served_ledger import ServedLedger, get


def test_requests_are_told_with_their_states_and_one_with_its_text(ledger: ServedLedger) -> None:
    request = request_of(filed_at=stamp(NOW.wall))
    assert ledger.do(lambda database: file_request(database, request, "", NOW))
    status, found = get(ledger.site.state, "/v1/requests")
    assert (status, [each["request_id"] for each in found]) == (200, [request.request_id])
    assert (found[0]["state"], found[0]["actions"][0]["wire"]) == ("PENDING", "01050010ff00")
    status, one = get(ledger.site.state, f"/v1/requests/{request.request_id}")
    assert (status, one) == (200, {**found[0], "text": request.text})


def test_runs_are_told_and_one_with_its_events(ledger: ServedLedger) -> None:
    def opened(database: Database) -> None:
        holder = take_runner_lock(database, NOW)
        opening = OpenRun(run_id="N-1", playbook="change-over", assets=("P-101A",), body={"n": 1})
        effects.make(effects.without_site(database), holder, NOW, opening)

    ledger.do(opened)
    run = {"run_id": "N-1", "playbook": "change-over", "is_open": True}
    assert get(ledger.site.state, "/v1/runs") == (200, [run])
    status, one = get(ledger.site.state, "/v1/runs/N-1")
    (event,) = one.pop("events")
    assert (status, one) == (200, run)
    assert (event["seq"], event["kind"], event["body"]["n"]) == (3, "opened", 1)


def test_a_question_that_cannot_be_answered_is_denied(ledger: ServedLedger) -> None:
    for path in ("/v1/requests/R-1", "/v1/runs/N-1", "/v1/journal?after=x", "/v1/events?after=-1"):
        status, fields = get(ledger.site.state, path)
        assert (status, fields["code"]) == (422, "arguments")
    assert get(ledger.site.state, "/v1/else")[1]["code"] == "unknown-path"
