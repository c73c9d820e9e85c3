"""Questions of the catalogue, and answers to them."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from handwheel.tools.errors import InvalidArguments

from . import topics
from .answer import Asked, text_of
from .question import Answer, Question
from .sources import Sources


@cache
def catalogue() -> Mapping[str, Question]:
    """Returns the questions by their ids, in the order of the topics' files."""
    found: dict[str, Question] = {}
    for module in iter_modules(topics.__path__):
        topic = import_module(f"{topics.__name__}.{module.name}")
        own = (each for each in vars(topic).values() if isinstance(each, Question))
        found |= {each.id: each for each in own}
    return found


def answer_to(
    name: str, words: Sequence[str], sources: Sources, asked: Asked | None = None
) -> Answer:
    """Returns the answer to a question of the catalogue.

    Args:
        words: Its parameters, see `Question.values`.
        asked: Facts before it, whose numbers go on.

    Raises:
        InvalidArguments: There is no such question, or a parameter is none of the site.
        HandwheelError: A source cannot be read.

    Effect: OBSERVE. Retry: as the sources. Timeout: the sources' own.
    """
    own = catalogue().get(name)
    if own is None:
        raise InvalidArguments(f"there is no question {name!r}")
    asked = asked or Asked(sources)
    lines = list(text_of(own.template, own.query(asked, **own.parsed(words, sources))))
    return Answer(own, own.values(words), lines, asked.facts, list(dict.fromkeys(asked.next_steps)))
