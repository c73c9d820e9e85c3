"""Words of a question by kind, and what they name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from handwheel.connectors.model.site import Site

from .lexicon import FILLERS, terminal_of
from .question import Direction, Intent, Question, Statistic, Verdict
from .subjects import Mention, SiteVocabulary, Subject, words_of

_STATISTICS = {"MEAN", "LOWEST", "HIGHEST"}
_VERDICTS: Mapping[str, Verdict] = {"APPROVED": "approve", "REJECTED": "reject"}
_DIRECTIONS = {"HIGH", "LOW", "RISING", "FALLING"}
_PATIENCE = 4
_EMPTY = {"HOW", "NOW", "SHOW", "WHICH"}
_PLAN = re.compile(r"\s*plan\s*:", re.IGNORECASE)
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

    def question(self, text: str, intent: Intent, subjects: Sequence[Subject]) -> Question:
        """Returns the question of these words, of a kind and about some subjects."""
        return Question(
            text, intent, tuple(dict.fromkeys(subjects)),
            cast("Direction | None", self.direction or None), self.quantity, self.at,
            self.request_id, self.case_id, self.last_s,
            cast("Statistic | None", self.statistic or None), self.verdict,
        )  # fmt: skip


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
