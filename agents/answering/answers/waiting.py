"""Answers about requests, decisions and work orders."""

from collections.abc import Collection

from handwheel.tools.guardrails.ledger.listing import ListedRequest, ListedWrite
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.requests.timestamps import parse_stamp

from ..fact import Answer, joined
from ..question import Question
from ..sources import SignedWord, Sources
from .present import members_of
from .trends import span_text
from .writes import person_text

_MOST = 5
_NOUNS = {"approve": "approval", "reject": "rejection"}


def waiting(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers which requests wait for a decision."""
    found = [each for each in sources.requests() if each.state in WAITING_REQUESTS]
    found = [each for each in found if _is_about(each, question, sources)]
    for each in found:
        age_s = (sources.now - parse_stamp(each.filed_at)).total_seconds()
        since = answer.fact(each.request_id, span_text(max(age_s, 0.0)), "journal")
        left = answer.fact(each.request_id, span_text(max(each.within_s - age_s, 0.0)), "journal")
        write = answer.fact(each.request_id, _writes(each), "journal")
        answer.say(
            f"{each.request_id} waits for {joined(each.roles)}: {write}; asked {since} ago, "
            f"{left} left."
        )
    if not found:
        about = f" about {_about(question)}" if question.subjects or question.request_id else ""
        answer.say(f"No request{about} waits for a decision.")


def _about(question: Question) -> str:
    """Returns what requests a question is about, such as `the stop of P-101B`."""
    names = [each.name for each in question.subjects] or ["any request"]
    verb = f"the {question.verb} of " if question.verb else ""
    return f"{verb}{question.request_id or joined(names)}"


def _writes(request: ListedRequest) -> str:
    return ", ".join(f"{each.tag} = {each.shown} {each.unit}".rstrip() for each in request.commands)


def _verb(write: ListedWrite, sources: Sources) -> str:
    """Returns the verb of a write, such as `start` or `stop`, empty for none."""
    tag = sources.site.tags.get(write.tag)
    return tag.verbs.get(write.shown, "") if tag else ""


def _is_about(request: ListedRequest, question: Question, sources: Sources) -> bool:
    if question.request_id:
        return request.request_id == question.request_id
    if question.verb and not any(
        _verb(each, sources) == question.verb for each in request.commands
    ):
        return False
    if not question.subjects:
        return True
    site, tags = sources.site, [each.tag for each in request.commands]
    members = {
        name for each in question.subjects for name in (*members_of(site, each.name), each.name)
    }
    return any(tag in members or site.tags[tag].equipment in members for tag in tags)


def decided(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers who decided about requests, when and why, the newest first."""
    requests = [each for each in sources.requests() if _is_about(each, question, sources)]
    told = 0
    for request in reversed(requests):
        for word in sources.decisions(request.request_id):
            if question.verdict in {None, word.verdict} and _is_recent(word, question, sources):
                _say_word(answer, request, word)
                told += 1
        if told >= (_MOST if question.subjects or question.request_id else 1):
            break
    if not told:
        what = _NOUNS.get(question.verdict or "", "decision")
        last = answer.fact("the question", span_text(question.last_s), "wall clock")
        since = f" in the last {last}" if question.last_s else ""
        answer.say(f"The journal has no {what} about {_about(question)}{since}.")


def _is_recent(word: SignedWord, question: Question, sources: Sources) -> bool:
    age_s = (sources.now - parse_stamp(word.at)).total_seconds()
    return not question.last_s or age_s <= question.last_s


def _say_word(answer: Answer, request: ListedRequest, word: SignedWord) -> None:
    at = answer.fact(word.request_id, f"{word.at[:10]} {word.at[11:19]} UTC", "journal", word.at)
    write = answer.fact(word.request_id, _writes(request), "journal")
    person = person_text(answer, word)
    why = ""
    if word.reason:
        why = f", because {answer.fact(word.request_id, f'“{word.reason}”', 'journal, signed')}"
    verb = {"approve": "approved", "reject": "rejected", "propose": "proposed"}.get(
        word.verdict, f"decided ({word.verdict})"
    )
    answer.say(f"{person} {verb} {word.request_id} at {at}: {write}{why}.")


def orders(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers which work orders are open or closed, all or those of equipment."""
    site = sources.site
    wanted = {name for each in question.subjects for name in members_of(site, each.name)}
    wanted |= {site.tags[each.name].equipment for each in question.subjects if each.kind == "tag"}
    wanted -= {""}
    if question.is_closed:
        told = _say_closed(question, sources, answer, wanted)
    else:
        found = [each for each in sources.work_orders() if not wanted or each.asset in wanted]
        told = len(found)
        for each in found:
            title = answer.fact(each.workorder_id, each.title, "work orders")
            due = answer.fact(each.workorder_id, each.due[:10] or "no date", "work orders")
            answer.say(f"{each.workorder_id} for {each.asset or 'the site'}, due {due}: {title}.")
    if not told:
        about = f" for {joined(sorted(wanted))}" if wanted else ""
        answer.say(f"No work order{about} is {'closed' if question.is_closed else 'open'}.")


def _say_closed(
    question: Question, sources: Sources, answer: Answer, wanted: Collection[str]
) -> int:
    told = 0
    for order, closing in sources.closed_orders():
        age_s = (sources.now - parse_stamp(closing.at)).total_seconds()
        if (wanted and order.asset not in wanted) or age_s > (question.last_s or age_s):
            continue
        name, told = order.workorder_id, told + 1
        if told > _MOST:
            continue
        title = answer.fact(name, order.title, "work orders")
        at = answer.fact(name, f"{closing.at[:10]} {closing.at[11:19]} UTC", "work orders")
        by = answer.fact(name, closing.by, "work orders, user of the machine")
        found = (
            f", found {answer.fact(name, closing.found, 'work orders')}" if closing.found else ""
        )
        answer.say(
            f"{name} for {order.asset or 'the site'} was closed at {at} by {by}{found}: {title}."
        )
    if told > _MOST:
        count = answer.fact("work orders", f"{told - _MOST} more", "work orders")
        answer.say(f"There are {count} that were closed before.")
    return told
