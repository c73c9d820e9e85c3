"""What the books of a room say of its runs: events, requests, frames, and whether they agree."""

from collections import Counter

from handwheel.agents.deviations.case import Case, case_ids, load_case
from handwheel.connectors.model.values import Value
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_requests
from handwheel.tools.guardrails.ledger.runs import RunRow, load_rows, load_runs

from ...gate.testbed.in_memory import Room
from ...plants.cooling_water import ModelPlant
from ...sites.audited import faults_in


class Books(Room):
    """A room whose books can be read."""

    plant: ModelPlant
    _loaded: tuple[object, Run] | None = None

    def runs(self, playbook: str = "") -> list[str]:
        entries = load_runs(self.desk.database)
        return [each.run_id for each in entries if playbook in each.playbook]

    @property
    def run_id(self) -> str:
        return next(reversed(self.runs()), "")

    @property
    def run(self) -> Run:
        """The newest run, loaded again when the journal has grown."""
        head = self.desk.database.head()
        if self._loaded is None or self._loaded[0] != head:
            self._loaded = head, load_run(self.desk.database, self.run_id)
        return self._loaded[1]

    def rows(self, kind: str = "", run_id: str = "") -> list[RunRow]:
        rows = load_rows(self.desk.database, run_id or self.run_id)
        return [each for each in rows if kind in {"", each.kind}]

    @property
    def case(self) -> Case:
        """The newest case."""
        return load_case(self.desk.database, case_ids(self.desk.database, only_open=False)[-1])

    def cases(self) -> list[Case]:
        """The open cases."""
        return [load_case(self.desk.database, each) for each in case_ids(self.desk.database)]

    def judged(self) -> list[str]:
        """What was judged about the newest case: what prevents each candidate, in order."""
        rows = self.desk.database.find_rows(self.case.case_id, "case.judged")
        found = [row.fields["body"]["candidates"] for row in rows]
        return [
            ", ".join(f"{each['playbook'].partition('/')[2]}: {each['code']}" for each in one)
            for one in found
        ]

    def told(self) -> list[str]:
        """The newest run's events, a line each."""
        keys = ("step", "to", "reason", "blocked_by", "text", "kept", "action_id")
        return [
            " ".join([each.kind, *(str(each.body[key]) for key in keys if each.body.get(key))])
            for each in self.rows()
        ]

    def requests(self) -> list[RequestRecord]:
        """Every request at the site."""
        return load_requests(self.desk.database)

    def request(self, number: int = 0) -> RequestRecord:
        return self.desk.record(self.run.requests[number - 1])

    @property
    def frames(self) -> list[str]:
        """What has reached the devices, in order."""
        return self.plant.told

    def notices(self) -> list[str]:
        """Whom the newest run has told, in order."""
        return [to for row in self.rows("notified") for to in row.body["to"]]

    def due(self) -> list[str]:
        """Every action of the site that was ever said to be due."""
        rows = self.desk.database.journal()
        return [row.fields["subject"] for row in rows if row.fields["kind"] == "action.DUE"]

    def value(self, tag: str) -> Value:
        return self.plant.values[tag]

    def check_books(self) -> None:
        """What holds at the end of every test: no fault in the journal, an intent per frame."""
        assert faults_in(self.desk.decision_context) == ()
        rows = self.desk.database.all("SELECT wire FROM intent")
        arrived = Counter(frame.wire.hex() for frame in self.plant.frames)
        assert arrived <= Counter(row[0] for row in rows)
