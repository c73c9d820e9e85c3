import random
import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import permutations

import pytest

from handwheel.agents.answering.answer_question import answer_question
from handwheel.agents.answering.examples import examples
from handwheel.agents.answering.phrasing.sentences import SentenceCheck
from handwheel.connectors.model.site import Site

from ..known_site import KnownSite
from .fake_model import TRUE_SENTENCES, an_answer

_FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_RAISED = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ONES = ["one", "two", "three", "four", "five", "six", "seven", "nine", "eleven", "dozen"]
_ROMAN = {"M": 1000, "CM": 900, "D": 500, "XC": 90, "L": 50, "X": 10, "IX": 9, "V": 5, "I": 1}
Notation = Callable[[random.Random], str]


def _number(draw: random.Random) -> str:
    return f"{draw.uniform(-999, 9999):.{draw.randrange(3)}f}"


def _roman(draw: random.Random) -> str:
    left, found = draw.randrange(1, 2000), ""
    for letters, value in _ROMAN.items():
        count, left = divmod(left, value)
        found += letters * count
    return draw.choice([found, found.lower()])


def _words(draw: random.Random) -> str:
    joined = draw.choice([" ", "-", ""])
    return draw.choice([f"{draw.choice(_TENS)}{joined}{draw.choice(_ONES)}", draw.choice(_ONES)])


def _hidden(draw: random.Random) -> str:
    return draw.choice(["\u200b", "\u2060", "\ufeff", "\u00ad"]).join(str(draw.randrange(10, 999)))


NOTATIONS: Mapping[str, Notation] = {
    "ascii": _number,
    "full-width": lambda draw: _number(draw).translate(_FULL_WIDTH),
    "arabic-indic": lambda draw: str(draw.randrange(9999)).translate(_ARABIC),
    "superscript": lambda draw: str(draw.randrange(9999)).translate(_RAISED),
    "roman": lambda draw: draw.choice([_roman(draw), chr(0x2160 + draw.randrange(12))]),
    "circled": lambda draw: chr(0x2460 + draw.randrange(20)),
    "fraction": lambda draw: draw.choice("½⅓¼¾⅛⅔") + draw.choice(["", " kPa"]),
    "percent": lambda draw: draw.choice(
        ["per cent", f"{draw.choice(_TENS)} percent", "%", f"{draw.choice(_TENS)} per mille"]
    ),
    "exponent": lambda draw: f"{draw.randrange(1, 9)}e{draw.randrange(-9, 9)}",
    "words": _words,
    "mixed": lambda draw: f"{_words(draw)} {_number(draw)}",
    "zero-width": _hidden,
}


def _refuses(seed: int) -> bool:
    """Whether a true sentence with a number inserted between its words is dropped."""
    draw = random.Random(seed)
    answer = an_answer()
    sentence = draw.choice(TRUE_SENTENCES[:2])
    words = sentence.split(" ")
    name = list(NOTATIONS)[seed % len(NOTATIONS)]
    words.insert(draw.randrange(len(words) + 1), NOTATIONS[name](draw))
    return not list(SentenceCheck(answer).kept([" ".join(words)]))


def test_inserted_numbers_are_refused_in_every_notation() -> None:
    assert [seed for seed in range(600) if not _refuses(seed)] == []


@pytest.mark.soak
def test_all_of_twenty_thousand_inserted_numbers_are_refused() -> None:
    assert [seed for seed in range(20_000) if not _refuses(seed)] == []


def test_true_sentences_are_kept() -> None:
    kept = list(SentenceCheck(an_answer()).kept(TRUE_SENTENCES))
    assert len(kept) == len(TRUE_SENTENCES)
    text = kept[1].text(an_answer().facts)
    assert text.startswith("PT-102.pv is 312.4 kPa [F1] and was falling by -42.1 kPa/h [F4]")


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "PT-102.pv is normal.",
        "PT-102.pv is {F1} kPa.",
        "PT-102.pv is {F99}.",
        "PT-102.pv is {F1",
        "PT-102.pv was rising by {F4}.",
        "PT-102.pv is {F1}, above the alarm.",
        "PT-102.pv is {F1} because PDT-101.pv was rising by {F9}.",
        "PT-102.pv was rising by {F4} and PDT-101.pv was falling by {F9}.",
        "PT-103.pv is {F1}.",
        "P-101A is {F1}.",
        "The pump must stop, since PT-102.pv is {F1}.",
        "FT-103.pv has value to rely on: {F10}.",
        "PT-102.pv was not falling by {F4}.",
        "For it speaks {F8}.",
        "PT-102.pv is {F1}\nFT-103.pv is {F1}",
        "PT-102.pv is <b>{F1}</b>.",
        "РT-102.pv is {F1}.",
        f"PT-102.pv is {'the ' * 60}{{F1}}.",
    ],
)
def test_sentence_that_says_more_is_dropped(sentence: str) -> None:
    assert list(SentenceCheck(an_answer()).kept([sentence])) == []


def test_swapped_citations_do_not_pass(site: Site) -> None:
    known = KnownSite(site, {"VAH-101A.active": True}, {"LT-101.pv": -0.5})
    answers = [answer_question(each, known)[1] for each in examples(site)]
    told = [(each, [claim.template for claim in each.claims]) for each in answers]
    swapped = passed = 0
    for answer, sentences in [(an_answer(), TRUE_SENTENCES), *told]:
        for one, other in permutations([each.id for each in answer.facts], 2):
            for sentence in sentences:
                if f"{{{one}}}" in sentence:
                    changed = re.sub(
                        rf"\{{({one}|{other})\}}", partial(_other, one, other), sentence
                    )
                    swapped += 1
                    passed += bool(list(SentenceCheck(answer).kept([changed])))
    assert swapped > 300
    assert passed == 0


def _other(one: str, other: str, place: re.Match[str]) -> str:
    return f"{{{other if place[1] == one else one}}}"
