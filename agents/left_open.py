"""Runs and cases that another process left open, as the agents take them up."""

from collections.abc import Callable

from handwheel.connectors.errors import HandwheelError
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.runs import RunEntry, load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger, LostRace

from .cases.site_cases import SiteCases
from .cases.start_orders import StartOrders
from .deviations.case import Case
from .site_runs import SiteRuns
from .supervised_run import Report


class LeftOpen:
    """Runs and cases of a site that no process works on.

    Args:
        start: Starts the work on a run that was taken up.
    """

    def __init__(
        self,
        database: Ledger,
        runs: SiteRuns,
        cases: SiteCases,
        orders: StartOrders,
        start: Callable[[str], None],
        report: Report,
    ) -> None:
        self._database, self._runs, self._cases, self._orders = database, runs, cases, orders
        self._start, self._report = start, report
        self._orphans: list[RunEntry] | None = None  # None until the ledger was read
        self._ended: list[Case] = []  # cases that were not given back, though their run is over

    def look_again(self) -> None:
        """Reads the ledger again with the next call of `hold`."""
        self._orphans = None

    def hold(self) -> None:
        """Holds every run that was open at the start, until an operator resumes it.

        A run that the ledger prevents from being held is retried with the next scan.
        """
        if self._orphans is None or self._runs.is_incomplete:
            self._runs.is_incomplete = False
            found, active = load_runs(self._database, only_open=True), self._runs.active
            self._orphans = [each for each in found if each.run_id not in active]
            self._cases.load()
            self._orders.load()
            left = {"", *(each.run_id for each in found)}
            cases = self._cases.cases.values()
            self._ended = [each for each in cases if each.run_id not in left]
        self._return_ended()
        for entry in list(self._orphans):
            try:
                self._runs.adopt(entry)
                self._start(entry.run_id)
            except LostRace:
                raise
            except HandwheelError as error:  # a damaged run delays no other
                self._report(entry.run_id, f"the run is not processed: {error}")
                if isinstance(error, LedgerError):
                    continue
            self._orphans.remove(entry)

    def _return_ended(self) -> None:
        """Gives back the cases whose run was over when the last process ended."""
        for case in list(self._ended):
            try:
                self._cases.note_run(case.run_id, load_run(self._database, case.run_id), None)
            except LostRace:
                raise
            except LedgerError as error:  # it is tried again with the next scan
                self._report(case.case_id, str(error))
                continue
            self._ended.remove(case)
