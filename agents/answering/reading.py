"""Words of a question by kind, and what they name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from handwheel.connectors.model.site import Site

from .lexicon import FILLERS, terminal_of
from .question import Direction, Intent, Question, Statistic, Verdict
from .subjects import Mention, SiteVocabulary, Subject, words_of
from .times import State, span_in, state_in, time_in

_STATISTICS = {"MEAN", "LOWEST", "HIGHEST"}
_VERDICTS: Mapping[str, Verdict] = {"APPROVED": "approve", "REJECTED": "reject"}
_DIRECTIONS = {"HIGH", "LOW", "RISING", "FALLING"}
_SIDES: Mapping[str, str] = {"ABOVE": "high", "BELOW": "low"}
_LEVELS = {"HIGH", "LOW"}
_DOWN = {"low", "falling"}
_ADJECTIVES = {"open", "open?", "closed", "closed?", "running", "running?"}  # no verbs of writes
_PLAN = re.compile(r"\s*plan\s*:", re.IGNORECASE)
_REQUEST = re.compile(r"\bR-[0-9A-Z]{8}\b", re.IGNORECASE)
_CASE = re.compile(r"\bC-[0-9A-Z]{8}\b", re.IGNORECASE)
_QUANTITY = re.compile(
    r"(?<![\w.-])(-?\d+(?:\.\d+)?)(?:\s*(?:[kK][pP][aA]|bar|degC|°C|m3/h|mm/s|%|kW|K|mg/l|V|MPa|mbar|kPag|degF|°F|rpm|Hz)|\s+A)?"
    r"(?![\w.-]|\.\d)"
)
_SIGNS: Mapping[str, str] = {"<": " below ", "≤": " below ", ">": " above ", "≥": " above "}
_INSTEAD = re.compile(r"\binstead of\s+-?\d+(\.\d+)?(?![\w.-]|\.\d)", re.IGNORECASE)
_NEXT = re.compile(r"\s*([^\W\d_]\w*)")
_KPA = re.compile("kpa", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """Words of a question that are of one kind.

    Attributes:
        kind: Terminal of the grammar; empty for a word that is not known.
        text: The words, in lower case.
        subject: Tag, equipment or class that they name; `None` for none.
    """

    kind: str
    text: str
    subject: Subject | None = None

    @property
    def told_as(self) -> str:
        """Its kind, or that of its subject."""
        return self.subject.kind if self.subject else self.kind


@dataclass(slots=True)
class Words:
    """Words of a question by kind, and what they name. Words without a meaning are left out."""

    tokens: list[Token] = field(default_factory=list[Token])
    direction: str = ""
    quantity: str = ""
    after_quantity: str = ""  # word that follows it
    day: str = ""
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
    names: int = 0  # of tags and equipment that stand in it as they are

    def add(self, kind: str, text: str, subject: Subject | None = None) -> None:
        """Adds the next words."""
        self.tokens.append(Token(kind, text, subject))

    @property
    def kinds(self) -> list[str]:
        """Terminals of the words that are known, in order."""
        return [each.kind for each in self.tokens if each.kind]

    @property
    def unknown(self) -> list[str]:
        """Words that are not known, in order."""
        return [each.text for each in self.tokens if not each.kind]

    @property
    def subjects(self) -> list[Subject]:
        """Tags, equipment and classes that are named, in order."""
        return [each.subject for each in self.tokens if each.subject]

    def question(self, text: str, intent: Intent, subjects: Sequence[Subject]) -> Question:
        """Returns the question of these words, of a kind and about some subjects."""
        return Question(
            text, intent, tuple(dict.fromkeys(subjects)),
            cast("Direction | None", self.direction or None), self.quantity, self.day, self.at,
            self.request_id, self.case_id, self.last_s,
            cast("Statistic | None", self.statistic or None), self.verdict, self.state,
            next(iter(self.subjects[self.befores :]), None) if self.befores >= 0 else None,
            self.befores >= 0, self.ago_s, self.verb, "CLOSED" in self.kinds,
        )  # fmt: skip


def read_words(text: str, site: Site) -> Words:
    """Returns the words of a question, each with its kind."""
    found = Words(state=state_in(text), verb=_verb(text, site))
    for kind, pattern in (("PLAN", _PLAN), ("REQUEST", _REQUEST), ("CASE", _CASE)):
        if match := pattern.search(text):
            found.add(kind, match[0].strip().lower())
            text = f"{text[: match.start()]} {text[match.end() :]}"
            found.request_id = match[0].upper() if kind == "REQUEST" else found.request_id
            found.case_id = match[0].upper() if kind == "CASE" else found.case_id
    if (time := time_in(text)) is not None:
        match, found.day, found.at = time
        found.add("AT", match[0].strip().lower())
        text = f"{text[: match.start()]} {text[match.end() :]}"
    if (span := span_in(text)) is not None:
        match, kind, seconds = span
        found.ago_s, found.last_s = (seconds, 0.0) if kind == "AGO" else (0.0, seconds)
        found.add(kind, match[0].strip().lower())
        text = f"{text[: match.start()]} {text[match.end() :]}"
    if match := _INSTEAD.search(text):
        found.add("IF", match[0].strip().lower())
        text = f"{text[: match.start()]} {text[match.end() :]}"
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
    _drop_labels(found, vocabulary)
    tags = [site.tags.get(each.name) for each in found.subjects]
    if found.state and tags and all(each is not None and each.is_alarm for each in tags):
        found.state = "active"  # an alarm that went off has come
    return found


def _drop_labels(found: Words, vocabulary: SiteVocabulary) -> None:
    """Drops the words beside a subject that say only what it is, such as `valve TV-202`."""
    numbered = list(enumerate(found.tokens))
    dropped: set[int] = set()
    for tokens in (numbered, numbered[::-1]):
        about: frozenset[str] = frozenset()
        for n, each in tokens:
            if each.subject:
                about = vocabulary.words_about(each.subject)
            elif not each.kind and each.text in about:
                dropped.add(n)
            elif each.kind != "BE":
                about = frozenset()
    found.tokens = [each for n, each in numbered if n not in dropped]


def _sort(words: Sequence[str], mentions: Sequence[Mention], found: Words) -> None:
    named = {each.begin: each for each in mentions}
    at = 0
    while at < len(words):
        if mention := named.get(at):
            is_kind = mention.subject.kind == "class"
            text = " ".join(words[at : mention.end])
            found.add("KIND" if is_kind else "SUBJECT", text, mention.subject)
            at = mention.end
            continue
        reach = next((n for n in range(at + 1, len(words)) if n in named), len(words))
        kind, count = terminal_of(words[at:reach])
        text = " ".join(words[at : at + count])
        if words[at] == "quantity":
            found.add("QUANTITY", found.quantity)
        elif kind or words[at] not in FILLERS:
            found.add(_filled(found, kind), text)
        at += count


def _filled(found: Words, kind: str) -> str:
    """Fills what a kind of word tells, and returns its terminal.

    A question tells one direction, one verdict and one statistic, so another one excepts something.
    """
    if kind in _DIRECTIONS or kind in _SIDES:
        direction = _SIDES.get(kind, kind.lower())
        is_other = found.direction and (found.direction in _DOWN) != (direction in _DOWN)
        found.direction = found.direction or direction
        what = "SIDE" if kind in _SIDES else "LEVEL" if kind in _LEVELS else "DIRECTION"
        return "EXCEPT" if is_other else what
    if kind in _VERDICTS:
        is_other = found.verdict not in {None, _VERDICTS[kind]}
        found.verdict = found.verdict or _VERDICTS[kind]
        return "EXCEPT" if is_other else "DECIDED"
    if kind in _STATISTICS:
        is_other = found.statistic not in {"", kind.lower()}
        found.statistic = found.statistic or kind.lower()
        return "EXCEPT" if is_other else "STATISTIC"
    if kind == "BEFORE":
        found.befores = len(found.subjects)
    return kind


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
