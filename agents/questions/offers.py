"""Questions of the catalogue that are offered for free words, with parameters of the site."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from rapidfuzz import fuzz, process

from .catalogue import catalogue
from .parameters import KINDS
from .question import Question
from .sources import Sources

_MOST = 3
_LOOKED = 8  # questions, of which some cannot be filled
_LEAST = 55.0  # of a name, 0 to 100
_SAME = 80.0  # of two words, such as fall and falls
_WORD = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])")
_LONGEST = 300


def offers(text: str, sources: Sources) -> list[list[str]]:
    """Returns questions whose titles are like a text, each as the words behind `ask`.

    Parameters are names and numbers of the text, else the first that the site has.
    """
    asked = text.lower()[:_LONGEST]
    ranked = sorted(catalogue().values(), key=lambda each: -_score(asked, each))
    filled = (_filled(each, asked, sources) for each in ranked[:_LOOKED])
    return [each for each in filled if each is not None][:_MOST]


def _score(asked: str, question: Question) -> float:
    """Returns how many words of a text are in a title, those that are in few titles first."""
    own = _words_of(question)
    near = (process.extractOne(each, own, scorer=fuzz.ratio, score_cutoff=_SAME)
            for each in dict.fromkeys(_WORD.findall(asked)))  # fmt: skip
    return sum(each[1] / _titles_with(each[0]) for each in near if each is not None)


@cache
def _words_of(question: Question) -> list[str]:
    return _WORD.findall(f"{question.title} {question.also}".lower())


@cache
def _titles_with(word: str) -> int:
    return sum(word in _words_of(each) for each in catalogue().values())


def _filled(question: Question, text: str, sources: Sources) -> list[str] | None:
    """Returns a question with its parameters, `None` where the site has none of a kind."""
    words = [question.id]
    for each in question.parameters:
        if each.usual is not None:
            continue
        known = KINDS[each.name].words(sources)
        if each.name == "value":
            known = dict.fromkeys(_NUMBER.findall(text), "")
        if not known:
            return None
        words.append(next(_named(text, [*known.items()])))
    return words


def near_names(text: str, sources: Sources, most: int) -> list[str]:
    """Returns the tags and equipment that a text may mean, the most alike first."""
    found: list[str] = []
    for kind in ("tag", "equipment", "request", "case", "playbook"):
        found += list(_named(text.lower(), [*KINDS[kind].words(sources).items()]))[:most]
    return found


def _named(text: str, known: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yields names by how much they or their labels are like a text, then all in order."""
    words = set(re.findall(r"[a-z0-9]+(?:[-.][a-z0-9_]+)*", text))

    def score(each: tuple[str, str]) -> float:
        name = each[0].lower()
        if name in words or name.rpartition(".")[0] in words:
            return 200.0
        alike = fuzz.token_set_ratio(text, each[1].lower()) if each[1] else 0.0
        return alike if alike >= _LEAST else 0.0

    yield from (name for name, _ in sorted(known, key=lambda each: -score(each)))
