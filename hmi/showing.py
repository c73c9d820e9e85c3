"""A request whole: its card or what became of it, its actions, and what came after."""

from handwheel.tools.guardrails.bench import Bench
from handwheel.tools.guardrails.card import Card
from handwheel.tools.guardrails.ledger.listing import listed
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.picture import read_picture
from handwheel.tools.requests.stamps import Instant

from .aftermath import aftermath_lines
from .asking import signers
from .card_layout import card_width, has_colour
from .card_text import render_card
from .folding import fold
from .outcome_text import render_request
from .request_lines import action_line, request_line

_INDENT = 4


def whole_request(
    bench: Bench, record: RequestRecord, card: Card | None, now: Instant
) -> list[str]:
    """Returns everything about a request as lines for this terminal.

    Args:
        card: As the plant is now; `None` if nobody can decide on it any more.
    """
    width, picture = card_width(), read_picture(bench.site.state, now)
    lines = (
        render_card(card, width, is_coloured=has_colour(), is_whole=True)
        if card
        else render_request(record, signers(bench.database, record), width)
    )
    return [
        *lines,
        request_line(listed(record), now),
        *(f"  {action_line(each)}" for each in record.actions),
        *(
            fold(f"  {line}", _INDENT)
            for line in aftermath_lines(bench.database, record, picture, now)
        ),
    ]
