"""Takes messages, each canonical, once, and from whom may send it."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from ....requests.canonical import parse_canonical
from ....requests.timestamps import Instant
from ...client.gate_connection import TOO_MANY
from ...ledger.store.journal import JournalRow
from ...signatures.context import DecisionContext
from ...signatures.message import Message, message_digest
from ...socket_server.bodies import read_body
from ...socket_server.forms import form_faults
from ...socket_server.peers import MessageRate, Peer, peer_of
from ...socket_server.rejections import Rejected
from .stalls import Stalls

LARGEST = 256 * 1024
"""Bytes of a message."""
_AT_MOST = 50  # messages that one process may send in a second
_REFUSAL = ".refused"  # end of the kinds of rows that tell only that something was refused


class MessageDoor:
    """Applies messages one after the other, each in short transactions of its own.

    Args:
        context: Its operators are read afresh for each message.
    """

    def __init__(
        self,
        context: DecisionContext,
        messages: Sequence[type[Message]],
        clock: Callable[[], Instant],
        stalls: Stalls,
    ) -> None:
        self._context, self._clock = context, clock
        self._kinds: Mapping[str, type[Message]] = {each.path: each for each in messages}
        self._rate = MessageRate(_AT_MOST)
        self._stalls = stalls

    async def take(self, request: web.Request) -> web.Response:
        """Answers a message with the rows that it has added, now or when it came first."""
        self._stalls.note()  # before the first renewal that comes after one
        peer = peer_of(request)
        if not self._rate.admits(peer):
            reason = f"more than {_AT_MOST} messages in a second"
            raise Rejected(HTTPStatus(TOO_MANY), "too-many", reason)
        kind = self._kinds.get(request.match_info["path"])
        if kind is None:
            raise web.HTTPNotFound
        self._check_user(kind, peer)
        message = read_message(kind, await read_body(request, LARGEST), self._context.site.id)
        rows = apply_once(self._context, message, self._clock())
        return web.json_response({"rows": row_list(rows)})

    def _check_user(self, kind: type[Message], peer: Peer) -> None:
        agents = self._context.site.processes.agents
        if kind.is_agents and agents and peer.user != agents:
            reason = f"only the agents may send this, as {agents}; this is {peer.user}"
            raise Rejected(HTTPStatus.FORBIDDEN, "other-user", reason)


def read_message(kind: type[Message], body: bytes, site: str) -> Message:
    """Returns the message of a body. Raises `Rejected` if it is none for this site."""
    try:
        text = body.decode()
        document = parse_canonical(text)
    except ValueError as error:
        raise _not_canonical(str(error)) from None
    try:
        message = kind.model_validate(document)
    except ValidationError as error:
        raise _other_form(kind, error) from None
    if message.text != text:
        raise _not_canonical("a field with its default is left out")
    if message.site != site:
        reason = f"it is for site {message.site!r}, and this is {site!r}"
        raise Rejected(HTTPStatus.MISDIRECTED_REQUEST, "other-site", reason)
    return message


def apply_once(context: DecisionContext, message: Message, now: Instant) -> Sequence[JournalRow]:
    """Applies a message that was not applied before.

    Returns:
        The rows that it has added, now or then.

    Raises:
        HandwheelError: As `Message.apply`.
    """
    database = context.database
    mark = message_digest(message)
    if known := [row for row in database.rows_under(mark) if not _is_refusal(row)]:
        return known
    head = database.head()
    with database.under(mark):
        message.apply(context.renewed(), now)
    return list(database.journal(head.seq if head else 0))


def row_list(rows: Sequence[JournalRow]) -> list[tuple[int, str, str]]:
    """Returns rows as lists for JSON."""
    return [(row.seq, row.text, row.hash) for row in rows]


def _is_refusal(row: JournalRow) -> bool:
    # What was refused is judged again, so that it is not answered like what was done.
    return str(row.fields["kind"]).endswith(_REFUSAL)


def _not_canonical(why: str) -> Rejected:
    reason = f"the message is not written as it must be: {why}"
    return Rejected(HTTPStatus.BAD_REQUEST, "not-canonical", reason)


def _other_form(kind: type[Message], error: ValidationError) -> Rejected:
    """Returns the rejection of a document of another form, such as of an older version."""
    found = error.errors(include_url=False, include_input=False)
    is_versioned = any(each["loc"][-1:] == ("schema",) for each in found)
    reason = f"it is no message of this version for {kind.path}: {form_faults(error)}"
    return Rejected(HTTPStatus.BAD_REQUEST, "version" if is_versioned else "form", reason)
