"""Notices to the default recipients about what waits for a person."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from handwheel.agents.deviations.case import case_ids, load_case
from handwheel.connectors.errors import HandwheelError
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.listing import listed
from handwheel.tools.guardrails.ledger.records import load_exactly, load_unfinished
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrders
from handwheel.tools.requests.timestamps import Instant, parse_stamp, stamp
from handwheel.tools.safe_text import plain, printable

from ..cases.case_view import what_is_wrong
from ..requests.request_text import waiting_text

ABOUT = "what waits for people"
"""Subject of the problems of these notices."""
_WAITS = "waits"  # in the keys of notices of requests
_POLL_S = 5.0
_UNANSWERED_S = 60.0  # in which the agents judge a new case, and may open a run


def why_over(database: Ledger, now: Instant, notice: Notice) -> str:
    """Returns why a request does not wait any more of which a notice says so, else nothing.

    Raises:
        LedgerError: The request cannot be read.
    """
    name = notice.run_id
    if not notice.key.startswith(f"{name}/{_WAITS}/"):
        return ""
    request = listed(load_exactly(database, name))
    if request.state not in WAITING_REQUESTS:
        return f"{plain(name)} is {request.state}"
    is_late = (now.wall - request.filed.wall).total_seconds() > request.within_s
    return f"{plain(name)} was not approved in time" if is_late else ""


class WaitingNotices:
    """Gives the default recipients one notice of each request and case that waits for a person.

    A case for which a playbook was considered is left to the escalations of the playbook.
    """

    def __init__(
        self,
        database: Ledger,
        orders: WorkOrders,
        to: Sequence[str],
        clock: Callable[[], Instant],
        report: Callable[[str, str], None],
    ) -> None:
        self._database, self._orders, self._to = database, orders, to
        self._clock, self._report = clock, report
        self._given = set[str]()

    async def work(self) -> None:
        """Gives notices until it is cancelled, and reports what cannot be read or written."""
        while True:
            try:
                self.give()
                self._report(ABOUT, "")
            except HandwheelError as error:
                self._report(ABOUT, str(error))
            await asyncio.sleep(_POLL_S)

    def give(self) -> None:
        """Gives a notice of everything that waits and was not told before.

        Raises:
            HandwheelError: The ledger cannot be read, or a notice cannot be written.
        """
        now = self._clock()
        waiting = [*self._requests(), *self._cases(now)]
        self._given &= {key for _, key, _ in waiting}
        for about, key, text in waiting:
            if key in self._given:
                continue
            for to in self._to:
                at = stamp(now.wall)
                self._orders.notify(
                    Notice(key=f"{key}/{to}", at=at, to=to, text=text, run_id=about)
                )
            self._given.add(key)

    def _requests(self) -> Iterator[tuple[str, str, str]]:
        for record in load_unfinished(self._database):
            if record.state in WAITING_REQUESTS:
                name = record.request.request_id
                yield name, f"{name}/{_WAITS}", waiting_text(listed(record))

    def _cases(self, now: Instant) -> Iterator[tuple[str, str, str]]:
        for case_id in case_ids(self._database):
            try:
                case = load_case(self._database, case_id)
            except LedgerError:
                continue  # every list tells it
            since = parse_stamp(case.undecided_since)
            waited_s = (now.wall - since).total_seconds()
            if case.run_id or case.judgement.get("candidates") or waited_s < _UNANSWERED_S:
                continue
            text = f"{case_id} is not answered by any playbook: {what_is_wrong(case)}"
            yield case_id, f"{case_id}/undecided/{case.undecided_since}", printable(text)
