"""Card on the screen while an approver decides, with live values and countdown."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.session import ApprovalSession
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.write_history import last_sent
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import plain, printable, quoted

from ...shell.cli.stdio import draw
from ...shell.terminal.panel import columns_of, fitting_width, has_colour
from ...shell.terminal.prompt import PromptAnswer, wrong_word_text
from ...shell.terminal.wrap import fold
from ..assessment.assessment_text import ASSESSED_KEYS, render_assessed
from ..assessment.model import Assessment
from .card_details import DETAIL_KEYS, render_details
from .card_text import render_card, render_changes


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


_HISTORY, _REJECT, _CARD = "h", "r", "c"
_BELOW = 2  # rows for the question, and for the cursor after Enter, which must not scroll
_TALL = 30  # rows from which the keys may take two of them
_LEAST = 4  # rows in which details are shown page by page
_HOME, _CLEAR_BELOW, _CLEAR_LINE = "\x1b[H", "\x1b[J", "\x1b[2K"
_SAVE, _RESTORE = "\x1b7", "\x1b8"
_NONE: Mapping[str, str] = {}
_RED, _PLAIN = "\x1b[1;31m", "\x1b[0m"  # of abnormal rows

QUESTION = "> "
"""Question below the card."""


class LiveCard:
    """Screen of an approval, as `PromptScreen`. It is drawn anew where the terminal can do so.

    Args:
        assessed: Returns at once what was computed about the request beside the card.

    Attributes:
        change: What changed while the card was read, and ended the question. Empty for nothing.
    """

    def __init__(
        self,
        session: ApprovalSession,
        history: Callable[[], Sequence[str]],
        assessed: Callable[[], Assessment | None] = lambda: None,
    ) -> None:
        self.change = ""
        self._session = session
        self._history = history
        self._assessed = assessed
        self._shown: list[str] = []  # the card's lines on the screen; empty where it is not live
        self._seen: Assessment | None = None
        self._keys: Mapping[str, str] = {}  # of it, as they are shown
        self._size = shutil.get_terminal_size()
        self._opened = ""  # key whose assessment is shown
        self._from = 0  # first line of it that the next press shows

    def draw(self, message: str = "", details: Sequence[str] = ()) -> None:
        """Draws card, details and message, and what may be typed."""
        self._size = shutil.get_terminal_size()
        card = self._card()
        below = self._footer(is_folded=not details)
        below += fold(message).split("\n") if message else []
        lines = [*card, *details, *below]
        if len(lines) + _BELOW > self._size.lines:
            lines.remove("")  # the first empty one, above what may be typed or the details
        is_live = _can_move() and _fits(lines, self._size)
        self._shown, self._keys = card if is_live else [], self._seen_keys()
        if is_live:
            # What stood on the screen before the first card goes on above it.
            above = "" if details or message else "\n" * self._size.lines
            draw(above + _HOME + _CLEAR_BELOW)
        else:  # the first lines scroll off the screen
            again = ["", *render_changes(self._session.card, self._size.columns)]
            lines = [*(details or card), *again, *below]
        draw("\n".join(lines) + "\n")

    def open(self, key: str) -> PromptAnswer | None:
        """Shows what a key opens. See `PromptScreen.open`."""
        typed, key = key, key.lower()
        if key == _REJECT:
            return PromptAnswer.REJECT
        if key == _CARD:
            self.draw()
        elif key == _HISTORY:
            rows = [fold(line) for line in self._history()]
            self.draw(details=["", *"\n".join(rows).split("\n")])
        elif key in ASSESSED_KEYS:
            self._size = shutil.get_terminal_size()
            self._seen = self._assessed()
            lines = render_assessed(self._seen, key, self._size.columns)
            self.draw(details=["", *self._page(key, lines)])
        elif key in DETAIL_KEYS:
            width, is_coloured = self._size.columns, has_colour()
            card = self._session.card
            self.draw(details=["", *render_details(card, key, width, is_coloured=is_coloured)])
        else:
            self._tell(wrong_word_text(typed, self._session.expected_word))
        return None

    def _page(self, key: str, lines: Sequence[str]) -> Sequence[str]:
        """Returns as many lines as stay on the screen, the next ones where a key is pressed again.

        Without this the first lines scroll away, which are those of the best hypothesis.
        """
        card, columns = self._session.card, self._size.columns
        around = [*render_changes(card, columns), *self._footer(is_folded=False)]
        room = self._size.lines - _BELOW - len(around) - 2  # and the empty lines
        if not _can_move() or room < _LEAST or len(lines) <= room:
            self._opened = ""
            return lines
        begin = self._from if key == self._opened and self._from < len(lines) else 0
        shown = lines[begin : begin + room - 1]
        self._opened, self._from = key, begin + len(shown)
        left = len(lines) - self._from
        more = f"… {left} more lines" if left else f"… the first of {len(lines)} lines"
        return [*shown, f"{more}: press {key} again"]

    def _tell(self, message: str) -> None:
        if self._shown:
            self.draw(message)
        else:
            draw(f"{message}\n")

    def refresh(self) -> bool:
        """Renews the card. See `PromptScreen.refresh`."""
        try:
            self.change = self._session.look_again()
        except LedgerError as error:  # who asks again raises it, below the question
            self.change = str(error)
        if self.change:
            return False
        if not self._shown:
            return True
        card = self._card()
        is_same = len(card) == len(self._shown) and self._seen_keys() == self._keys
        if shutil.get_terminal_size() != self._size or not is_same:
            self.draw()
            draw(QUESTION)  # it still stands, and the drawing has gone over it
            return True
        moved = [
            f"\x1b[{row};1H{_CLEAR_LINE}{new}"
            for row, (old, new) in enumerate(zip(self._shown, card, strict=True), start=1)
            if old != new
        ]
        self._shown = card
        draw(_SAVE + "".join(moved) + _RESTORE)
        return True

    def _card(self) -> list[str]:
        self._seen = self._assessed()
        below = len(self._footer()) - 1  # without the empty line
        return render_card(
            self._session.card, self._size.columns, is_coloured=has_colour(),
            most=self._size.lines - below - _BELOW, assessment=self._seen,
        )  # fmt: skip

    def _footer(self, *, is_folded: bool = True) -> list[str]:
        card, size, more = self._session.card, self._size, self._seen_keys()
        is_short = size.lines < _TALL
        return footer_lines(card, size.columns, is_folded=is_folded, more=more, is_short=is_short)

    def _seen_keys(self) -> Mapping[str, str]:
        return self._seen.keys if self._seen else {}


def footer_lines(
    card: Card,
    columns: int,
    *,
    is_folded: bool = True,
    more: Mapping[str, str] = _NONE,
    is_short: bool = False,
) -> list[str]:
    """Returns what may be typed below a card, or below its details.

    Args:
        more: Keys of what is shown beside the card, with what they show.
        is_short: Whether all keys are to fit in one line.
    """
    keys, last = {**DETAIL_KEYS, _HISTORY: "history"}, {_REJECT: "reject"}
    start = "with Enter: "
    if more and is_short:  # else the card would lose a line of its own
        start, keys, more = "", {**more, " ".join(keys): "details"}, _NONE
    keys |= last
    if not is_folded:
        start, keys = "", {_CARD: "card", **keys}
    word, later = f"Type  {card.word}  to approve", "Esc to decide later"
    both = f"{word} · {later}"
    return [
        "",
        start + _keys_text(keys),
        *([_keys_text(more)] if more else []),
        *([both] if columns_of(both) <= fitting_width(columns) else [word, later]),
    ]


def _keys_text(keys: Mapping[str, str]) -> str:
    return " · ".join(f"{key} {what}" for key, what in keys.items())


def _fits(lines: Sequence[str], size: os.terminal_size) -> bool:
    """Whether lines and the question fit, each in one row, so that Enter scrolls nothing."""
    widest = max(columns_of(line.replace(_RED, "").replace(_PLAIN, "")) for line in lines)
    return len(lines) + _BELOW <= size.lines and widest <= size.columns


def _can_move() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
