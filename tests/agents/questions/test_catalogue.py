"""Each question answers on a small recorded site, from facts with place and time."""

import json
import re
from math import sin
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.agents.questions.answer import text_of
from handwheel.agents.questions.catalogue import answer_to, catalogue
from handwheel.agents.questions.offers import offers
from handwheel.agents.questions.parameters import KINDS
from handwheel.agents.questions.question import Answer
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments

from .known_site import Course, KnownSite

_NAMES = re.compile(r"\b[A-Z]{1,6}-[0-9A-Z]+(?:[.-][A-Za-z0-9_]+)*")
_NUMBERS = re.compile(r"\d+(?:[.:]\d+)*")


def _step(before_s: float, low: float = 0.0, high: float = 1.0) -> Course:
    return lambda ago_s: high if ago_s < before_s else low


def _ramp(end: float, per_h: float, from_s: float = 1e9) -> Course:
    return lambda ago_s: end - per_h * min(ago_s, from_s) / 3600.0 + 0.01 * sin(ago_s)


_COURSES: dict[str, Course] = {
    "PDT-101.pv": _ramp(22.0, 6.0), "PT-102.pv": _ramp(351.25, -20.0),
    "P-101A.tripped": _step(600.0), "P-101A.running": _step(600.0, 1.0, 0.0),
    "P-101B.running": _step(590.0), "I-01.active": _step(601.0), "VAH-101A.active": _step(605.0),
    "VT-101A.pv": _step(604.0, 3.0, 12.0), "PIC-102.sp": _step(900.0, 350.0, 355.0),
    "LT-101.pv": lambda _: 60.0,
}  # fmt: skip
_VALUES: dict[str, Any] = {
    "P-101A.tripped": True, "P-101A.running": False, "P-101B.running": True,
    "VAH-101A.active": True, "PDT-101.pv": 22.0, "VT-101A.pv": 12.0,
}  # fmt: skip
TOLD: dict[str, tuple[str, ...]] = {
    "abnormal": ("Alarm VAH-101A is active", "beyond the trip limit", "C-338DBDB1 is open"),
    "value PT-102": (
        "PT-102.pv (header pressure) is 351.25 kPa; alarm below", "was steady over the last 10 min",
    ),
    "equipment S-101": ("W-G6H2RQ43 is open about S-101: Clean strainer S-101: 36.1 kPa",),
    "alarms": ("Alarm VAH-101A is active",),
    "running": ("P-101B.running", "P-101A.mode"),
    "history PDT-101 30min": ("The average of PDT-101.pv over the last 30 min", "was rising"),
    "history P-101A.running": ("was true for 83", "went from true", "to false"),
    "value-then LT-101.pv ago=2h": ("LT-101.pv was 60 %", "about 2 h"),
    "since PDT-101": ("PDT-101.pv is rising since about 58 min",),
    "since P-101B.running": ("P-101B.running is so since about 9 min 50 s",),
    "since-beyond PDT-101 '20 kPa'": ("PDT-101.pv is above 20 kPa", "since about 20 min"),
    "last-like P-101A.running": ("was never so before",),
    "why-tripped P-101A": (
        "P-101A tripped about 10 min", "Alarm VAH-101A came about", "with it",
        "VT-101A.pv was at 12 mm/s", "beyond its trip limit",
    ),
    "why-stopped P-101A": ("P-101A stopped about 10 min", "P-101A tripped about"),
    "why-started P-101B": ("P-101B started about 9 min 50 s",),
    "why-alarm VAH-101A": ("VAH-101A came about", "beyond its alarm limit"),
    "why-moving PDT-101": (
        "PDT-101.pv was rising", "The agents name Strainer plugged", "with +15 dB",
        "For it speaks the strainer's dp has grown by 23.2 times", "U-7K3MQ2XA answers it",
    ),
    "changed": (
        "PIC-102.sp was written to 355 kPa", "by R-7K3MQ2XA, proposed by anna", "approved by ben",
        "cleo (UNATTENDED: a script signed with the key)", "P-101A.running went from true",
    ),
    "changed-before P-101A.tripped": ("changed from false", "PIC-102.sp was written to"),
    "changed-before LT-101.pv": ("has no moment at which LT-101.pv changed or moved",),
    "limit PDT-101": ("reaches its alarm limit 25 kPa", "in about 30 min"),
    "limit PDT-101 24": ("reaches the value 24 kPa", "in about 20 min"),
    "limit LT-101.pv": ("So it moves towards no limit of",),
    "what-if PIC-102.sp 3.8bar": (
        "The policy would not allow it: PIC-102.sp: 380 lies outside", "in the lease of",
        "With PIC-102.sp at 380 kPa", "PT-102.pv would be 379.83 kPa", "instead of 350 kPa",
        "The plant would trip after 30 min, I-02", "Nothing was written or requested.",
    ),
    "waiting": ("R-7K3MQ2XA waits for operator: P-101B.run_cmd = true", "5 min", "25 min"),
    "why-request R-7K3MQ2XA": (
        "was filed at 2026-11-30 20:55:00 UTC", "by anna", "Its reason is try it",
        "segment 1 of cw/x", "C-338DBDB1 was opened before it: PDT-101.pv > 25 kPa",
    ),
    "request-outcome R-7K3M": ("is PENDING", "ben", "approved", "“not in the 3rd shift”"),
    "decided": ("ben [F1] approved R-7K3MQ2XA at 2026-11-30 20:56:07 UTC",),
    "decided last=1min": ("has no decision in the last 1 min",),
    "shift-changed": (
        "The shift began at 2026-11-30 20:00:00 UTC", "PIC-102.sp was written",
        "C-338DBDB1 was opened at", "W-G6H2RQ43 was opened at",
    ),
    "orders": ("W-G6H2RQ43 for S-101, due 2026-12-01",),
    "orders-closed": ("W-G6H2RQ43 was closed at 2026-11-30 20:30:00 UTC", "found nothing"),
    "wrong": ("The agents name Strainer plugged (strainer-plugged S-101)",),
    "would-decide C-338DBDB1": ("would be decided by Look at the strainer's 2 gauges",),
    "alike C-338DBDB1": ("C-R60XR27W of 2026-11-12: 2 of 2 signs alike",),
    "why-not-started cw/strainer-blocked": (
        "Of C-338DBDB1 cw/strainer-blocked is prevented: another run holds S-101",
    ),
    "plan-out P-101A at='tomorrow 14:00'": (
        "cw/change-over (duty P-101A) would do it: Change over",
        "It is not released, so two people",
        "It would write P-101A.mode: remote now, maintenance proposed", "Lint finds nothing",
        "Nothing is foretold", "It is no standing approval: nothing is started at tomorrow 14:00",
    ),
}  # fmt: skip
"""Answers by what is typed. Citations are left out of the comparison where they are."""


