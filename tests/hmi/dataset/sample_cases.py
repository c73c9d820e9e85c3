"""Closed cases in memory, the second without a diagnosis, a request or a label."""

from dataclasses import replace
from typing import Any

from handwheel.agents.memory.episode import CaseDiagnosis, CaseRun, Episode, Gain, RaisedOrder
from handwheel.hmi.dataset.rows import AskedWrites, CaseRecord
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionRecord, ActionState, RequestState

from ...sites.signed_requests import NOW, REQUEST, decision_of

OPENED, CLOSED = "2026-11-25T08:00:00.000Z", "2026-11-25T09:30:00.000Z"
WORN = "bearing-worn P-101A"
SIGN: dict[str, Any] = {
    "id": "shakes", "text": "it shakes by 5.1 mm/s", "truth": "true", "measured": 5.1,
    "unit": "mm/s", "threshold": 4, "weight_db": 18.5, "tags": ["VT-101A.pv"], "window_s": 60.0,
    "source": "own",
}  # fmt: skip
DIAGNOSIS: dict[str, Any] = {
    "verdict": "named",
    "hypotheses": [
        {"id": WORN, "total_db": 20.0, "ahead_db": 12.5,
         "evidence": [SIGN, {"id": "hot", "text": "anna, field: yes", "truth": "true",
                             "unit": "", "weight_db": 3.0, "tags": [], "window_s": 0.0}]},
    ],
}  # fmt: skip


def sample_cases() -> tuple[CaseRecord, CaseRecord]:
    record = RequestRecord(
        REQUEST, "", "", RequestState.CLOSED, "", NOW, NOW,
        (ActionRecord("R-7K3MQ2XA/c1", ActionState.VERIFIED, "", None, OPENED),),
    )  # fmt: skip
    asked = AskedWrites(
        "U-1", "cw/bearing-worn", record, (decision_of("anna"), decision_of("bert"))
    )
    run = CaseRun("U-1", "cw/bearing-worn", "COMPLETE", "", ("P-101A",), (), (), (), 2, 1)
    order = RaisedOrder(
        "W-1", "", "P-101A", OPENED, CLOSED, "ben", "bearing-worn", "Ben and anna: \u202eworn"
    )
    whole = Episode(
        "C-1", OPENED, CLOSED, "answered by U-1", "VT-101A > 4", ("alarm VAH-101A",),
        ("P-101A",), ("pump",), "cw/bearing-worn", CaseDiagnosis("named", (WORN,)),
        (run,), (order,), Gain(2.5, "kW"),
    )  # fmt: skip
    bare = replace(
        whole, case_id="C-2", diagnosis=CaseDiagnosis(), runs=(), orders=(), gain=None, choice=""
    )
    return CaseRecord(whole, ((OPENED, DIAGNOSIS),), (asked,)), CaseRecord(bare, (), ())
