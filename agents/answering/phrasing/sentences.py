"""Check of sentences of a model, which may say no more than the claims that they cite."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..fact import NAME, PLACE, Answer, Claim

LONGEST = 160
"""Characters of a sentence."""
_TOKEN = re.compile(rf"(?P<place>{PLACE.pattern})|(?P<name>{NAME.pattern})|(?P<word>[A-Za-z]+)")
_ONLY = re.compile(rf"(?:{PLACE.pattern}|{NAME.pattern}|[A-Za-z ,.;:()])+", re.ASCII)
# Words that tell nothing of a plant. No cause, time, direction, quantity and negation is here.
_JOINING_TEXT = """
a an and are as at be been by for from has have in is it its of on over that the their they this to
was were which while with
"""
_NUMBER_TEXT = "one two three once twice half double first second both"
_NEGATION_TEXT = "no not nothing neither nor never none cannot without"
_JOINING = frozenset(_JOINING_TEXT.split())
_NUMBERS = frozenset(_NUMBER_TEXT.split())
_NEGATIONS = frozenset(_NEGATION_TEXT.split())


@dataclass(frozen=True, slots=True)
class _Read:
    """Words, places and names of a sentence, each under the name that stands last before it."""

    words: Sequence[tuple[str, str]]  # name, word
    places: Sequence[tuple[str, str, str]]  # fact, name, words before
    names: frozenset[str]

    @property
    def is_negated(self) -> bool:
        return any(word in _NEGATIONS for _, word in self.words)


class SentenceCheck:
    """Check of the sentences of one answer, in their order.

    A sentence counts if it cites facts, and each of its words stands under the same name of a tag,
    equipment or record in a claim with one of these facts, or joins such words. A fact stands
    behind the same name and words as there. So there is no number, unit, direction, cause or name
    that no cited claim has, whatever its script or notation.
    """

    def __init__(self, answer: Answer) -> None:
        self._claims = answer.claims
        self._read = [_read(each.template) for each in answer.claims]
        self._before: frozenset[int] = frozenset()  # claims of the sentence before

    def kept(self, sentences: Sequence[str]) -> Iterator[Claim]:
        """Yields the sentences that count."""
        for each in sentences:
            text = each.strip()
            if len(text) > LONGEST or not _ONLY.fullmatch(text):
                continue
            found = _read(text)
            cited = self._cited(found)
            if cited and self._has_meaning(cited) and self._says_no_more(found, cited):
                self._before = cited
                cites = tuple(fact for fact, _, _ in found.places)
                yield Claim(text if text.endswith(".") else f"{text}.", cites)

    def _cited(self, found: _Read) -> frozenset[int]:
        """Returns the claims in which the facts stand as in the sentence, none if one does not."""
        every: set[int] = set()
        for fact, name, before in found.places:
            claims = {
                number
                for number, each in enumerate(self._read)
                if any((fact, own, before) in each.places for own in {name, ""})
            }
            if not claims:
                return frozenset()
            every |= claims
        return frozenset(every)

    def _has_meaning(self, cited: frozenset[int]) -> bool:
        """Whether each claim that goes on about another one comes with or after that."""
        told = cited | self._before
        return all(not self._claims[each].is_more or each - 1 in told for each in cited)

    def _says_no_more(self, found: _Read, cited: frozenset[int]) -> bool:
        claims = [self._read[number] for number in cited]
        allowed = {pair for each in claims for pair in each.words if pair[1] not in _NUMBERS}
        names = {name for each in claims for name in each.names}
        return (
            found.names <= names
            and all(
                word in _JOINING or (name, word) in allowed or ("", word) in allowed
                for name, word in found.words
            )
            and found.is_negated == any(each.is_negated for each in claims)
        )


@dataclass(slots=True)
class _Reading:
    """Sentence as far as it is read."""

    words: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    places: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    names: set[str] = field(default_factory=set[str])
    name: str = ""
    before: str = ""

    def add_word(self, word: str) -> None:
        """Adds a word. A place is known by it, and by the one before if it tells something."""
        self.words.append((self.name, word))
        last = self.before.rpartition(" ")[2]
        self.before = word if word in _JOINING else f"{last} {word}"


def _read(text: str) -> _Read:
    """Returns what stands in a sentence. Other characters are passed over."""
    reading = _Reading()
    for number, token in enumerate(_TOKEN.finditer(text)):
        kind, shown = token.lastgroup, token[0]
        if kind == "place":
            reading.places.append((shown[1:-1], reading.name, reading.before))
            reading.before = ""
        elif kind == "name":
            reading.name, reading.before = shown, ""
            reading.names.add(shown)
        else:
            reading.add_word(shown if number else shown[0].lower() + shown[1:])
    return _Read(reading.words, reading.places, frozenset(reading.names))
