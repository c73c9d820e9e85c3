"""Messages that are kept until the gate has answered, and sent again to the next gate."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.gate.server.registry import MESSAGES
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.message import Message, message_digest
from handwheel.tools.requests.canonical import parse_canonical

_DONE: Mapping[str, str] = {
    "requests": "request.filed",
    "decisions": "decision",
    "orders": "run.ordered",
    "authority/grant": "authority.given",
}
"""The row that says that a message was done, of which there must be one, by the message's path."""


class Sender(GateClient):
    """A client that keeps each message in a file until it has an answer.

    Args:
        kept: The file.
    """

    def __init__(self, site: Site, kept: Path) -> None:
        super().__init__(site.state, site.id)
        self._unanswered = kept

    def submit(self, message: Message) -> Sequence[JournalRow]:
        fresh = self._unanswered.with_suffix(".new")
        fresh.write_text(json.dumps([message.path, message.text]), encoding="utf-8")
        fresh.rename(self._unanswered)
        try:
            rows = super().submit(message)
        except LostRace:
            self._unanswered.unlink()
            raise
        except LedgerError:
            raise  # it has no answer
        except HandwheelError:
            self._unanswered.unlink()
            raise
        self._unanswered.unlink()
        return rows


def send_again(client: Sender, kept: Path) -> list[str]:
    """Sends what had no answer twice more, and returns what is wrong with its answers."""
    if not kept.exists():
        return []
    path, text = json.loads(kept.read_text(encoding="utf-8"))
    kind = next(each for each in MESSAGES if each.path == path)
    message = kind.model_validate(parse_canonical(text))
    first, second = (_answer(client, message) for _ in range(2))
    mark = message_digest(message)
    rows = [row for row in client.journal() if row.fields.get("message") == mark]
    kinds = [str(row.fields["kind"]) for row in rows]
    done = [each for each in kinds if not each.endswith(".refused")]
    if isinstance(first, str):
        is_one = isinstance(second, str) and not done
    else:
        is_one = first == second == rows and kinds.count(_DONE.get(path, kinds[0])) == 1
    return [] if is_one else [f"{path} was sent again: {first}, then {second}; there is {kinds}"]


def _answer(client: Sender, message: Message) -> list[JournalRow] | str:
    try:
        return list(client.submit(message))
    except HandwheelError as refusal:
        return f"{type(refusal).__name__}: {refusal}"
