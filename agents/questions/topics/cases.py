"""Questions about the agents' cases, causes and playbooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...deviations.case import Case
from ..answer import Asked
from ..question import question
from .readings import stale

_MOST_HYPOTHESES = 3
_MOST_SIGNS = 2
_Found = Mapping[str, Any]


@question(
    "wrong",
    "What do the agents think is wrong?",
    """
{% for each in cases %}{{ say.case(each) }}
{% endfor %}
{{ say.stale(stale) }}
{% if not cases and not stale %}The agents have no open case.{% endif %}
""",
    also="which fault do they suspect, diagnosis, causes, ranking",
)
def wrong(asked: Asked) -> _Found:
    """Tells the open cases with their ranking of causes."""
    cases = asked.sources.cases()
    return {"cases": [case(asked, each) for each in cases], "stale": stale(asked, cases)}


@question(
    "would-decide",
    "What would decide a case?",
    """
{% for each in checks %}{{ id }} would be decided by {{ each }}.
{% endfor %}
{% if not checks %}Nothing that the site can do is known to decide {{ id }}.{% endif %}
""",
    also="what should I look at to tell the causes apart",
)
def would_decide(asked: Asked, case: Case) -> _Found:
    """Tells the checks that tell the causes of a case apart."""
    diagnosis: Mapping[str, Any] = case.judgement.get("diagnosis") or {}
    checks: Sequence[Mapping[str, Any]] = diagnosis.get("checks", ())
    told = [asked.fact(case.case_id, str(each["title"]), "agents, judged", case.judged_at)
            for each in checks]  # fmt: skip
    return {"id": case.case_id, "checks": told}


@question(
    "alike", "Which earlier cases were like a case?",
    """
{% for each in lines %}{{ id }}: {{ each }}
{% endfor %}
{% if not lines %}Nothing is named or suspected of {{ id }}, so it is compared with no earlier case.{% endif %}
""",
    also="have we seen this before, similar cases",
)  # fmt: skip
def alike(asked: Asked, case: Case) -> _Found:
    """Tells earlier cases with the same signs, and what was found."""
    lines = asked.sources.plant.alike(case.case_id)
    told = [asked.fact(case.case_id, each.strip(), "closed cases") for each in lines]
    return {"id": case.case_id, "lines": told}


@question(
    "why-not-started", "Why did a playbook not start?",
    """
{% for name, what, why in told %}Of {{ name }} {{ playbook }} is {{ what }}{% if why %}: {{ why }}{% endif %}.
{% endfor %}
{% if not told %}No open case has weighed {{ playbook }}, so nothing has triggered it.{% endif %}

{{ say.stale(stale) }}
""",
    also="why do the agents not run it, what prevents the playbook",
)  # fmt: skip
def why_not_started(asked: Asked, playbook: str) -> _Found:
    """Tells for each open case what the agents judged about a playbook."""
    cases = asked.sources.cases()
    told: list[tuple[str, str, object]] = []
    for each in cases:
        judgement = each.judgement
        passed = {one["name"]: one["reason"] for one in judgement.get("passed_over", ())}
        for one in judgement.get("candidates", ()):
            if one["playbook"] != playbook:
                continue
            chosen = str(judgement.get("choice", "")).startswith(playbook)
            reason = one.get("reason") or passed.get(playbook) or judgement.get("reason", "")
            reason = str(judgement.get("reason", "") if chosen else reason)
            what = "chosen" if chosen else "prevented" if one.get("code") else "passed over"
            why = reason and asked.reason(each.case_id, reason, "agents, judged")
            told.append((each.case_id, what, why))
    return {"playbook": playbook, "told": told, "stale": stale(asked, cases)}


def case(asked: Asked, case: Case) -> dict[str, Any]:
    """Returns a case with its ranking as its sentences show it, see `say.case`."""
    diagnosis: Mapping[str, Any] = case.judgement.get("diagnosis") or {}
    hypotheses: Sequence[Mapping[str, Any]] = diagnosis.get("hypotheses", ())
    named = set(diagnosis.get("named", ()))
    leading = [each for each in hypotheses if each["id"] in named] or list(hypotheses)
    name, source, at = case.case_id, "agents, judged", case.judged_at

    def signs(each: Mapping[str, Any]) -> list[object]:
        found = [one for one in each["evidence"] if one["weight_db"] > 0.0]
        found = sorted(found, key=lambda one: -one["weight_db"])[:_MOST_SIGNS]
        return [asked.fact(", ".join(one["tags"]), one["text"], source, at) for one in found]

    return {
        "id": name, "run": case.run_id,
        "condition": asked.fact(name, case.condition or "a deviation", source, case.opened_at),
        "causes": [
            {"verb": "name" if each["id"] in named else "suspect",
             "title": asked.fact(name, f"{each['title']} ({each['id']})", source, at),
             "weight": asked.fact(name, f"{each['total_db']:+.0f} dB", source, at),
             "signs": signs(each)}
            for each in leading[:_MOST_HYPOTHESES]
        ],
        "faults": [asked.fact(name, f"{method}: {reason}", source, at)
                   for method, reason in diagnosis.get("faults", {}).items()],
    }  # fmt: skip
