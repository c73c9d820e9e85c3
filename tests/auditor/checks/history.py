"""What the journal tells, row by row: which action was sent when, with whose approval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .decisions import Decisions, decided, quorum_at, seen_heads_are_there
from .documents import NoDocument
from .heartbeats import Heartbeats
from .journal import START, Journal, Row
from .operators import Enrolment
from .requests import ACTION, REQUEST, UNRESOLVED, VERDICTS, ActionTrace, Request, filed
from .runs import Leases, Runs, order_faults, recovery_faults, succession_faults


@dataclass(frozen=True)
class Latch:
    """A lockout that the gate has seen."""

    scope: str
    generation: int
    seq: int


@dataclass
class Story:
    """Reads the journal once from its first row; what does not fit becomes a fault."""

    journal: Journal
    people: Sequence[Enrolment]
    acts_as: Mapping[str, Sequence[str]]
    faults: list[str] = field(default_factory=list[str])
    traces: dict[str, ActionTrace] = field(default_factory=dict[str, ActionTrace])
    requests: dict[str, Request] = field(default_factory=dict[str, Request])
    latches: list[Latch] = field(default_factory=list[Latch])
    released: set[Latch] = field(default_factory=set[Latch])
    runs: Runs = field(default_factory=Runs)
    leases: Leases = field(default_factory=Leases)
    gate: tuple[int, int] | None = None  # epoch and row of the newest one

    def __post_init__(self) -> None:
        self.decisions = Decisions(self.acts_as)
        self.heartbeats = Heartbeats(self.journal.site, self.decisions)
        self.hashes = {START}
        self.nonces: dict[str, int] = {}

    def read(self) -> None:
        readers: Mapping[str, Callable[[Row], None]] = {
            "request.filed": self._file,
            "decision": self._decide,
            "lockout.latched": self._latch,
            "lockout.released": self._release,
            "gate.started": self._start,
            "action.intent": self._intend,
            "lease.lost": self.leases.lose,
        }
        for row in self.journal.rows:
            machine, _, state = row.kind.partition(".")
            moves = {"request": self._move_request, "action": self._move_action}
            # Rows in small letters, such as action.intent, only tell more.
            reader = readers.get(row.kind) or (moves.get(machine) if state.isupper() else None)
            try:
                if machine == "run":
                    self.runs.add(row)
                if reader is not None:
                    reader(row)
                for fault in self.heartbeats.follow(row, self.gate):
                    self._fault(row, fault)
            except (NoDocument, KeyError, TypeError, AttributeError, ValueError) as error:
                self._fault(row, f"{row.kind} cannot be read: {error}")
            self.hashes.add(row.hash)

    def _fault(self, row: Row, text: str) -> None:
        self.faults.append(f"row {row.seq}: {text}")

    def _file(self, row: Row) -> None:
        request = filed(row, self.journal.site)
        if request.request_id in self.requests:
            self._fault(row, f"{request.request_id} is filed a second time")
            return
        self.requests[request.request_id] = request
        for action in request.actions:
            self.traces[action.action_id] = ActionTrace(action, request)

    def _decide(self, row: Row) -> None:
        decision = decided(row, self.people, self.journal.site)
        earlier = self.nonces.setdefault(decision.nonce, row.seq)
        if earlier != row.seq:
            self._fault(row, f"the decision of row {earlier} a second time")
            return
        if not seen_heads_are_there(decision, self.hashes):
            self._fault(row, f"{decision.person} saw a head that is not in this journal")
        self.decisions.add(decision)

    def _latch(self, row: Row) -> None:
        self.latches.append(Latch(row.body["scope"], row.body["generation"], row.seq))

    def _release(self, row: Row) -> None:
        scope, generation = row.body["scope"], row.body["generation"]
        subject = f"lockout:{scope}:{generation}"
        if not self.decisions.has("release", subject, by_administrator=True):
            self._fault(row, f"no administrator has signed the release of {scope}")
            return
        self.released |= {
            latch
            for latch in self.latches
            if (latch.scope, latch.generation) == (scope, generation)
        }

    def _intend(self, row: Row) -> None:
        trace = self.traces[row.subject]
        if row.body.get("digest", trace.action.digest) != trace.action.digest:
            self._fault(row, f"{trace.name} is sent under another digest than its own")

    def _start(self, row: Row) -> None:
        self.gate = (row.body["epoch"], row.seq)

    def _move_request(self, row: Row) -> None:
        request = self.requests.get(row.subject)
        state = row.kind.partition(".")[2]
        if request is None:
            self._fault(row, f"{row.subject} was never submitted")
            return
        if state not in REQUEST.get(request.state, "").split():
            self._fault(row, f"{row.subject} goes from {request.state} to {state}")
        self._check_words(row, request.state, state)
        request.state = state
        for fault in succession_faults(request, state, self.requests):
            self._fault(row, fault)
        if state == "APPROVED":
            request.approved_at, request.approved_seq = row.at, row.seq

    def _move_action(self, row: Row) -> None:
        trace = self.traces.get(row.subject)
        state = row.kind.partition(".")[2]
        if trace is None:
            self._fault(row, f"{row.subject} is in no request")
            return
        if state == "PLANNED" and not trace.is_named and trace.state == "PLANNED":
            trace.is_named = True
            return
        if state not in ACTION.get(trace.state, "").split():
            self._fault(row, f"{trace.name} goes from {trace.state} to {state}")
        self._check_words(row, trace.state, state)
        match state:
            case "DUE":
                is_told = bool(self.runs.rows.get(trace.request.run_id))
                for fault in self.leases.due_faults(trace, self.runs.due_faults(trace), is_told):
                    self._fault(row, fault)
            case "CLAIMED":
                self._claim(row, trace)
            case "SENDING":
                self._send(row, trace)
            case _:
                self._end(row, trace, state)
        trace.state = state

    def _check_words(self, row: Row, before: str, after: str) -> None:
        said = (row.body.get("from") or before, row.body.get("to") or after)
        if said != (before, after):
            self._fault(row, f"says {said[0]} to {said[1]}, it is {before} to {after}")

    def _claim(self, row: Row, trace: ActionTrace) -> None:
        request = trace.request
        if request.state != "APPROVED":
            self._fault(row, f"{trace.name} is claimed while its request is {request.state}")
        quorum = quorum_at(row, request, trace.action, self.decisions)
        trace.doubts = quorum.faults
        if self.gate is not None and request.approved_seq < self.gate[1]:
            trace.doubts.append("it was approved before this gate started")
        trace.doubts += order_faults(trace, self.traces)
        trace.approvers = tuple(quorum.people)
        request.has_begun |= trace.action.kind == "command"

    def _send(self, row: Row, trace: ActionTrace) -> None:
        if trace.sent_at is not None:
            self._fault(row, f"{trace.name} is sent a second time")
        early = self.leases.early_faults(row, trace, self.traces)
        for doubt in (*trace.doubts, *recovery_faults(trace, self.traces), *early):
            self._fault(row, f"{trace.name}: {doubt}")
        if row.body["wire"] != trace.action.wire:
            self._fault(row, f"{trace.name}: the bytes are not those of the request")
        if self.gate is not None and row.body["epoch"] != self.gate[0]:
            self._fault(row, f"{trace.name} is sent by a gate that is no longer the newest")
        self._check_others(row, trace)
        self._check_lockouts(row, trace)
        trace.sent_at, trace.sent_seq = row.at, row.seq

    def _check_others(self, row: Row, trace: ActionTrace) -> None:
        for other in self.traces.values():
            if other is not trace and other.state == "SENDING":
                self._fault(row, f"{trace.name} is sent while {other.name} is in flight")
            same = other.action.equipment == trace.action.equipment
            if same and other.state in UNRESOLVED:
                self._fault(row, f"{trace.name} is sent while {other.name} is {other.state}")

    def _check_lockouts(self, row: Row, trace: ActionTrace) -> None:
        for latch in self.latches:
            if not trace.request.is_covered(trace.action, latch.scope):
                continue
            if latch not in self.released:
                self._fault(row, f"{trace.name} is sent under the lockout of row {latch.seq}")
            elif latch.seq > trace.request.seq:
                self._fault(row, f"{trace.name} is older than the lockout of row {latch.seq}")

    def _check_readback(self, row: Row, trace: ActionTrace) -> None:
        words = row.body.get("readback")
        if not words:
            self._fault(row, f"{trace.name} is VERIFIED without a read-back")
        elif str(words).startswith("acknowledged") and trace.action.is_shown:
            self._fault(row, f"{trace.name} is VERIFIED unread, and a tag would show it")

    def _end(self, row: Row, trace: ActionTrace, state: str) -> None:
        is_outcome = state in ACTION["SENDING"].split()
        if trace.sent_at is not None and trace.ended_at is None and is_outcome:
            trace.ended_at, trace.outcome = row.at, state
        if state == "REFUSED":
            trace.was_sent = row.body.get("sent") is not False
        if state == "VERIFIED":
            self._check_readback(row, trace)
        verdict = VERDICTS.get(state)
        if verdict is not None and not self.decisions.has(verdict, trace.name):
            self._fault(row, f"{trace.name}: nobody has signed {verdict}")
