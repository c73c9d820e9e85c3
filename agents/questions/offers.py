"""Questions of the catalogue that are offered for free words, with parameters of the site."""

import re
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz, process

from .catalogue import Question, catalogue
from .parameters import KINDS
from .sources import Sources

_MOST = 3
_LOOKED = 8  # questions, of which some cannot be filled
_LEAST = 55.0  # of a name, 0 to 100
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])")
_LONGEST = 300


def offers(text: str, sources: Sources) -> list[list[str]]:
    """Returns questions whose titles are like a text, each as the words behind `ask`.

    Parameters are names and numbers of the text, else the first that the site has.
    """
    asked = text.lower()[:_LONGEST]
    titles = {each.id: f"{each.title} {each.also}".lower() for each in catalogue().values()}
    found = process.extract(asked, titles, scorer=fuzz.token_set_ratio, limit=None)
    ranked = sorted(found, key=lambda each: -(each[1] + fuzz.partial_ratio(asked, each[0])))
    filled = (_filled(catalogue()[each[2]], asked, sources) for each in ranked[:_LOOKED])
    return [each for each in filled if each is not None][:_MOST]


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