def _known(site: Site, **said: Any) -> KnownSite:
    said = {"values": _VALUES, "courses": _COURSES, "verdict": "approve"} | said
    return KnownSite.of(site, **said)


def _answer(typed: str, site: Site, **said: Any) -> Answer:
    name, *words = [each.replace("'", "") for each in re.findall(r"(?:'[^']*'|[^\s'])+", typed)]
    return answer_to(name, words, _known(site, **said))


def test_table_has_every_question_and_each_kind_of_parameter() -> None:
    assert {each.split()[0] for each in TOLD} == set(catalogue())
    assert {one.name for each in catalogue().values() for one in each.parameters} == set(KINDS)


@pytest.mark.parametrize("typed", TOLD)
def test_question_is_answered_from_facts_with_place_and_time(typed: str, site: Site) -> None:
    answer = _answer(typed, site)
    text = "\n".join(answer.lines)
    bare = re.sub(r" \[F\d+\]", "", text)
    missing = [each for each in TOLD[typed] if each not in bare and each not in text]
    assert not missing, text
    facts = {each.id: each for each in answer.facts}
    assert all(each.at.endswith("Z") and each.source and each.about for each in answer.facts)
    for line in answer.lines:
        shown = " ".join(facts[each].value for each in re.findall(r"\[(F\d+)\]", line))
        left = _NAMES.sub("", re.sub(r"\[F\d+\]", "", line))
        assert [each for each in _NUMBERS.findall(left) if each not in shown] == [], line
    fields = json.loads(json.dumps(answer.fields))
    assert list(fields) == ["question", "title", "parameters", "text", "facts", "next"]
    assert list(fields["parameters"]) == [each.name for each in answer.question.parameters]
    assert set(fields["facts"][0]) == {"id", "about", "value", "at", "source"}


