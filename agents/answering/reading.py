"""Words of a question by kind, and what they name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from handwheel.connectors.model.site import Site

from .lexicon import FILLERS, terminal_of
from .question import Direction, Intent, Question, Statistic, Verdict
from .subjects import Mention, SiteVocabulary, Subject, words_of
from .times import State, is_closed, span_in, state_in

_STATISTICS = {"MEAN", "LOWEST", "HIGHEST"}
_VERDICTS: Mapping[str, Verdict] = {"APPROVED": "approve", "REJECTED": "reject"}
_DIRECTIONS = {"HIGH", "LOW", "RISING", "FALLING"}
_ADJECTIVES = {"open", "open?", "closed", "closed?", "running", "running?"}  # no verbs of writes
_PATIENCE = 4
_EMPTY = {"HOW", "NOW", "SHOW", "WHICH"}
_PLAN = re.compile(r"\s*plan\s*:", re.IGNORECASE)
_REQUEST = re.compile(r"\bR-[0-9A-Z]{8}\b", re.IGNORECASE)
_CASE = re.compile(r"\bC-[0-9A-Z]{8}\b", re.IGNORECASE)
_TIME = re.compile(
    r"\b([01]?\d|2[0-3]):([0-5]\d)\b|(?<=\bat )([01]\d|2[0-3])([0-5]\d)\b"
    r"|\b([01]?\d|2[0-3])(?= ?o'?clock\b)"
)
_QUANTITY = re.compile(
    r"(?<![\w.-])(-?\d+(?:\.\d+)?)(?:\s*(?:[kK][pP][aA]|bar|degC|°C|m3/h|mm/s|%|kW|K|mg/l|V|MPa|mbar|kPag|degF|°F|rpm|Hz)|\s+A)?"
    r"(?![\w.-]|\.\d)"
)
_SIGNS: Mapping[str, str] = {"<": " below ", "≤": " below ", ">": " above ", "≥": " above "}
_NEXT = re.compile(r"\s*([^\W\d_]\w*)")
_KPA = re.compile("kpa", re.IGNORECASE)


@dataclass(slots=True)
class Words:
    """Words of a question by kind, and what they name."""

    kinds: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])
    subjects: list[Subject] = field(default_factory=list[Subject])
    direction: str = ""
    quantity: str = ""
    after_quantity: str = ""  # word that follows it
    at: str = ""
    request_id: str = ""
    case_id: str = ""
    last_s: float = 0.0
    statistic: str = ""
    verdict: Verdict | None = None
    state: State | None = None
    befores: int = -1  # subjects that stand before the word before; -1 without that word
    ago_s: float = 0.0
    verb: str = ""
    is_closed: bool = False
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
            cast("Statistic | None", self.statistic or None), self.verdict, self.state,
            next(iter(self.subjects[self.befores :]), None) if self.befores >= 0 else None,
            self.befores >= 0, self.ago_s, self.verb, self.is_closed,
        )  # fmt: skip


def read_words(text: str, site: Site) -> Words:
    """Returns the words of a question, each with its kind. Fillers are left out."""
    found = Words(state=state_in(text), verb=_verb(text, site), is_closed=is_closed(text))
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
    if (span := span_in(text)) is not None:
        match, seconds, is_ago = span
        found.ago_s, found.last_s = (seconds, 0.0) if is_ago else (0.0, seconds)
        text = f"{text[: match.start()]} last {text[match.end() :]}"
    if match := _QUANTITY.search(text):
        found.quantity = _KPA.sub("kPa", match[0].strip())
        after = _NEXT.match(text, match.end())
        found.after_quantity = after[1].lower() if after and found.quantity[-1].isdigit() else ""
        text = f"{text[: match.start()]} quantity {text[match.end() :]}"
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
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
            found.befores = len(found.subjects) if kind == "BEFORE" else found.befores
        elif words[at] not in FILLERS:
            found.unknown.append(words[at])
        at += count


def _verb(text: str, site: Site) -> str:
    """Returns the verb of the site's writes that a text names, such as `stop`, empty for none."""
    verbs = {verb for tag in site.tags.values() for verb in tag.verbs.values()}
    words = [each for each in text.lower().split() if each not in _ADJECTIVES]
    return next((verb for word in words for verb in verbs if word.startswith(verb)), "")


_known: dict[int, tuple[Site, SiteVocabulary]] = {}


def _vocabulary(site: Site) -> SiteVocabulary:
    known = _known.get(id(site))
    if known is None or known[0] is not site:
        known = _known[id(site)] = site, SiteVocabulary(site)
    return known[1]
