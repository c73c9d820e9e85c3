"""Grammar of questions, over the kinds of their words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, cast

from handwheel.connectors.model.site import Site

from .examples import nearest
from .lexicon import FILLERS, terminal_of
from .question import Direction, Intent, NotUnderstood, Question, Statistic, Verdict
from .subjects import Mention, SiteVocabulary, Subject, words_of

if TYPE_CHECKING:
    from lark import Lark

LONGEST = 300
"""Characters of a question."""
_GRAMMAR = r"""
start: plan | what_if | decided | limit | similar | since | why | changed | orders | waiting
     | alarms | running | wrong | value

plan.90:    PLAN _w | AT _w _what _w OUT _w | AT _w OUT _w _what _w | AT _w TAKE _w _what _w
          | _w TAKE _w _what _w OUT _w | _w NEED _w _what _w OUT _w | _w OUT _w _what _w NEED _w
what_if.85: _w IF _w SUBJECT _w QUANTITY _w | _w SUBJECT _w QUANTITY _w IF _w
decided.80: _w DECIDED _w | _w WHO _w REQUEST _w
limit.75:   _w UNTIL _w SUBJECT _w | _w SUBJECT _w UNTIL _w
similar.70: _w SIMILAR _w
since.65:   _w SINCE _w SUBJECT _w | _w SUBJECT _w SINCE _w | _w WHEN _w SUBJECT _w DIRECTION _w
why.60:     _w WHY _w SUBJECT _w | _w SUBJECT _w WHY _w
changed.55: _w CHANGED _w
orders.50:  _w ORDER _w
waiting.45: _w WAITING _w | _w REQUEST _w
alarms.40:  _w ALARM _w
running.35: _w KIND _w RUN _w | _w RUN _w KIND _w
wrong.30:   _w WRONG _w | _w WHY _w
value.10:   _w _what _w

