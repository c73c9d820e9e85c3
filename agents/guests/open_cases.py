"""Open cases as guests see them, with what the agents have judged."""

from typing import Any

from ..deviations.case import Case


def case_fields(case: Case) -> dict[str, Any]:
    """Returns a case as plain JSON, its ranking as it was judged last."""
    judgement = case.judgement
    ranking: dict[str, Any] | None = judgement.get("diagnosis")
    told = [str(each["text"]) for each in judgement.get("deviations", ())]
    pieces = {piece for each in judgement.get("candidates", ()) for piece in each["equipment"]}
    return {
        "case_id": case.case_id,
        "opened_at": case.opened_at,
        "condition": case.condition,
        "deviations": told or list(case.deviations),
        "equipment": sorted(pieces),
        "named": list(ranking["named"]) if ranking else [],
        "ranking": ranking,
        "run_id": case.run_id,
    }
