"""Tags and equipment that a question names, by name or in the words of the site."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

_WORD = re.compile(
    r"[a-z0-9]+(?:[-.][a-z0-9_]+)*|[^\W_]+|[!=<>]=|!(?=\w)|[^\w\s!?.,:;\"'’‘“”()…–—-]"
)
_POSSESSIVE = re.compile(r"['’](?:s|re|ve|m|ll|d)\b")
_SMALL_WORDS = "of the an to by and from in on at it this that its for is"
_SMALL = frozenset(_SMALL_WORDS.split())
_QUANTITIES = {
    "kPa": "pressure", "bar": "pressure", "degC": "temperature", "K": "temperature", "m3/h": "flow",
    "mm/s": "bearing vibration", "A": "current",
}  # fmt: skip
_PLURALS = {"pumps": "pump", "fans": "fan", "valves": "valve", "strainers": "strainer"}
_SAME = {
    "temp": ("temperature",), "temperatures": ("temperature",),
    "temps": ("temperature",), "hdr": ("header",), "press": ("pressure",), "lvl": ("level",),
    "bsn": ("basin",), "spd": ("speed",), "vib": ("vibration",), "vibs": ("vibration",),
    "pp": ("pump",), "exch": ("exchanger",), "cw": ("cooling", "water"), "prod": ("product",),
    "diff": ("differential",), "brg": ("bearing",), "curr": ("current",), "sp": ("set", "point"),
    "vibrations": ("vibration",), "vibes": ("vibration",), "setpoint": ("set", "point"),
    "amps": ("current",), "outlet": ("leaving",), "inlet": ("entering",), "exit": ("leaving",),
}  # fmt: skip
_ATTRIBUTES = {"op": ("output",), "sp": ("set", "point")}
_BESIDE = {"tower": ("cooling",), "exchanger": ("heat",)}  # words that go with a class
_STATES = frozenset({"run", "runs", "start", "starts", "stop", "stops", "trip", "trips"})
_DIFFERENTIAL = {"differential", "pressure"}  # which nobody calls a pressure
_LONGEST = 6  # words of a subject


@dataclass(frozen=True, slots=True)
class Subject:
    """Tag, piece of equipment, or class of several pieces, that a question is about."""

    kind: Literal["tag", "equipment", "class"]
    name: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Subject with the words of a question that name it."""

    subject: Subject
    begin: int  # number of its first word
    end: int  # number after its last one


def words_of(text: str) -> list[str]:
    """Returns the words and signs of a question in lower case, a name with its hyphens as one."""
    return _WORD.findall(_POSSESSIVE.sub("", text.lower()))


