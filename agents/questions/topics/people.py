"""Questions about requests, decisions, shifts and work orders."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from handwheel.tools.guardrails.ledger.listing import ListedRequest
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ..answer import Asked, Fact, joined
from ..question import question
from ..trends import span_text
from .events import person, written

_MOST = 5
_SHIFT = timedelta(hours=12)
_VERBS = {"approve": "approved", "reject": "rejected", "propose": "proposed"}
_DECIDED = """
{% for each in decided %}{{ each.who }} {{ each.verb }} {{ each.id }} at {{ each.at }}: {{ each.write }}{% if each.why %}, because {{ each.why }}{% endif %}.
{% endfor %}
"""  # fmt: skip
_Found = Mapping[str, Any]


def _time(asked: Asked, name: str, at: str, source: str = "journal") -> Fact:
    return asked.fact(name, f"{at[:10]} {at[11:19]} UTC", source, at)


def _write(asked: Asked, request: ListedRequest) -> Fact:
    writes = [f"{each.tag} = {each.shown} {each.unit}".rstrip() for each in request.commands]
    return asked.fact(request.request_id, ", ".join(writes), "journal", request.filed_at)


def _decisions(asked: Asked, requests: Sequence[ListedRequest], since: str = "") -> list[_Found]:
    return [
        {
            "id": each.request_id, "verb": _VERBS.get(one.verdict, f"decided ({one.verdict})"),
            "who": asked.fact(each.request_id, person(one), "journal, signed", one.signed_at),
            "at": _time(asked, each.request_id, one.signed_at), "write": _write(asked, each),
            "why": one.comment and asked.fact(each.request_id, f"“{one.comment}”",
                                              "journal, signed", one.signed_at),
        }
        for each in requests
        for one in asked.sources.decisions(each.request_id)
        if one.signed_at >= since
    ]  # fmt: skip


@question(
    "waiting", "What waits for a person?",
    """
{% for each in waiting %}{{ each.id }} waits for {{ each.roles }}: {{ each.write }}; asked {{ each.since }} ago, {{ each.left }} left.
{% endfor %}
{% if not waiting %}No request waits for a decision.{% endif %}
""",
    also="what waits for approval, do I have to sign anything, pending",
)  # fmt: skip
def waiting(asked: Asked) -> _Found:
    """Tells the requests that wait for a decision."""
    found: list[_Found] = []
    for each in asked.sources.requests():
        if each.state not in WAITING_REQUESTS:
            continue
        age_s = (asked.sources.now - parse_stamp(each.filed_at)).total_seconds()
        since, left = (
            asked.fact(each.request_id, span_text(max(one, 0.0)), "journal", each.filed_at)
            for one in (age_s, each.within_s - age_s)
        )
        found.append({"id": each.request_id, "roles": joined(each.roles), "since": since,
                      "left": left, "write": _write(asked, each)})  # fmt: skip
    return {"waiting": found}


@question(
    "why-request",
    "Why did a request come?",
    """
{{ id }} was filed at {{ at }} by {{ proposer }}: {{ write }}.
Its reason is {{ why }}.
{% if run %}It belongs to {{ run }}.{% endif %}

