"""Earlier writes of the tags of a request, as the ledger holds them."""

from collections.abc import Iterator

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.write_history import last_sent
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import plain, printable, quoted


def history_lines(database: Ledger, record: RequestRecord, now: Instant) -> list[str]:
    """Returns a line with the last write of each tag that the request's commands write."""
    return list(_lines(database, record, now))


def _lines(database: Ledger, record: RequestRecord, now: Instant) -> Iterator[str]:
    for each in record.request.commands:
        tag = plain(each.tag)
        try:
            sent = last_sent(database, each.tag, now)
            if sent is None:
                yield f"{tag}: not written before"
                continue
            earlier = load_request(database, sent.request_id)
            action = earlier.record(sent.action_id)
        except GuardrailError as error:
            yield f"{tag}: {printable(str(error))}"
            continue
        ago = format_duration(float(round(sent.since_s)))
        write = next(a for a in earlier.request.actions if a.action_id == sent.action_id)
        yield (
            f"{tag}: {printable(write.shown)} {printable(write.unit)}".rstrip()
            + f", {action.state} {ago} ago, by {sent.action_id} of "
            f"{earlier.request.proposer.shown}: {quoted(earlier.request.reason, 60)}"
        )
