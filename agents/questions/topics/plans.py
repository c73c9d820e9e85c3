"""Question about plans that take equipment out of service."""

from collections.abc import Mapping
from typing import Any

from handwheel.connectors.hints import next_step

from ...lookahead.prediction import trust_text
from ..answer import Asked
from ..question import question
from ..sources import PossiblePlan
from ..trends import span_text
from .ahead import new_alarms

_SIDES = {
    "for": "Evidence for it",
    "against": "Evidence against it",
    "permissive": "Its permissive",
}


@question(
    "plan-out", "Which plan takes equipment out of service?",
    """
{% for each in plans %}{{ each.name }} would do it: {{ each.title }}.
{% if each.is_composed %}It is composed of steps of released playbooks and released itself by nobody, so two people must approve each of its requests, and only if the twin clears it.
{% elif not each.is_released %}It is not released, so two people must approve each of its requests.
{% endif %}
{% for words, now, why in each.conditions %}{{ words }} {{ now }} {% if why %}is not as it must be: {{ why }}{% else %}is as it must be{% endif %}.
{% endfor %}
{% for tag, now, proposed, why in each.writes %}It would write {{ tag }}: {{ now }} now, {{ proposed }} proposed{% if why %}, prevented: {{ why }}{% endif %}.
{% endfor %}
{% for one in each.reasons %}It may not be asked for now: {{ one }}.
{% endfor %}
{% for one in each.findings %}Lint finds {{ one }}.
{% else %}Lint finds nothing.
{% endfor %}
{% if each.not_ahead %}Nothing is foretold: {{ each.not_ahead }}.
{% else %}
{% for text, word, horizon, margins in each.margins %}By the twin {{ text }} {{ word }} within {{ horizon }}{% if margins %}, its least margin is {{ margins | join(" and ") }}{% endif %}.
{% else %}It has no invariant, so the twin checks none.
{% endfor %}
{% for one in each.alarms %}Alarm {{ one }} would come, which else it would not.
{% endfor %}
{% for words, trip in each.trips %}The plant would trip {{ words }} after {{ trip }}.
{% endfor %}
The twin is {{ each.trust }}.
{% if each.forbids %}It breaks an invariant in a trusted twin, so the agents would not ask for it.
{% endif %}
{% endif %}
{% if each.is_composed and not each.clears %}The twin does not clear it, so the agents would not ask for it.
{% endif %}
{% else %}No playbook of this site takes {{ equipment }} out of service.
{% endfor %}
{% for each in missing %}No plan could be composed: {{ each }}.
{% endfor %}
{% if at and plans %}It is no standing approval: nothing is started at {{ at }} by itself.
{% if not plans[0].is_composed %}Where it is recorded, the agents judge it again then and tell people, who start it or not.
{% endif %}
{% endif %}
""",
    also="take the pump out for maintenance, isolate, plan",
)  # fmt: skip
def plan_out(asked: Asked, equipment: str, at: str = "") -> Mapping[str, Any]:
    """Tells which playbook would take equipment out, and what speaks against it now."""
    found = asked.sources.plant.plans(equipment)
    return {
        "equipment": equipment, "at": at and asked.fact("time", at, "asked"),
        "plans": [_plan(asked, each) for each in found.plans],
        "missing": [asked.fact(equipment, each, "released playbooks") for each in found.missing],
    }  # fmt: skip


def _plan(asked: Asked, found: PossiblePlan) -> dict[str, Any]:
    name, origin = found.playbook, f"playbook {found.playbook}, judged now"
    roles = ", ".join(f"{role} {each}" for role, each in found.roles.items())
    if not found.is_composed:
        words = [word for pair in found.roles.items() for word in ("--role", "=".join(pair))]
        asked.next_steps.append(next_step("playbooks", "plan", name, *words))
    return {
        "name": asked.fact(name, f"{name} ({roles})" if roles else name, origin),
        "title": asked.fact(name, found.title, origin),
        "is_composed": found.is_composed, "is_released": found.is_released,
        "conditions": [
            (_SIDES[each.what], asked.fact(each.name, each.now or each.name, origin),
             each.prevents and asked.fact(each.name, each.prevents, origin))
            for each in found.lines if each.what in _SIDES
        ],
        "writes": [
            (each.name, asked.fact(each.name, each.now or "unknown", origin),
             asked.fact(each.name, each.proposed, origin),
             each.prevents and asked.reason(each.name, each.prevents, origin))
            for each in found.lines if each.what == "write"
        ],
        "reasons": [asked.reason(name, each, origin) for each in found.reasons],
        "findings": [asked.fact(name, each, "lint") for each in found.findings],
        **_ahead(asked, found),
    }  # fmt: skip


def _ahead(asked: Asked, found: PossiblePlan) -> dict[str, Any]:
    """Returns what the twin foretells of a plan, or why it does not."""
    ahead, name = found.ahead, found.playbook
    if ahead is None:
        why = found.not_ahead or "no twin was asked"
        return {"not_ahead": asked.fact(name, why, "twin"), "clears": False}
    origin, horizon = f"twin {ahead.twin}", span_text(ahead.horizon_s)
    margins: list[tuple[object, ...]] = []
    for each in ahead.margins:
        least = [
            f"{asked.fact('invariant', f'{value:.3g} {each.unit}'.rstrip(), origin)} {words}"
            for value, words in ((each.with_plan, "with it"), (each.without, "without it"))
            if value is not None
        ]
        word = "breaks" if each.is_broken else "is not told" if each.with_plan is None else "holds"
        text = asked.fact("invariant", each.text, origin)
        margins.append((text, word, asked.fact("invariant", horizon, origin), least))
    courses = (("without it", ahead.without), ("with it", ahead.with_plan))
    return {
        "not_ahead": None, "clears": ahead.clears, "forbids": ahead.forbids, "margins": margins,
        "alarms": new_alarms(ahead), "trust": asked.fact(name, trust_text(ahead), origin),
        "trips": [
            (words, asked.fact(name, f"{span_text(each.trip[0])}, {each.trip[1]}", origin))
            for words, each in courses if each.trip is not None
        ],
    }  # fmt: skip
