"""Checks that would decide a case, with the commands by which people answer them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.agents.deviations.case import Case
from handwheel.connectors.hints import NEXT, shell_command
from handwheel.tools.safe_text import plain, printable

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