@pytest.mark.parametrize("typed", [each for each in TOLD if "P-101B" not in each])
def test_plant_that_is_down_is_told_as_unknown(typed: str, site: Site) -> None:
    bare = " ".join(_answer(typed, site, is_down=True).lines)
    assert " is 351.25" not in bare
    assert "No alarm is active" not in bare


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("wrong", "Nobody runs [F1], so nobody judges it now."),
        ("why-not-started cw/change-over", "No open case has weighed cw/change-over"),
        ("abnormal", "no case is open"),
    ],
)
def test_site_without_cases_and_agents_says_so(typed: str, told: str, site: Site) -> None:
    said: dict[str, Any] = {"has_case": False, "no_agents": "Nobody runs", "values": {}}
    quiet = {"PDT-101.pv": 10.0, "LT-101.pv": 60.0}
    limited = {name: _within(tag) for name, tag in site.tags.items() if tag.kind == "float"}
    text = " ".join(_answer(typed, site, **said | {"values": limited | quiet}).lines)
    assert told in text


def _within(tag: Any) -> float:
    low, high = tag.alarm
    return float(low + high) / 2 if low is not None and high is not None else (low or 0.5) + 0.01


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("nothing", "there is no question 'nothing'"),
        ("value", "TAG is missing; usage: ask value TAG"),
        ("value PT-102 now", "'now' is too much"),
        ("value PT-192.pv", "there is no tag 'PT-192.pv'; did you mean 'PT-102.pv'"),
        ("equipment P-101X", "there is no equipment 'P-101X'"),
        ("why-request R-1", "there is no request 'R-1'"),
        ("alike C-1", "there is no case 'C-1'"),
        ("why-not-started cw/none", "there is no playbook 'cw/none'"),
        ("why-alarm PT-102", "PT-102.pv is no alarm"),
        ("why-tripped S-101", "there is no equipment that runs 'S-101'"),
        ("history PT-102 last=1", "'1' is no duration"),
        ("history PT-102 last=400d", "a time lies between 0 and 7 d"),
        ("since-beyond PT-102 40degC", "is no number that can be converted into 'kPa'"),
        ("what-if PT-102 1", "PT-102.pv cannot be written"),
    ],
)
def test_parameter_that_is_none_of_the_site_is_refused(typed: str, reason: str, site: Site) -> None:
    with pytest.raises(InvalidArguments, match=re.escape(reason)):
        _answer(typed, site)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("why is the header pressure falling", ["why-moving", "PT-102.pv"]),
        ("what does PDT-101 read", ["value", "PDT-101.pv"]),
        ("what waits for approval", ["waiting"]),
        ("why did P-101A trip", ["why-tripped", "P-101A"]),
        ("what did the shift change", ["shift-changed"]),
        ("which work orders are open", ["orders"]),
        ("what do the agents think is wrong", ["wrong"]),
        ("take P-101A out for maintenance", ["plan-out", "P-101A"]),
        ("why was R-7K3MQ2XA refused", ["request-outcome", "R-7K3MQ2XA"]),
        ("when was the basin level last like this", ["last-like", "LT-101.pv"]),
        ("how long until PDT-101 reaches its alarm", ["limit", "PDT-101.pv"]),
        ("what would happen with PIC-102.sp at 380", ["what-if", "PIC-102.sp", "380"]),
    ],
)
def test_free_words_are_matched_to_titles(words: str, offered: list[str], site: Site) -> None:
    assert offers(words, _known(site))[0] == offered


@given(st.text(max_size=80))
def test_each_offer_can_be_asked_as_it_stands(site: Site, text: str) -> None:
    known = _known(site)
    found = offers(text, known)
    assert 1 <= len(found) <= 3
    for name, *words in found:
        catalogue()[name].parsed(words, known)


def test_example_of_the_documentation_is_what_is_printed(site: Site) -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "ask-a-question.md").read_text()
    command, *lines = page.split("```text\n")[1].split("```")[0].splitlines()
    answer = _answer(command.removeprefix("$ handwheel ask "), site)
    assert lines == [*answer.lines, "", *(f"  {each.line}" for each in answer.facts)]
    typed = {each.split()[0] for each in re.findall(r"`handwheel ask ([a-z][^`]*)`", page)}
    assert typed - {"why"} <= set(catalogue())


def test_text_of_the_plant_is_made_safe_in_facts_and_templates(site: Site) -> None:
    known = _known(site, no_agents="line\nnext: rm\u202e")
    answer = answer_to("wrong", (), known)
    assert "line\\nnext: rm\\u202e" in answer.lines[-1]
    assert list(text_of("{{ each }} is so.", {"each": "a\u202eb"})) == ["a\\u202eb is so."]
