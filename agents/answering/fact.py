"""Facts of an answer, each with its place and time, and claims that cite them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from handwheel.connectors.hints import NEXT
from handwheel.tools.safe_text import printable

PLACE = re.compile(r"\{(F\d+)\}")
"""Place of a fact in a sentence."""
NAME = re.compile(r"\b[A-Z]{1,6}-[0-9A-Z]+(?:[.-][A-Za-z0-9_]+)*")
"""Name of a tag, equipment or record, in which digits are no number."""
_LONG = 400  # characters of a value


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that code has read or computed.

    Attributes:
        about: Tag, equipment or record that it is about.
        value: As it is shown, with its unit.
        at: Stamp of the value, UTC; empty where it has none.
        source: Origin and quality, such as `read now, good` or `journal, row 41`.
    """

    id: str
    about: str
    value: str
    at: str
    source: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Sentence about the plant, in which each number is the value of a fact.

    Attributes:
        template: The sentence with places such as `{F1}`.
        cites: Facts in it, in order.
        is_caution: It limits what one may conclude, so no model leaves it out.
        is_more: It goes on about the sentence before it, and has no meaning without that.
        is_answer: It answers the question, such as a cause, so no model leaves it out either.
    """

    template: str
    cites: tuple[str, ...]
    is_caution: bool = False
    is_more: bool = False
    is_answer: bool = False

    def text(self, facts: Iterable[Fact]) -> str:
        """Returns the sentence with the values of its facts, each with its id behind it."""
        known = {each.id: each for each in facts}
        return PLACE.sub(lambda place: f"{known[place[1]].value} [{place[1]}]", self.template)


class UncitedNumber(ValueError):
    """A sentence has a number that no fact stands for."""


@dataclass(slots=True)
class Answer:
    """Answer to a question, which grows claim by claim."""

    claims: list[Claim] = field(default_factory=list[Claim])
    facts: list[Fact] = field(default_factory=list[Fact])
    next_steps: list[str] = field(default_factory=list[str])

    def fact(self, about: str, value: str, source: str, at: str = "") -> str:
        """Adds a fact and returns its place in a sentence. An equal one is not added twice."""
        shown = printable(value, _LONG), printable(source, _LONG)
        for each in self.facts:
            if (each.about, each.value, each.source, each.at) == (about, *shown, at):
                return f"{{{each.id}}}"
        name = f"F{len(self.facts) + 1}"
        self.facts.append(Fact(name, about, shown[0], at, shown[1]))
        return f"{{{name}}}"

    def reason(self, about: str, text: str, source: str) -> str:
        """Adds a reason as a fact, and the commands in it to what one can do next."""
        reason, *commands = text.split(f"; {NEXT}")
        self.next_steps += [f"{NEXT}{each}" for each in commands]
        return self.fact(about, reason, source)

    def say(
        self,
        template: str,
        *,
        is_caution: bool = False,
        is_more: bool = False,
        is_answer: bool = False,
    ) -> None:
        """Adds a claim, see `Claim`.

        Raises:
            UncitedNumber: It has a digit outside of a name and of a fact's place.
        """
        check_numbers(template)
        cites = tuple(PLACE.findall(template))
        self.claims.append(Claim(template, cites, is_caution, is_more, is_answer))

    @property
    def lines(self) -> list[str]:
        """The sentences, in order."""
        return [each.text(self.facts) for each in self.claims]


def check_numbers(template: str) -> None:
    """Raises `UncitedNumber` for a digit, in any script, outside of names and facts' places."""
    left = NAME.sub("", PLACE.sub("", template))
    if any(each.isdigit() or each.isnumeric() for each in left):
        raise UncitedNumber(f"no fact stands for a number in: {template}")


def joined(texts: Sequence[str]) -> str:
    """Returns texts as an enumeration in a sentence."""
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last