{% for name, condition in cases %}{{ name }} was opened before it: {{ condition }}.
{% endfor %}
""",
    also="why do the agents ask for this, who asked for it",
)
def why_request(asked: Asked, request: ListedRequest) -> _Found:
    """Tells who asked for writes and why, with the run and the case behind it."""
    sources, name, at = asked.sources, request.request_id, request.filed_at
    run = request.run or {}
    told = f"{run['run_id']}, segment {run['segment']} of {run['playbook']}" if run else ""
    every = [sources.case(each) for each in sources.case_names()] if run else []
    cases = [each for each in every if run["run_id"] in each.runs]
    return {
        "id": name, "at": _time(asked, name, at), "write": _write(asked, request),
        "proposer": asked.fact(name, request.proposer, "journal", at),
        "why": asked.fact(name, request.why, "journal, in the proposer's words", at),
        "run": told and asked.fact(name, told, "journal", at),
        "cases": [
            (each.case_id, asked.fact(each.case_id, each.condition, "journal", each.opened_at))
            for each in cases
        ],
    }  # fmt: skip


@question(
    "request-outcome", "What became of a request, and why was it refused?",
    """
{{ id }} is {{ state }}{% if reason %}: {{ reason }}{% endif %}; it was filed at {{ at }} for {{ write }}.
""" + _DECIDED,
    also="why was it denied or rejected, was it carried out",
)  # fmt: skip
def request_outcome(asked: Asked, request: ListedRequest) -> _Found:
    """Tells where a request stands, why, and who decided about it."""
    name, at = request.request_id, request.filed_at
    state, reason = request.status
    return {
        "id": name, "at": _time(asked, name, at), "write": _write(asked, request),
        "state": asked.fact(name, state, "ledger"),
        "reason": reason and asked.reason(name, reason, "ledger"),
        "decided": _decisions(asked, [request]),
    }  # fmt: skip


@question(
    "decided",
    "Who decided about requests lately, and when?",
    _DECIDED + "{% if not decided %}The journal has no decision in the last {{ last }}.{% endif %}",
    also="who approved or rejected it, who signed",
)
def decided(asked: Asked, last: float = 86400.0) -> _Found:
    """Tells the decisions about requests, the newest first."""
    since = stamp(asked.sources.now - timedelta(seconds=last))
    found = _decisions(asked, asked.sources.requests()[::-1], since)
    told = asked.fact("time", span_text(last), "asked, by the wall clock")
    return {"decided": found[:_MOST], "last": told}


@question(
    "shift-changed", "What did the shift change?",
    """
The shift began at {{ began }}.
{% for each in writes %}{{ say.written(each) }}
{% endfor %}
""" + _DECIDED + """
{% for name, what, at in opened %}{{ name }} was opened at {{ at }}: {{ what }}.
{% endfor %}
{% if not writes and not decided and not opened %}Since then nothing was written, decided or opened.
{% endif %}
""",
    also="what happened since the handover, what was done today",
)  # fmt: skip
def shift_changed(asked: Asked) -> _Found:
    """Tells writes, decisions, cases and work orders since the last handover, else 12 h."""
    sources = asked.sources
    since = sources.handed_over() or stamp(sources.now - _SHIFT)
    cases = [sources.case(each) for each in sources.case_names()]
    opened = [(each.case_id, each.condition or "a deviation", each.opened_at) for each in cases]
    opened += [(each.workorder_id, each.title, each.opened_at) for each in sources.work_orders()]
    return {
        "began": _time(asked, "shift", since),
        "writes": [written(asked, each, each.ago_s)
                   for each in sources.writes(sources.ago_s(since))],
        "decided": _decisions(asked, sources.requests(), since),
        "opened": [
            (name, asked.fact(name, what, "journal", at), _time(asked, name, at))
            for name, what, at in opened if at >= since
        ],
    }  # fmt: skip


@question(
    "orders",
    "Which work orders are open?",
    """
{% for name, asset, due, title in orders %}{{ name }} for {{ asset }}, due {{ due }}: {{ title }}.
{% endfor %}
{% if not orders %}No work order is open.{% endif %}
""",
    also="maintenance to do, overdue",
)
def orders(asked: Asked) -> _Found:
    """Tells the open work orders."""
    return {"orders": [
        (each.workorder_id, each.asset or "the site",
         *(asked.fact(each.workorder_id, text, "work orders", each.opened_at)
           for text in (each.due[:10] or "no date", each.title)))
        for each in asked.sources.work_orders()
    ]}  # fmt: skip


@question(
    "orders-closed", "Which work orders were closed, and what was found?",
    """
{% for name, at, by, found, title in orders %}{{ name }} was closed at {{ at }} by {{ by }}{% if found %}, found {{ found }}{% endif %}: {{ title }}.
{% endfor %}
{% if not orders %}No work order was closed.{% endif %}
""",
    also="maintenance that was done",
)  # fmt: skip
def orders_closed(asked: Asked) -> _Found:
    """Tells the work orders that were closed last."""
    told: list[tuple[object, ...]] = []
    for order, closing in asked.sources.closed_orders()[:_MOST]:
        name, source = order.workorder_id, "work orders"
        found = closing.found and asked.fact(name, closing.found, source, closing.at)
        by = asked.fact(name, closing.by, "work orders, user of the machine", closing.at)
        title = asked.fact(name, order.title, source, order.opened_at)
        told.append((name, _time(asked, name, closing.at, source), by, found, title))
    return {"orders": told}
