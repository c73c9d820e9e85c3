"""Question to a model about a case, made by code from ids, numbers and facts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from handwheel.tools.safe_text import printable

from ..planner import COMPOSED, PlanningCase
from ..rules import passed_over

NONE = "none"
"""Choice of a model that leaves a case to people."""
MOST_WORDS = 100
"""Characters of a model's reason."""
_MOST_OFFERS = 12
_MOST_LINES = 24  # of facts
_LONG = 120  # characters of a title or a name
_MOVED = 3  # tags of a deviation
_INSTRUCTIONS = (
    "You choose the playbook that answers a fault of an industrial plant. Choose exactly one of "
    "the candidates, or none if no candidate fits the facts. Leave values out unless the usual "
    "ones do not fit. People decide about your choice. Answer in JSON."
)


@dataclass(frozen=True)
class Question:
    """Prompt with the schema of its answer.

    Attributes:
        offers: Candidates that may be chosen, as the planner's case has them.
    """

    system: str
    text: str
    schema: Mapping[str, Any]
    offers: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def sha256(self) -> str:
        """Hash of all that a model is given."""
        given = json.dumps([self.system, self.text, self.schema], sort_keys=True)
        return sha256(given.encode()).hexdigest()


def offered(case: PlanningCase) -> list[Mapping[str, Any]]:
    """Returns the candidates among which a model may choose, in the order of the case.

    They are those that nothing prevents and that the rules do not pass over. Composed plans are
    left to the rules.
    """
    passed = passed_over(case)
    free = [
        each
        for each in case.candidates
        if not each["code"]
        and each["name"] not in passed
        and not str(each.get("playbook", "")).startswith(COMPOSED)
    ]
    return free[:_MOST_OFFERS]


def question_of(case: PlanningCase) -> Question:
    """Returns the question about a case. No text of the plant is in it.

    Names and titles are those of the site's files. Alarm texts, notes and other words that
    somebody may have put into the plant are left out.
    """
    offers = offered(case)
    facts = [*_deviation_lines(case), *_hypothesis_lines(case)][:_MOST_LINES]
    text = "\n".join(
        ["Facts:", *facts, "Candidates:", *map(_offer_line, offers), f"- {NONE}: no candidate fits"]
    )
    return Question(_INSTRUCTIONS, text, answer_schema(offers), offers)


def answer_schema(offers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the JSON Schema of an answer, a branch for each candidate and one for none."""
    branches = [_branch(str(each["name"]), each.get("adjusted", ())) for each in offers]
    return {
        "title": "answer", "description": "The choice of a candidate.", "type": "object",
        "properties": {"answer": {"anyOf": [*branches, _branch(NONE, ())]}},
        "required": ["answer"], "additionalProperties": False,
    }  # fmt: skip


def _branch(name: str, adjusted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    properties: dict[str, Any] = {"choice": {"type": "string", "enum": [name]}}
    if adjusted:
        values = {str(each["name"]): _value_schema(each) for each in adjusted}
        properties["values"] = {
            "type": "object", "properties": values, "additionalProperties": False,
        }  # fmt: skip
    properties["because"] = {"type": "string", "maxLength": MOST_WORDS}
    return {
        "type": "object", "properties": properties, "required": ["choice", "because"],
        "additionalProperties": False,
    }  # fmt: skip


def _value_schema(each: Mapping[str, Any]) -> dict[str, Any]:
    match each["type"]:
        case "bool":
            return {"type": "boolean"}
        case "enum":
            return {"type": "string", "enum": list(each["values"])}
        case _:
            ends = {"minimum": limit_of(each, "low"), "maximum": limit_of(each, "high")}
            known = {name: end for name, end in ends.items() if end is not None}
            return {"type": "number", **known}


def limit_of(adjusted: Mapping[str, Any], key: str) -> float | None:
    """Returns a limit of an adjustable number in its own unit, `None` if it is not written so."""
    number, _, unit = str(adjusted.get(key, "")).partition(" ")
    try:
        value = float(number)
    except ValueError:
        return None
    return value if unit.strip() == adjusted.get("unit", "") else None


def _deviation_lines(case: PlanningCase) -> Iterator[str]:
    for each in case.deviations:
        moved = [_motion(one) for one in each.get("motions", ())[:_MOVED]]
        yield "; ".join([f"- {printable(str(each['id']), _LONG)}", *moved])


def _motion(each: Mapping[str, Any]) -> str:
    unit = f" {printable(str(each['unit']))}" if each["unit"] else ""
    label = f" ({printable(str(each['label']), _LONG)})" if each.get("label") else ""
    text = f"{printable(str(each['tag']))}{label} is {each['value']:.4g}{unit}"
    if each["per_h"]:
        text += f", {each['per_h']:+.3g}/h"
    if "limit" in each:
        text += f", {each['kind']} at {each['limit']:g} in {each['in_min']:.0f} min"
    return text


def _hypothesis_lines(case: PlanningCase) -> Iterator[str]:
    named = set(case.ranking.get("named", ()))
    for each in case.ranking.get("hypotheses", ()):
        state = "named" if each["id"] in named else "suspected"
        title, total = printable(str(each["title"]), _LONG), each.get("total_db", 0.0)
        yield f"- {state} fault {printable(str(each['id']), _LONG)}: {title}, {total:+.0f} dB"
        signs = [one for one in each.get("evidence", ()) if one.get("truth") in {"true", "false"}]
        for one in signs[:_MOVED]:
            yield f"  - {printable(str(one['id']), _LONG)} is {one['truth']}{_measured(one)}"


def _measured(evidence: Mapping[str, Any]) -> str:
    value = evidence.get("measured")
    if not isinstance(value, int | float):
        return ""
    return f", {value:.4g} {printable(str(evidence.get('unit', '')))}".rstrip()


def _offer_line(each: Mapping[str, Any]) -> str:
    line = f"- {printable(str(each['name']), _LONG)}"
    if title := each.get("title"):
        line += f": {printable(str(title), _LONG)}"
    if answers := each.get("answers"):
        line += f"; answers {', '.join(printable(str(one), _LONG) for one in answers)}"
    values = [
        f"{one['name']} {one.get('low', '')} to {one.get('high', '')}, usually {one['default']}"
        for one in each.get("adjusted", ())
        if one.get("low") or one.get("high")
    ]
    return "; ".join([line, *values])
