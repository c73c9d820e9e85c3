"""Words that change what a question means and that no answer takes into account."""

import re
from collections.abc import Callable, Sequence

from handwheel.connectors.model.site import Site

from .examples import nearest
from .question import Intent, NotUnderstood
from .reading import Words, read_words
from .times import is_ahead, is_of_the_calendar, is_of_today, is_past, states_in

ONLY_OUT = "a plan is shown only for taking equipment out of service"
NEEDS_ONE = "a plan is shown for one piece of equipment by its name"
_LOOKS_BACK = {"value", "condition", "running"}
_NOW = {*_LOOKS_BACK, "alarms", "waiting", "orders", "wrong"}
_OF_LATELY = {"changed", "since", "alarms"}  # of the past in every tense
_PAST = ("SUBJECT", "AGO", "SPAN")
_RETURN = re.compile(r"\b(back|restore|resume|restart|start|starting|return\w*)\b")
_NOT = re.compile(
    r"\b(not|no|never|nothing|nobody|none|neither|without|except|cannot"
    r"|(do|does|did|is|are|was|were|wo|would|ca|has|have|had)n['’]?t)\b"
)
_NOTHING = re.compile(r"\b(never|nothing|nobody|none|no one)\b")
_NOT_SO = re.compile(r"\bnot\b|n['’]t\b")
_RELATIVE = re.compile(
    r"\bby -?\d|[+]\s*\d|[<>≤≥]|\d\s*\S*\s*(more|less|higher|lower|up|down)\b"
    r"|\b(above|below|over|under|at (least|most)|more than|less than|half|twice|double|halve\w*)\b"
)
_BESIDE = re.compile(r"\b(instead of|hold|holds)\s+-?\d+(\.\d+)?")
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])")
_CLAUSES = re.compile(r"\b(?:and|or|then|while|but)\b|[,;]")
_ASKS = re.compile(
    r"\s*(what(?! if| happens)|where|how|which|when|why|do|does|is|are|will|would|can|could)\b"
)
_ACTS = re.compile(
    r"=|\b(start|stop|trip|fail|clos|open|shut|fall|ris|drop|turn)\w*|\b(high|low|hot|cold)\b"
)
_WORD = r"\s+(?!(?:did|was|were|has|have|is|are|does|do|will|can|and)\b)\w"
_AT_EVENT = re.compile(rf"\b(when|while|whilst|during|after|before|once|as soon as){_WORD}")
_NOT_BEFORE = re.compile(
    rf"\b(when|while|whilst|during|after|once|since|between|until|till|as soon as){_WORD}"
)
_ONE_MOMENT = {"value", "condition", "running", "since", "why", "alarms", "wrong"}
_DECIDES = re.compile(r"\b(approve|reject|sign)\b")
_PERSON = re.compile(r"\b(?:did|has|have|had|by)\s+([^\W\d_]+)\b")
_ANYONE = {"anyone", "anybody", "someone", "somebody", "who", "whom", "people", "anything"}
_HOW_MUCH = re.compile(
    r"\bhow (hot|warm|cold|high|low|fast|much|far)\b|\b(bearing|vibration|temp\w*|current)\b"
)
_HOW_LONG = re.compile(r"\s*(for )?how long\b")
_RAN = re.compile(r"\bwhen (did|has|have)\b.*\brun\b")


def check_question(intent: Intent, text: str, found: Words, site: Site) -> None:
    """Raises `NotUnderstood` for a word that the answer of a kind would leave out.

    Args:
        intent: Kind as which a question was understood.
    """
    lower = text.lower()
    for find, kinds in _CHECKS:
        if reason := find(intent, lower, found, site):
            near = nearest(kinds, site, found.subjects)
            raise NotUnderstood(f"{reason}. Try:", near, is_final=True)


def _plan(intent: Intent, text: str, found: Words, site: Site) -> str:
    del site
    if intent != "plan":
        return ""
    if _RETURN.search(text):
        return ONLY_OUT
    if found.subjects and all(each.kind != "equipment" for each in found.subjects):
        return NEEDS_ONE
    if len({each.name for each in found.subjects if each.kind == "equipment"}) > 1:
        return "a plan is shown for one piece of equipment, and this names several"
    return "a plan is shown for what is done, not for what is not" if _NOT.search(text) else ""


def _time(intent: Intent, text: str, found: Words, site: Site) -> str:
    """Returns why answers of a kind cannot look at the time that is named."""
    del site
    is_calendar = bool(found.at) or is_of_the_calendar(text)
    if is_of_today(text):
        is_calendar |= bool(found.statistic) or is_past(text) or intent in _OF_LATELY
    reason = ""
    if intent in _NOW and is_ahead(text):
        reason = "nothing is told of the future but how long until a limit, and what if"
    elif is_calendar and intent != "plan":
        reason = "a day or an hour of the calendar is not looked up, so ask how long ago"
    elif intent == "orders" and "CLOSED" in found.kinds:
        return ""
    elif intent in _NOW - _LOOKS_BACK - {"alarms"} and _has_time(found):
        reason = "such a question is answered as of now only"
    elif found.ago_s and intent not in _LOOKS_BACK:
        reason = "such a question is not answered of an earlier moment"
    elif intent in _NOW and is_past(text) and not _has_time(found):
        reason = "the question is of the past, so it must tell how long ago"
    return reason


def _has_time(found: Words) -> bool:
    return bool(found.ago_s or found.last_s or found.statistic)


