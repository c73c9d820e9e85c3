"""Model that says what a test wants, and an answer for it."""

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from handwheel.agents.answering.fact import Answer
from handwheel.agents.planning.model.answer import ModelFault
from handwheel.agents.planning.model.exchange import Exchange, NoAnswer
from handwheel.agents.planning.model.question import Question as Prompt

T = TypeVar("T")


class FakeModel:
    """Model that gives its answers one after the other, the last one again and again.

    Args:
        said: Text of an answer, or its JSON, or what makes it from the prompt.
    """

    name = "fake"

    def __init__(self, *said: str | dict[str, object] | Callable[[Prompt], object]) -> None:
        self._said = list(said)
        self.asked: list[Prompt] = []

    def ask(self, prompt: Prompt, check: Callable[[str], T]) -> T:
        self.asked.append(prompt)
        said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
        found = said(prompt) if callable(said) else said
        text = found if isinstance(found, str) else json.dumps(found)
        try:
            return check(text)
        except ModelFault as error:
            raise NoAnswer([Exchange(self.name, "", fault=str(error))]) from None


class SilentModel:
    """Model that never answers."""

    name = ""

    def ask(self, prompt: Prompt, check: Callable[[str], T]) -> T:
        raise NoAnswer([Exchange("silent", "", fault=f"it took more than {len(prompt.text)} s")])


def an_answer() -> Answer:
    """The answer to why two pressures move, with a value that is not good."""
    answer = Answer()
    value = answer.fact("PT-102.pv", "312.4 kPa", "read now, good")
    low = answer.fact("PT-102.pv", "280 kPa", "tags file")
    answer.say(f"PT-102.pv (header pressure) is {value}; alarm below {low}.")
    last = answer.fact("PT-102.pv", "30 min", "historian")
    rate = answer.fact("PT-102.pv", "-42.1 kPa/h", "historian")
    answer.say(f"PT-102.pv was falling over the last {last}, by {rate}.")
    case = answer.fact("C-338DBDB1", "PDT-101.pv > 25 kPa", "agents")
    answer.say(f"C-338DBDB1 is open: {case}.")
    title = answer.fact("C-338DBDB1", "Strainer plugged (strainer-plugged S-101)", "agents")
    weight = answer.fact("C-338DBDB1", "+15 dB", "agents")
    answer.say(f"The agents suspect {title}, with {weight}.", is_more=True)
    sign = answer.fact("PDT-101.pv", "the strainer's dp has grown by 23.2 times", "agents")
    answer.say(f"For it speaks {sign}.", is_more=True)
    moved = answer.fact("PDT-101.pv", "+74.7 kPa", "historian")
    answer.say(f"In the same time PDT-101.pv was rising, by {moved}.")
    status = answer.fact("FT-103.pv", "BadNoCommunication", "read now")
    answer.say(f"FT-103.pv (header flow) has no value to rely on: {status}.", is_caution=True)
    return answer


TRUE_SENTENCES: Sequence[str] = (
    "PT-102.pv (header pressure) is {F1}, with an alarm below {F2}.",
    "PT-102.pv is {F1} and was falling by {F4} over the last {F3}.",
    "C-338DBDB1 is open: {F5}, and the agents suspect {F6}.",
    "The agents suspect {F6} with {F7}",
    "PT-102.pv was falling by {F4}, while PDT-101.pv was rising by {F9}.",
    "FT-103.pv has no value to rely on: {F10}.",
)
"""Sentences that say no more than the claims of that answer, in an order that has a meaning."""
