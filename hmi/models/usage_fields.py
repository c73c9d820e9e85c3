"""State of the models of a site, from the file that its agents keep."""

from statistics import median
from time import time
from typing import Any

from handwheel.agents.planning.model.exchange import HOUR_S, Call
from handwheel.agents.planning.model.pool import UsageFile
from handwheel.connectors.model.language_models import LanguageModel
from handwheel.connectors.model.site import Site

_UNTESTED = "the agents have not tested it yet"


def usage_fields(site: Site) -> list[dict[str, Any]]:
    """Returns each model with its health, and its calls of the last hour."""
    usage = UsageFile(site.state)
    kept: dict[str, Any] = dict(usage.content().get("models", {}))
    calls, since = usage.read(), time() - HOUR_S
    return [
        _fields(
            each,
            kept.get(each.name, {}),
            [one for one in calls.get(each.name, ()) if one.at > since],
        )
        for each in site.models
    ]


def _fields(spec: LanguageModel, kept: dict[str, Any], calls: list[Call]) -> dict[str, Any]:
    tokens, cost, budget = sum(each.tokens for each in calls), spec.cost, spec.budget
    spent = None
    if cost is not None:
        prompts = sum(each.prompt_tokens for each in calls)
        answers = sum(each.answer_tokens for each in calls)
        spent = cost.of(prompts, answers)
    return {
        "name": spec.name, "kind": spec.kind, "roles": list(spec.roles),
        "method": str(kept.get("method", "")), "fault": str(kept.get("fault", _UNTESTED)),
        "calls": len(calls), "valid": sum(each.is_valid for each in calls), "tokens": tokens,
        "median_s": round(median(each.seconds for each in calls), 3) if calls else None,
        "cost": spent, "currency": cost.currency if cost else "",
        "budget_left": {
            "calls": max(budget.calls - len(calls), 0), "tokens": max(budget.tokens - tokens, 0),
        },
    }  # fmt: skip
