"""State of the delivery of each notice through each channel of its recipient."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from handwheel.connectors.model.notice_spec import NoticeSpec

from ..maintenance.work_order_database import Notice
from ..requests.timestamps import parse_stamp
from .attempt_database import Attempt

MOST_AGE = timedelta(days=1)
"""Age up to which a notice is delivered, as after a time without agents."""

State = Literal["delivered", "waiting", "failed", "over", "too old"]


@dataclass(slots=True)
class Delivery:
    """Notice on its way to one address."""

    notice: Notice
    channel: str  # empty for a recipient without any, who sees it on the screens only
    address: str
    attempts: list[Attempt] = field(default_factory=list[Attempt])

    def state(self, now: datetime) -> State:
        """Returns the state of the delivery."""
        if self.attempts and (outcome := self.attempts[-1].outcome) != "tried":
            return outcome
        return "waiting" if now - parse_stamp(self.notice.at) <= MOST_AGE else "too old"


def deliveries(
    notices: Iterable[Notice], attempts: Sequence[Attempt], spec: NoticeSpec
) -> Iterator[Delivery]:
    """Yields the deliveries of some notices by the channels of today."""
    made: dict[tuple[str, str], list[Attempt]] = {}
    for each in attempts:
        made.setdefault((each.notice, each.channel), []).append(each)
    for notice in notices:
        for channel, address in spec.to.get(notice.to, {"": ""}).items():
            yield Delivery(notice, channel, address, made.get((notice.key, channel), []))
