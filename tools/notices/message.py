"""Message to a recipient through one channel."""

from dataclasses import asdict, dataclass
from hashlib import sha256

from ..maintenance.work_order_database import Notice
from ..safe_text import printable

_LONG = 1000  # characters of a text
_SUBJECT = 100


@dataclass(frozen=True, slots=True)
class Message:
    """Notice with the recipient's address in a channel.

    Its texts have no control characters and no line ends, also where a plant wrote them.
    """

    key: str  # of the notice; the same in every attempt
    site: str
    to: str  # a role or a person
    address: str  # of the recipient in the channel
    at: str  # when the notice was given
    text: str
    about: str  # run or case

    @property
    def idempotency_key(self) -> str:
        """Word by which a receiver knows a message that it has already."""
        return sha256(f"{self.site}\n{self.key}".encode()).hexdigest()[:32]

    @property
    def subject(self) -> str:
        """Site and text on one short line."""
        line = f"[{self.site}] {self.text}"
        return line if len(line) <= _SUBJECT else f"{line[: _SUBJECT - 1]}…"

    @property
    def fields(self) -> dict[str, str]:
        """Its fields for a webhook or a command."""
        return {"schema": "notice/1", **asdict(self)}


def message_of(notice: Notice, site: str, address: str) -> Message:
    """Returns the message of a notice to an address."""
    return Message(
        printable(notice.key),
        site,
        printable(notice.to),
        address,
        notice.at,
        printable(notice.text, _LONG),
        printable(notice.run_id),
    )