class SiteVocabulary:
    """Words by which a site's tags and equipment are named."""

    def __init__(self, site: Site) -> None:
        self._names: dict[str, Subject] = {}
        self._labels: list[tuple[frozenset[str], Subject]] = []
        self._letters: list[tuple[frozenset[str], str]] = []  # pump b
        self._about = {
            each.name: frozenset(_spread(words_of(each.label))) for each in site.tags.values()
        }
        self._about |= {
            name: frozenset({each.class_, *_BESIDE.get(each.class_, ())})
            for name, each in site.equipment.items()
        }
        for tag in site.tags.values():
            self._add_tag(tag)
        self._classes: dict[str, list[str]] = {}
        for name, equipment in site.equipment.items():
            found = self._names[name.lower()] = Subject("equipment", name)
            short = name.lower().rpartition("-")[2]
            others = [each for each in site.equipment if each.lower().endswith(f"-{short}")]
            if len(others) == 1 and short[-1].isalpha():  # 101A
                self._names.setdefault(short, found)
            if equipment.class_:
                self._classes.setdefault(equipment.class_, []).append(name)
                if name[-1].isalpha():  # pump B
                    words = frozenset({equipment.class_, name[-1].lower()})
                    self._labels.append((words, found))
                    self._letters.append((words, name.lower()))

    def _add_tag(self, tag: Tag) -> None:
        found = Subject("tag", tag.name)
        self._names[tag.name.lower()] = found
        loop, _, attribute = tag.name.lower().rpartition(".")
        if attribute in {"pv", "sp", "active", "running", "pos"} and loop not in self._names:
            self._names[loop] = found  # of several attributes, the first in the file
        label = frozenset(_spread(words_of(tag.label))) - _SMALL
        if word := _ATTRIBUTES.get(attribute):
            self._labels.append((frozenset({loop, *word}), found))
        if tag.verbs and not tag.states:  # it only commands, so its label tells no value
            return
        if label and attribute != "active":
            letters = {each[-1] for each in label if each in self._names and each[-1].isalpha()}
            letters |= {tag.equipment[-1].lower()} if tag.equipment[-1:].isalpha() else set()
            self._labels.append((label | letters, found))
            if (quantity := _QUANTITIES.get(tag.unit)) and "dp" not in label:
                self._labels.append((label | letters | frozenset(quantity.split()), found))

    def mentions(self, words: Sequence[str]) -> Iterator[Mention]:
        """Yields the subjects that words name, in order. The longest words count."""
        at = 0
        while at < len(words):
            found = next(
                (
                    Mention(subject, at, end)
                    for end in range(min(at + _LONGEST, len(words)), at, -1)
                    if (subject := self._named(words[at:end])) is not None
                ),
                None,
            )
            if found is not None:
                yield found
            at = found.end if found else at + 1

    def _named(self, words: Sequence[str]) -> Subject | None:
        if len(words) == 1 and (found := self._names.get(words[0])):
            return found
        if (
            words[0] in {*_SMALL, "a"}
            or words[-1] in _SMALL
            or all(len(each) == 1 for each in words)
        ):
            return None
        wanted = self._wanted(words)
        rest = [each for each in words if each not in self._names]
        if len(rest) < len(words) and _STATES.issuperset(rest):  # P-101B starts
            return None
        if len(wanted) == 1 and (pieces := self._classes.get(min(wanted))):
            is_one = len(pieces) == 1
            return Subject("equipment", pieces[0]) if is_one else Subject("class", min(wanted))
        labels = [
            (label, each)
            for label, each in self._labels
            if wanted <= label and 2 * len(wanted) >= len(label)
        ]
        if not wanted or not labels:
            return None
        fewest = min(len(label) for label, _ in labels)  # the label with the fewest other words
        best = list(dict.fromkeys(each for label, each in labels if len(label) == fewest))
        every = {_number(each) for label, each in self._labels if wanted <= label}
        is_vague = len(wanted) == 1 and len(every) > 1
        return best[0] if len(best) == 1 and not is_vague else None

    def _wanted(self, words: Sequence[str]) -> frozenset[str]:
        """Returns words as labels have them, with equipment by its whole name."""
        known = (self._names.get(each) for each in words)
        whole = [
            subject.name.lower() if subject and subject.kind == "equipment" else each
            for each, subject in zip(words, known, strict=True)
        ]
        wanted = frozenset(_spread(whole)) - _SMALL
        for letter, name in self._letters:
            if letter < wanted:
                wanted = wanted - letter | {name}
        return wanted

    def words_about(self, subject: Subject) -> frozenset[str]:
        """Returns the words that say of a subject only what it is, such as its label."""
        return self._about.get(subject.name, frozenset())

    def is_name(self, word: str) -> bool:
        """Whether a word is the name of a tag or of equipment."""
        return word in self._names


def _number(subject: Subject) -> str:
    """Returns the number of a loop or piece of equipment, such as `102`."""
    return subject.name.partition("-")[2].partition(".")[0]


def _spread(words: Sequence[str]) -> list[str]:
    """Returns words with short forms written out."""
    found: list[str] = []
    for word in words:
        parts = word.split("-") if word.replace("-", "").isalpha() else [word]
        for each in parts:
            found += _SAME.get(each, (_PLURALS.get(each, each),))
    if _DIFFERENTIAL.issubset(found):
        found = [each for each in found if each not in _DIFFERENTIAL] + ["dp"]
    return found


def command_of(site: Site, equipment: str, verb: str) -> tuple[Tag, str] | None:
    """Returns the tag and the value that start or stop equipment, `None` without one."""
    for tag in site.tags.values():
        if tag.equipment == equipment and site.is_writable(tag):
            for value, word in tag.verbs.items():
                if word == verb:
                    return tag, value
    return None
