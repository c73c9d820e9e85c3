"""Open cases as guests see them, with what the agents have judged."""

from collections.abc import Iterator, Mapping
from typing import Any

from handwheel.connectors.model.site import Site

from ..deviations.case import Case


def case_fields(case: Case, site: Site) -> dict[str, Any]:
    """Returns a case as plain JSON, its ranking as it was judged last."""
    ranking: Mapping[str, Any] | None = case.judgement.get("diagnosis")
    told = [str(each["text"]) for each in case.judgement.get("deviations", ())]
    return {
        "case_id": case.case_id,
        "opened_at": case.opened_at,
        "condition": case.condition,
        "deviations": told or list(case.deviations),
        "equipment": sorted(set(_equipment(case.judgement, site)) - {""}),
        "named": list(ranking["named"]) if ranking else [],
        "ranking": ranking,
        "run_id": case.run_id,
    }


def _equipment(judgement: Mapping[str, Any], site: Site) -> Iterator[str]:
    """Yields what the candidates write, and what the deviations and the named faults show in."""
    for each in judgement.get("candidates", ()):
        yield from each["equipment"]
    for tag in _shown_in(judgement):
        if tag in site.tags:
            yield site.tags[tag].equipment


def _shown_in(judgement: Mapping[str, Any]) -> Iterator[str]:
    for each in judgement.get("deviations", ()):
        yield from (motion["tag"] for motion in each.get("motions", ()))
    ranking = judgement.get("diagnosis", {})
    for each in ranking.get("hypotheses", ()):
        if each["id"] in ranking["named"]:
            yield from (tag for one in each["evidence"] for tag in one.get("tags", ()))
