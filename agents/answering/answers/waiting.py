"""Answers about requests, decisions and work orders."""

from handwheel.tools.guardrails.ledger.listing import ListedRequest
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.requests.timestamps import parse_stamp

from ..fact import Answer, joined
from ..question import Question
from ..sources import SignedWord, Sources
from .trends import span_text

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
        answer.say("No request waits for a decision.")


def _writes(request: ListedRequest) -> str:
    return ", ".join(f"{each.tag} = {each.shown} {each.unit}".rstrip() for each in request.commands)


def _is_about(request: ListedRequest, question: Question, sources: Sources) -> bool:
    if question.request_id:
        return request.request_id == question.request_id
    if not question.subjects:
        return True
    site, tags = sources.site, [each.tag for each in request.commands]
    members = {
        name for each in question.subjects for name in (*site.members_of(each.name), each.name)
    }
    return any(tag in members or site.tags[tag].equipment in members for tag in tags)


def decided(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers who decided about requests, when and why, the newest first."""
    requests = [each for each in sources.requests() if _is_about(each, question, sources)]
    told = 0
    for request in reversed(requests):
        for word in sources.decisions(request.request_id):
            if question.verdict in {None, word.verdict}:
                _say_word(answer, request, word)
                told += 1
        if told >= (_MOST if question.subjects or question.request_id else 1):
            break
    if not told:
        about = question.request_id or joined(
            [each.name for each in question.subjects] or ["any request"]
        )
        what = {"approve": "approval", "reject": "rejection"}.get(
            question.verdict or "", "decision"
        )
        answer.say(f"The journal has no {what} about {about}.")


def _say_word(answer: Answer, request: ListedRequest, word: SignedWord) -> None:
    at = answer.fact(word.request_id, f"{word.at[:10]} {word.at[11:19]} UTC", "journal", word.at)
    write = answer.fact(word.request_id, _writes(request), "journal")
    person = answer.fact(word.request_id, word.person, "journal, signed")
    why = ""
    if word.reason:
        why = f", because {answer.fact(word.request_id, f'“{word.reason}”', 'journal, signed')}"
    verb = {"approve": "approved", "reject": "rejected", "propose": "proposed"}.get(
        word.verdict, f"decided ({word.verdict})"
    )
    answer.say(f"{person} {verb} {word.request_id} at {at}: {write}{why}.")


def orders(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers which work orders are open, all or those of equipment."""
    site = sources.site
    wanted = {name for each in question.subjects for name in site.members_of(each.name)}
    wanted |= {site.tags[each.name].equipment for each in question.subjects if each.kind == "tag"}
    found = [each for each in sources.work_orders() if not wanted or each.asset in wanted]
    for each in found:
        title = answer.fact(each.workorder_id, each.title, "work orders")
        due = answer.fact(
            each.workorder_id, each.due[:10] if each.due else "no date", "work orders"
        )
        answer.say(f"{each.workorder_id} for {each.asset or 'the site'}, due {due}: {title}.")
    if not found:
        about = f" for {joined(sorted(wanted - {''}))}" if wanted - {""} else ""
        answer.say(f"No work order{about} is open.")