_what: SUBJECT | KIND
_w: _any*
"""
_TERMINALS = (
    "ALARM", "AT", "BEFORE", "CHANGED", "COMMAND", "CONDITION", "DECIDED", "DIRECTION", "HOW", "IF",
    "KIND", "LIMIT", "NEED", "NOW", "ORDER", "OUT", "PLAN", "QUANTITY", "RECENT", "REQUEST", "RUN",
    "SHOW", "SIMILAR", "SINCE", "STATISTIC", "SUBJECT", "TAKE", "UNTIL", "WAITING", "WHEN",
    "WHICH", "WHO", "WHY", "WRONG",
)  # fmt: skip
_STATISTICS = {"MEAN", "LOWEST", "HIGHEST"}
_VERDICTS: Mapping[str, Verdict] = {"APPROVED": "approve", "REJECTED": "reject"}
_DIRECTIONS = {"HIGH", "LOW", "RISING", "FALLING"}
_FALLBACK = {"value", "running"}  # questions that only name something
_BESIDE = {"AT", "REQUEST", "SHOW"}
_PATIENCE = 4
_EMPTY = {"HOW", "NOW", "SHOW", "WHICH"}
_PLAN = re.compile(r"\s*plan\s*:", re.IGNORECASE)
_RETURN = re.compile(r"\b(back|restore|resume|restart|start|starting|return\w*)\b", re.IGNORECASE)
_REQUEST = re.compile(r"\bR-[0-9A-Z]{8}\b", re.IGNORECASE)
_CASE = re.compile(r"\bC-[0-9A-Z]{8}\b", re.IGNORECASE)
_TIME = re.compile(
    r"\b([01]?\d|2[0-3]):([0-5]\d)\b|(?<=\bat )([01]\d|2[0-3])([0-5]\d)\b"
    r"|\b([01]?\d|2[0-3])(?= ?o'?clock\b)"
)
_SPAN = re.compile(r"\b(\d+(?:\.\d+)?|last)\s*(s|sec|seconds?|min|mins|minutes?|h|hours?|days?)\b")
_SPAN_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_QUANTITY = re.compile(
    r"(?<![\w.-])(-?\d+(?:\.\d+)?)(?:\s*(?:[kK][pP]a|bar|degC|°C|m3/h|mm/s|%|kW|K|mg/l)|\s+A)?"
    r"(?![\w.-]|\.\d)"
)


@dataclass(slots=True)
class Words:
    """Words of a question by kind, and what they name."""

    kinds: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])
    subjects: list[Subject] = field(default_factory=list[Subject])
    direction: str = ""
    quantity: str = ""
    at: str = ""
    request_id: str = ""
    case_id: str = ""
    last_s: float = 0.0
    statistic: str = ""
    verdict: Verdict | None = None
    names: int = 0  # of tags and equipment that stand in it as they are

    @property
    def content(self) -> int:
        """Number of its words that tell something."""
        return sum(each not in _EMPTY for each in self.kinds)

    @property
    def patience(self) -> int:
        """How many unknown words it may have. A question that names a tag is about the plant."""
        return max(2, len(self.kinds) + 1) + _PATIENCE * self.names


def parse_question(text: str, site: Site) -> Question:
    """Returns the question of a text.

    Raises:
        NotUnderstood: It is outside the grammar; with the nearest three questions.
    """
    if len(text) > LONGEST:
        reason = f"a question has at most {LONGEST} characters"
        raise NotUnderstood(reason, nearest([], site), is_final=True)
    found = read_words(text, site)
    is_order = [each for each in found.kinds if each not in _BESIDE][:1] == ["COMMAND"]
    if not found.kinds or is_order or len(found.unknown) > found.patience:
        raise _outside(found, site)
    from lark.exceptions import LarkError

    try:
        tree = _parser().parse(" ".join(found.kinds))
    except LarkError:
        raise _outside(found, site) from None
    intent = str(cast("str", tree.children[0].data)).replace("_", "-")  # type: ignore[union-attr]
    subjects = tuple(dict.fromkeys(found.subjects))
    is_bare = len(found.unknown) >= found.content and not found.names
    check_plan(intent, text, site)
    if intent in _FALLBACK and is_bare:
        raise _outside(found, site)
    if intent == "value" and subjects:
        intent = {"tag": "value", "equipment": "condition", "class": "running"}[subjects[0].kind]
    return Question(
        text, cast("Intent", intent), subjects, cast("Direction | None", found.direction or None),
        found.quantity, found.at, found.request_id, found.case_id, found.last_s,
        cast("Statistic | None", found.statistic or None), found.verdict,
    )  # fmt: skip


def check_plan(intent: str, text: str, site: Site) -> None:
    """Raises `NotUnderstood` for a plan that puts equipment into service."""
    if intent == "plan" and _RETURN.search(text):
        reason = "a plan is shown only for taking equipment out of service. Try:"
        raise NotUnderstood(reason, nearest(["TAKE", "OUT", "NEED"], site), is_final=True)


def _outside(found: Words, site: Site) -> NotUnderstood:
    reason = "that is no question that can be answered; a question changes nothing either"
    is_final = "COMMAND" in found.kinds
    if is_final:
        reason = "a question changes nothing in the plant; only a command of a person does"
    return NotUnderstood(f"{reason}. Try:", nearest(found.kinds, site), is_final=is_final)


def read_words(text: str, site: Site) -> Words:
    """Returns the words of a question, each with its kind. Fillers are left out."""
    found = Words()
    if match := _PLAN.match(text):
        found.kinds.append("PLAN")
        text = text[match.end() :]
    if match := _REQUEST.search(text):
        found.request_id = match[0].upper()
        found.kinds.append("REQUEST")
        text = text.replace(match[0], " ")
    if match := _CASE.search(text):
        found.case_id = match[0].upper()
        text = text.replace(match[0], " ")
    if match := _TIME.search(text):
        hour, minute = match[1] or match[3] or match[5], match[2] or match[4] or "00"
        found.at = f"{int(hour):02d}:{minute}"
        found.kinds.append("AT")
        text = text.replace(match[0], " ")
    if match := _SPAN.search(text.lower()):
        number = 1.0 if match[1] == "last" else float(match[1])
        found.last_s = number * _SPAN_S[match[2][0]]
        text = f"{text[: match.start()]} last {text[match.end() :]}"
    if match := _QUANTITY.search(text):
        found.quantity = match[0].strip()
        text = f"{text[: match.start()]} quantity {text[match.end() :]}"
    words, vocabulary = words_of(text), _vocabulary(site)
    found.names = sum(map(vocabulary.is_name, words))
    _sort(words, list(vocabulary.mentions(words)), found)
    return found


def _sort(words: Sequence[str], mentions: Sequence[Mention], found: Words) -> None:
    named = {each.begin: each for each in mentions}
    at = 0
    while at < len(words):
        if mention := named.get(at):
            is_kind = mention.subject.kind == "class"
            found.kinds.append("KIND" if is_kind else "SUBJECT")
            found.subjects.append(mention.subject)
            at = mention.end
            continue
        reach = next((n for n in range(at + 1, len(words)) if n in named), len(words))
        kind, count = terminal_of(words[at:reach])
        if words[at] == "quantity":
            found.kinds.append("QUANTITY")
        elif kind in _DIRECTIONS:
            found.direction = found.direction or kind.lower()
            found.kinds.append("DIRECTION")
        elif kind in _VERDICTS:
            found.verdict = found.verdict or _VERDICTS[kind]
            found.kinds.append("DECIDED")
        elif kind in _STATISTICS:
            found.statistic = kind.lower()
            found.kinds.append("STATISTIC")
        elif kind:
            found.kinds.append(kind)
        elif words[at] not in FILLERS:
            found.unknown.append(words[at])
        at += count


_known: dict[int, tuple[Site, SiteVocabulary]] = {}


def _vocabulary(site: Site) -> SiteVocabulary:
    known = _known.get(id(site))
    if known is None or known[0] is not site:
        known = _known[id(site)] = site, SiteVocabulary(site)
    return known[1]


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(
        "\n".join((_GRAMMAR, *_definitions())) + '\n%ignore " "\n', parser="earley", lexer="dynamic"
    )


def _definitions() -> Iterator[str]:
    yield f"_any: {' | '.join(each for each in _TERMINALS if each != 'PLAN')}"
    yield from (f'{each}: "{each}"' for each in _TERMINALS)
