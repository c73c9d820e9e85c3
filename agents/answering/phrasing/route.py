"""Question that a model has understood, where the grammar does not."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast, get_args

from pydantic import Field

from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.site import Site
from handwheel.tools.safe_text import printable

from ...planning.model.answer import parsed
from ...planning.model.question import Question as Prompt
from ..examples import nearest
from ..grammar import check_plan, check_time
from ..question import Intent, NotUnderstood, Question
from ..reading import Words, read_words
from ..subjects import Subject, words_of
from .word_model import WordModel

_NONE = "none"
_MOST_NAMES = 30  # of tags and equipment among which a model chooses
_MOST_SUBJECTS = 3
_MEANINGS: Mapping[Intent, str] = {
    "value": "what does a tag read",
    "condition": "how is a piece of equipment",
    "why": "why is a value as it is, or why does it move",
    "since": "since when is a value as it is",
    "changed": "what changed or was written before now",
    "what-if": "what happens with another value of a set point",
    "limit": "how long until a value reaches its alarm or trip",
    "alarms": "which alarms are active",
    "waiting": "which requests wait for approval",
    "decided": "who decided about a request, and when",
    "similar": "which earlier cases were like this",
    "orders": "which work orders are open",
    "wrong": "what do the agents think is wrong",
    "running": "which of the pumps or fans run",
    "plan": "how is equipment taken out of service",
}
_ABOUT_TAGS = frozenset({"value", "since", "what-if"})
_ABOUT_SOMETHING = _ABOUT_TAGS | {"condition", "why", "limit", "running", "plan"}
_INSTRUCTIONS = (
    "You sort the question of an operator of an industrial plant. Say which kind of question it "
    "is, and the names that it is about, from the lists only. Say none if no kind fits. Answer in "
    "JSON."
)


class _Said(Model):
    intent: str = Field(max_length=20)
    subjects: list[str] = Field(max_length=_MOST_SUBJECTS)


def routed_question(text: str, site: Site, model: WordModel) -> Question:
    """Returns the question that a model has understood.

    Only its kind and its subjects are the model's, and the site has them. Times, values and ids of
    requests are those of the text.

    Raises:
        NoAnswer: No model has answered.
        NotUnderstood: The model finds no kind, or what the site does not have.

    Effect: calls of models. Retry: the next model. Timeout: see `WordModel`.
    """
    found = read_words(text, site)
    said = model.ask(_prompt(text, site), partial(parsed, form=_Said))
    if said.intent not in get_args(Intent):
        raise _refused(f"model {model.name} finds no kind of question in it either", found, site)
    subjects = tuple(dict.fromkeys(found.subjects)) if found.names else _subjects(said, site)
    if subjects is None:
        reason = f"model {model.name} names a tag or equipment that this site does not have"
        raise _refused(reason, found, site)
    intent = cast("Intent", said.intent)
    check_plan(intent, text, site)
    check_time(intent, text, found, site)
    if not _is_whole(intent, subjects, found):
        reason = f"model {model.name} understands “{_MEANINGS[intent]}”, which needs more"
        raise _refused(reason, found, site)
    return found.question(text, intent, subjects)


def understood(question: Question) -> str:
    """Returns a question as it was understood, in our own words."""
    about = ", ".join(each.name for each in question.subjects)
    given = (about, question.direction or "", question.quantity, question.at, question.request_id,
             question.case_id)  # fmt: skip
    return ": ".join(
        each for each in (_MEANINGS[question.intent], "; ".join(filter(None, given))) if each
    )


def _refused(reason: str, found: Words, site: Site) -> NotUnderstood:
    return NotUnderstood(f"{reason}. Try:", nearest(found.kinds, site))


def _subjects(said: _Said, site: Site) -> tuple[Subject, ...] | None:
    found: list[Subject] = []
    for name in dict.fromkeys(said.subjects):
        if name in site.tags:
            found.append(Subject("tag", name))
        elif name in site.equipment:
            found.append(Subject("equipment", name))
        else:
            return None
    return tuple(found)


def _is_whole(intent: Intent, subjects: Sequence[Subject], found: Words) -> bool:
    """Whether a question has all that its answer needs."""
    has_tag = any(each.kind == "tag" for each in subjects)
    if intent == "what-if" and not found.quantity:
        return False
    return (has_tag or intent not in _ABOUT_TAGS) and (
        bool(subjects) or intent not in _ABOUT_SOMETHING
    )


def _prompt(text: str, site: Site) -> Prompt:
    names = _near_names(text, site)
    kinds = [f"- {intent}: {meaning}" for intent, meaning in _MEANINGS.items()]
    lines = ["Kinds:", *kinds, f"- {_NONE}: no kind fits", "Names:"]
    lines += [f"- {name}: {label}" if label else f"- {name}" for name, label in names.items()]
    return Prompt(
        _INSTRUCTIONS,
        "\n".join([*lines, f"Question: {printable(text)}"]),
        _schema(list(names)),
    )


def _schema(names: Sequence[str]) -> dict[str, Any]:
    subjects = {
        "type": "array", "items": {"type": "string", "enum": list(names)},
        "maxItems": _MOST_SUBJECTS,
    }  # fmt: skip
    return {
        "title": "answer", "description": "The kind of the question.", "type": "object",
        "properties": {
            "intent": {"type": "string", "enum": [*get_args(Intent), _NONE]}, "subjects": subjects,
        },
        "required": ["intent", "subjects"], "additionalProperties": False,
    }  # fmt: skip


def _near_names(text: str, site: Site) -> dict[str, str]:
    """Returns names of the site with their labels, those like the words of a question first."""
    labels = {each.name: each.label for each in site.tags.values()}
    labels |= {name: each.class_ for name, each in site.equipment.items()}
    wanted = set(words_of(text))
    near = sorted(
        labels, key=lambda name: -len(wanted & {*words_of(name), *words_of(labels[name])})
    )
    return {name: printable(labels[name], 80) for name in near[:_MOST_NAMES]}
