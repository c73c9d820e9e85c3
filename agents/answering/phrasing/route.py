"""Question that a model has understood, where the grammar does not."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from pydantic import Field

from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.site import Site
from handwheel.tools.safe_text import printable

from ...planning.model.answer import parsed
from ...planning.model.question import Question as Prompt
from ..examples import nearest
from ..left_out import BINDING, left_out, left_out_text
from ..lexicon import FILLERS
from ..question import Intent, NotUnderstood, Question
from ..reading import Words, read_words
from ..refusals import check_question
from ..subjects import Subject, words_of
from .word_model import WordModel

_NONE = "none"
_MOST_NAMES = 8  # of tags and equipment among which a model chooses
_MOST_SUBJECTS = 2
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
ALIKE: Mapping[str, str] = {
    "what is the pressure now?": "value",
    "where does the valve stand?": "value",
    "how is the pump doing?": "condition",
    "is it good or bad?": "condition",
    "why is the level falling?": "why",
    "what causes the high temperature?": "why",
    "since when is the pressure high?": "since",
    "when did it begin to fall?": "since",
    "did somebody change something?": "changed",
    "what was different before the trip?": "changed",
    "what if we changed the set point?": "what-if",
    "if it ran at another value, what would follow?": "what-if",
    "how long until the limit is reached?": "limit",
    "when will it reach the alarm?": "limit",
    "which alarms are active?": "alarms",
    "is anything in alarm?": "alarms",
    "which requests wait for me?": "waiting",
    "do I have to sign anything?": "waiting",
    "who approved the request, and when?": "decided",
    "who said no to it?": "decided",
    "have we seen this before?": "similar",
    "which work orders are open?": "orders",
    "what do the agents think is wrong?": "wrong",
    "which fault do the agents suspect?": "wrong",
    "which pump runs?": "running",
    "can we take the pump out of service?": "plan",
    "set it to this value": _NONE,
    "start it": _NONE,
    "approve it for me": _NONE,
    "tell me a joke": _NONE,
}
"""Sentences among which a model chooses the one that means the same, with their kinds."""
_ABOUT_TAGS = frozenset({"value", "since"})
_ABOUT_SOMETHING = _ABOUT_TAGS | {"condition", "why", "limit", "running", "plan"}
_INSTRUCTIONS = (
    "Say which of the listed questions has the same meaning as the question of a plant operator. "
    "Answer in JSON."
)


class _Said(Model):
    same: str = Field(max_length=60)
    subjects: list[str] = Field(default_factory=list[str], max_length=_MOST_SUBJECTS)


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
    names = {} if found.names else _near_names(text, site)
    said = model.ask(_prompt(text, names, _offered(found)), partial(parsed, form=_Said))
    kind = ALIKE.get(said.same, _NONE)
    if kind == _NONE:
        raise _refused(f"model {model.name} finds no kind of question in it either", found, site)
    subjects = tuple(found.subjects) if found.names else _subjects(said, site)
    if subjects is None:
        reason = f"model {model.name} names a tag or equipment that this site does not have"
        raise _refused(reason, found, site)
    intent = cast("Intent", kind)
    if intent in {"value", "condition"} and subjects:  # tags are read, of equipment more is told
        intent = "value" if subjects[0].kind == "tag" else "condition"
    check_question(intent, text, found, site)
    if tokens := [each for each in left_out(intent, found) if each.kind in BINDING]:
        raise NotUnderstood(left_out_text(tokens), nearest(found.kinds, site), is_final=True)
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
    if intent == "what-if":
        return bool(found.quantity and has_tag) or bool(found.verb and subjects)
    return (has_tag or intent not in _ABOUT_TAGS) and (
        bool(subjects) or intent not in _ABOUT_SOMETHING
    )


def _offered(found: Words) -> list[str]:
    """Returns the sentences among which a model chooses, without those whose parts are missing."""
    has_parts = bool(found.quantity or found.verb)
    return [each for each, kind in ALIKE.items() if kind != "what-if" or has_parts]


def _prompt(text: str, names: Mapping[str, str], offered: Sequence[str]) -> Prompt:
    """Returns the prompt, which is short, since a small model on one core reads slowly.

    Args:
        names: Tags and equipment with their labels; none where the text names its subjects.
    """
    lines = ["Listed:", *(f"- {each}" for each in offered)]
    if names:
        lines += ["Names:", *(f"- {name}: {label}".rstrip(": ") for name, label in names.items())]
    lines += [f"The operator asks: {printable(text)}", "Which listed question means the same?"]
    return Prompt(_INSTRUCTIONS, "\n".join(lines), _schema(list(names), offered))


def _schema(names: Sequence[str], offered: Sequence[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {"same": {"type": "string", "enum": list(offered)}}
    if names:
        properties["subjects"] = {
            "type": "array", "items": {"type": "string", "enum": list(names)},
            "maxItems": _MOST_SUBJECTS,
        }  # fmt: skip
    return {
        "title": "answer", "description": "The listed question that means the same.",
        "type": "object", "properties": properties, "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip


def _near_names(text: str, site: Site) -> dict[str, str]:
    """Returns names of the site with their labels that share words with a question."""
    labels = {each.name: each.label for each in site.tags.values()}
    labels |= {name: each.class_ for name, each in site.equipment.items()}
    wanted = set(words_of(text)) - FILLERS
    shared = {
        name: len(wanted & {*words_of(name), *words_of(label)}) for name, label in labels.items()
    }
    near = sorted((name for name in labels if shared[name]), key=lambda name: -shared[name])
    return {name: printable(labels[name], 80) for name in near[:_MOST_NAMES]}