def _what_if(intent: Intent, text: str, found: Words, site: Site) -> str:
    if intent != "what-if":
        is_other = "IF" in found.kinds and intent not in {"plan", "limit"}
        return "what if needs one set point or one piece of equipment by its name" * is_other
    if _NOT.search(text):
        return "what if is told of a change, not of what does not happen"
    if "UNTIL" in found.kinds or found.last_s:
        return "what if looks as far as the twin, at no other time"
    if _RELATIVE.search(text):
        return "what if needs the new value itself, not a difference or a limit"
    if _count_of_changes(text, found, site) > 1:
        return "what if is told of one change at a time"
    return ""


def _count_of_changes(text: str, found: Words, site: Site) -> int:
    words = text.split()
    told = {verb for verb in _verbs(site) if any(each.startswith(verb) for each in words)}
    tags = [site.tags.get(each.name) for each in found.subjects if each.kind == "tag"]
    set_points = {each.name for each in tags if each is not None and site.is_writable(each)}
    pieces = {each.name for each in found.subjects if told and each.kind == "equipment"}
    numbers = _NUMBER.findall(_BESIDE.sub(" ", text))
    clauses = [each for each in _CLAUSES.split(text) if not _ASKS.match(each)]
    acts = sum(_ACTS.search(each) is not None for each in clauses)
    return max(len(told) + len(numbers), len(set_points), len(pieces), acts)


def _quantity(intent: Intent, text: str, found: Words, site: Site) -> str:
    """Returns that a number has a unit or a second number beside it that is not known."""
    del text, site
    if intent not in {"what-if", "limit", "since"}:
        return ""
    numbers = [each for each in found.unknown if each[0].isdigit()]
    if found.after_quantity in found.unknown:
        return "the number has a word behind it that is no unit of this tag"
    return "it names a number that is not understood" * bool(numbers and intent != "what-if")


def _moments(intent: Intent, text: str, found: Words, site: Site) -> str:
    """Returns that it is about the moment of another event, where none is looked at."""
    if intent == "changed" and _NOT_BEFORE.search(text):
        return "changes are told before an event or in the last while, at no other time"
    if intent == "changed" and found.befores >= 0:
        count = len(set(found.subjects[found.befores :]))
        if count != 1:
            several = "one event" if count else "an event of a tag or equipment"
            return f"changes are told before {several}, such as before PT-102 fell"
    if intent == "since" and _RAN.search(text):
        return "it is not told when equipment ran, only since when it runs"
    if intent in _ONE_MOMENT | {"decided"}:
        for match in _AT_EVENT.finditer(text):
            before, after = (
                read_words(each, site) for each in (text[: match.start()], text[match.end() - 1 :])
            )
            is_told = after.subjects if intent == "alarms" else before.subjects
            if is_told and (after.kinds or after.unknown):
                return "it is about two moments or events, of which only one would be answered"
    return ""


def _measure(intent: Intent, text: str, found: Words, site: Site) -> str:
    """Returns that it measures something, where only the running of a class would be told."""
    del site
    is_measure = intent == "running" and _HOW_MUCH.search(text)
    if is_measure and any(each.kind == "class" for each in found.subjects):
        return "a measured value is told of one tag or piece of equipment by its name"
    if intent == "similar" and _HOW_LONG.match(text):
        return "since when is told of one tag or state, not of what is like this"
    return ""


def _negation(intent: Intent, text: str, found: Words, site: Site) -> str:
    del site
    is_no_state = intent == "since" and found.state != "stopped"
    is_negated = (intent in {"decided", "changed", "why"} and _NOTHING.search(text)) or (
        (intent in {"decided", "changed", "alarms"} or is_no_state) and _NOT_SO.search(text)
    )
    return "it asks for what is not so or did not happen, which is not looked up" * bool(is_negated)


def _people(intent: Intent, text: str, found: Words, site: Site) -> str:
    del site
    if "WHY" in found.kinds and intent not in {"why", "wrong"} and "WHO" not in found.kinds:
        return "no reason is told for that"
    if intent not in {"decided", "waiting", "plan"} and _DECIDES.search(text):
        return "decisions are told by who approved or rejected, and when"
    named = set(_PERSON.findall(text)) - _ANYONE
    if intent in {"decided", "changed"} and named & set(found.unknown):
        return "nothing is looked up by the name of a person"
    return ""


def _several(intent: Intent, text: str, found: Words, site: Site) -> str:
    """Returns that it tells two verbs or states, of which only one would count."""
    verbs = {verb for verb in _verbs(site) if any(each.startswith(verb) for each in text.split())}
    if intent in {"decided", "waiting"} and len(verbs) > 1:
        return "requests are looked up by one verb, and this names several"
    if intent in {"since", "why", "changed"} and len(states_in(text)) > 1:
        return "it names several states, of which only one would be answered"
    is_moving = bool(found.direction) and found.state in {"tripped", "stopped", "running"}
    if intent in {"since", "why"} and is_moving:
        return "it names a state and a course, of which only one would be answered"
    return ""


def _verbs(site: Site) -> set[str]:
    return {verb for tag in site.tags.values() for verb in tag.verbs.values()}


_Check = Callable[[Intent, str, Words, Site], str]
_CHECKS: Sequence[tuple[_Check, Sequence[str]]] = (
    (_plan, ("TAKE", "OUT", "NEED")),
    (_moments, _PAST),
    (_time, _PAST),
    (_what_if, ("IF", "SUBJECT", "QUANTITY")),
    (_quantity, ("IF", "SUBJECT", "QUANTITY")),
    (_measure, ("SUBJECT", "NOW", "SINCE")),
    (_negation, _PAST),
    (_people, ("WHO", "WHEN", "DECIDED")),
    (_several, _PAST),
)
