"""Text of a case, its candidates, what prevents each and the checks that would decide."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.agents.deviations.case import Case
from handwheel.connectors.hints import NEXT, shell_command
from handwheel.tools.conditions.truth import TRUTH_TEXT
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.safe_text import LONG, plain, printable

from ..journal.rows.row_text import event_name, event_text, without_commands

_LONG = 300  # characters of a question


@dataclass(frozen=True, slots=True)
class CheckView:
    """Check that would decide a case. Every text is printable."""

    case_id: str
    name: str  # check, with the equipment that it looks at
    title: str
    minutes: float
    expected: tuple[tuple[str, str], ...]  # hypothesis and the answer that it predicts
    ask: str = ""  # question to a person; empty for a test step
    role: str = ""
    answers: tuple[str, ...] = ()
    playbook: str = ""  # of a test step

    @property
    def line(self) -> str:
        """Its question or title, with the role or the playbook that answers it."""
        by = f"question for {self.role}" if self.ask else f"test step {self.playbook}"
        return f"{by}, {self.minutes:g} min: {self.ask or self.title}"

    @property
    def predictions(self) -> str:
        """Answer that each hypothesis predicts."""
        return "; ".join(f"{answer}: {name}" for name, answer in self.expected)

    @property
    def commands(self) -> list[str]:
        """Commands that answer it, one for each answer."""
        return [
            shell_command("cases", "answer", self.case_id, self.name, each)
            for each in self.answers
            if self.ask
        ]


def deciding_checks(case: Case) -> list[CheckView]:
    """Returns the checks that would decide an open case that no run answers."""
    if case.is_closed or case.run_id:
        return []
    found: Sequence[Mapping[str, Any]] = case.judgement.get("diagnosis", {}).get("checks", [])
    done = {each.partition(" ")[0] for each in case.done}
    return [
        CheckView(
            plain(case.case_id), plain(each["name"]), printable(each["title"], _LONG),
            float(each["minutes"]),
            tuple((plain(name), plain(answer)) for name, answer in each["expected"].items()),
            printable(each["ask"], _LONG), plain(each["role"]), tuple(map(plain, each["answers"])),
            plain(each["playbook"]),
        )
        for each in found
        if each["playbook"] not in done
    ]  # fmt: skip


def questions(case: Case) -> list[CheckView]:
    """Returns the questions of a case that wait for a person."""
    return [each for each in deciding_checks(case) if each.ask]


def waiting_roles(case: Case) -> str:
    """Returns how many questions wait for whom, empty for none."""
    roles = [each.role for each in questions(case)]
    counts = [(role, roles.count(role)) for role in dict.fromkeys(roles)]
    return ", ".join(f"{n} question{'s' if n > 1 else ''} for {role}" for role, n in counts)


def check_lines(case: Case) -> Iterator[str]:
    """Yields the checks that would decide a case, each with its commands."""
    for each in deciding_checks(case):
        yield f"{each.name}: {each.line}"
        yield f"  {each.predictions}"
        yield from (f"  {NEXT}{command}" for command in each.commands)


_WAITS = frozenset({"turn", "owner", "queue", "max"})  # codes of a candidate that waits


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One candidate of a case as it was judged last. Every text is printable."""

    name: str  # the playbook with its roles
    code: str  # what prevents it; empty for nothing
    reason: str
    equipment: tuple[str, ...]
    conditions: tuple[str, ...]  # the conditions that would decide, with their values
    states: str  # their ids and truths
    begin_by: str = ""  # time by which it must begin; empty for no deadline

    @property
    def key(self) -> str:
        """Text that changes when it must be shown again, without values."""
        return f"{self.name} {self.code} {self.states or self.reason}"

    @property
    def lines(self) -> list[str]:
        """Lines that say why it is prevented."""
        by = [f"{self.name}: must begin by {self.begin_by} UTC"] if self.begin_by else []
        return [*self._why, *(by if self.code != "deadline" else [])]

    @property
    def _why(self) -> list[str]:
        if not self.code:
            return [f"{self.name}: nothing prevents it"]
        reason = without_commands(self.reason)
        head = f"{self.name}: {reason}"
        return [f"{self.name}:", *self.conditions] if self.conditions else [head]


def candidates_of(case: Case) -> list[CandidateView]:
    """Returns the candidates of a case as they were judged last."""
    found: list[CandidateView] = []
    for each in case.judgement.get("candidates", []):
        roles = ", ".join(plain(role) for role in each["roles"].values())
        name = f"{plain(each['playbook'])} ({roles})" if roles else plain(each["playbook"])
        found.append(
            CandidateView(
                name,
                plain(each["code"]),
                printable(each["reason"], LONG),
                tuple(map(plain, each["equipment"])),
                tuple(map(_condition_line, each["conditions"])),
                " ".join(f"{plain(one['id'])} {plain(one['truth'])}" for one in each["conditions"]),
                plain(str(each.get("begin_by", "")))[:19].replace("T", " "),
            )
        )
    return found


