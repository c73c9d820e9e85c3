"""Figures of a shift."""

from statistics import median

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.guardrails.ledger.runs import PREFIX

from ..report.action_history import action_history
from ..rows.entries import Journal, JournalEntry, Period, RequestHistory
from .decided import verdict_of


def figures_of(journal: Journal, span: Period) -> list[tuple[str, str]]:
    """Returns the figures of a time, each with its label."""
    requests = list(journal.requests.values())
    verdicts = [each for history in requests if (each := verdict_of(history)) is not None]
    decided = [each for each in verdicts if span.has(each.entry)]
    waits_s = [each.after_s for each in decided]
    filed = sum(span.has(each.entries[0]) for each in requests)
    held = [each for each in journal.entries if each.kind == f"{PREFIX}held" and span.has(each)]
    counts = {
        "requests": filed,
        "approved": sum(each.verdict == "approve" for each in decided),
        "rejected": sum(each.verdict == "reject" for each in decided),
        "writes sent": sum(span.has(each) for one in requests for each in _sendings(one)),
        "runs held": len({each.subject for each in held}),
    }
    time = format_duration(median(waits_s)) if waits_s else "none decided"
    return [*((name, str(count)) for name, count in counts.items()), ("median to decide", time)]


def _sendings(history: RequestHistory) -> list[JournalEntry]:
    """Returns the rows after which a frame was sent, or may have been."""
    found = [action_history(each, history.entries) for each in history.actions]
    sent = (each for each in found if not any(one.body.get("sent") is False for one in each.states))
    return [each.sending for each in sent if each.sending is not None]