def _condition_line(condition: Mapping[str, Any]) -> str:
    truth = TRUTH_TEXT.get(condition["truth"], plain(condition["truth"]))
    name = f"{plain(condition['id'])} ({plain(condition['side'])})"
    return f"{name} is {truth}: {printable(condition['shown'], LONG)}"


def commands_in(reason: str) -> list[str]:
    """Returns the commands that the parts of a reason end with."""
    return [
        each.removeprefix(NEXT)
        for each in reason.split("; ")
        if each.startswith(f"{NEXT}handwheel ")
    ]


def commands_of(case: Case) -> list[str]:
    """Returns the commands that show what an open case waits for."""
    if case.is_closed or case.run_id:
        return []
    found = [line for each in candidates_of(case) for line in commands_in(each.reason)]
    return list(dict.fromkeys(found))


def case_line(case: Case, run_state: str) -> str:
    """Returns a case as one line of a list, with the state of the run that answers it."""
    told = "; ".join(filter(None, [what_is_wrong(case), waits(case), waiting_roles(case)]))
    since = f"since {case.opened_at[11:19]} UTC"
    return f"{plain(case.case_id)}  {_state(case, run_state)}, {since}: {told}"


def what_is_wrong(case: Case) -> str:
    """Returns the deviation and the verdict in one line, without saying a fault twice."""
    line = verdict_of(case)
    told = "" if line.startswith(case.condition) else printable(case.condition, LONG)
    return "; ".join(filter(None, [told, line]))


def waits(case: Case) -> str:
    """Returns for which run, request or case a candidate waits, empty if none does."""
    found = [] if case.is_closed or case.run_id else candidates_of(case)
    waiting = (each for each in found if each.code in _WAITS)
    return next((line for each in waiting for line in each.lines[:1]), "")


def verdict_of(case: Case) -> str:
    """Returns what is wrong or what would decide in one line, empty without a diagnosis."""
    return printable(str(case.judgement.get("diagnosis", {}).get("line", "")), LONG)


def _state(case: Case, run_state: str = "") -> str:
    if case.is_closed:
        return "closed"
    if not case.run_id:
        if case.asked_at:
            return f"would ask since {case.asked_at[11:19]} UTC"
        if waits(case):
            return "waits"
        return "no action chosen" if any(_named(case)) else "undecided"
    return f"answered by {plain(case.run_id)}{f', {run_state}' if run_state else ''}"


def _named(case: Case) -> Iterator[str]:
    """Yields the titles of the confirmed faults of a case."""
    diagnosis = case.judgement.get("diagnosis", {})
    for each in diagnosis.get("hypotheses", ()):
        if each["id"] in diagnosis["named"]:
            yield printable(each["title"], LONG)


def case_lines(
    case: Case, rows: Sequence[JournalRow], run_state: str, alike: Sequence[str] = ()
) -> Iterator[str]:
    """Yields a case on one screen, with its deviation, candidates, events and cases like it."""
    named = " and ".join(_named(case))
    yield f"{plain(case.case_id)}  {_state(case, run_state)}{f': {named}' if named else ''}"
    yield f"  deviation  {printable(case.condition, LONG)}"
    yield f"  since      {case.opened_at[:19].replace('T', ' ')} UTC"
    if line := verdict_of(case):
        yield f"  verdict    {line}"
    if line := waits(case):
        yield f"  waits for  {line}"
    yield from (f"  playbook   {plain(each)}" for each in case.playbooks)
    if not case.is_closed and not case.run_id:
        prevented = [line for each in candidates_of(case) for line in each.lines]
        yield from _section("what prevents each playbook", prevented)
        yield from _section("what would decide", list(check_lines(case)))
    yield from _section("events", [case_row_text(row.fields) for row in rows])
    yield from _section("alike", alike)


def _section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"  {heading}"
        yield from (f"    {line}" for line in lines)


def case_row_text(fields: Mapping[str, Any]) -> str:
    """Returns a row about a case as text, with the time of day."""
    kind = str(fields["kind"])
    text = event_text(kind, fields["body"])
    return f"{str(fields['at'])[11:19]}  {event_name(kind):<10}  {text}"


def case_fields(case: Case) -> dict[str, object]:
    """Returns a case as the fields of `--json`."""
    return {
        "case_id": case.case_id, "state": _state(case), "opened_at": case.opened_at,
        "condition": case.condition, "playbooks": list(case.playbooks), "run_id": case.run_id,
        "judged_at": case.judged_at, "judgement": dict(case.judgement),
        "asked_at": case.asked_at, "asked_for": case.asked_for,
        "returned_at": case.returned_at, "returned": dict(case.returned),
        "is_closed": case.is_closed, "waits": waits(case),
    }  # fmt: skip
