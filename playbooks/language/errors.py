"""What is wrong with a playbook: where, in which step, and by which rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.errors import ConfigError, Problem

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong with a playbook.

    Attributes:
        file: As people know it.
        line: From 1; 0 if the file as a whole is meant.
        column: From 1.
        code: The rule, such as `write-without-verify`; it never changes its meaning.
        playbook: Its id, as far as it could be read.
        step: Its id; empty outside a step.
        text: What is wrong.
        hint: What to do about it; empty where that is plain.
    """

    file: str
    line: int
    column: int
    code: str
    severity: Severity
    playbook: str
    step: str
    text: str
    hint: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the playbook must not run."""
        return self.severity == "error"

    @property
    def problem(self) -> Problem:
        """The same as the other files of a site report it."""
        where = f"{self.playbook}, step {self.step}" if self.step else self.playbook
        reason = f"{self.text}; {self.hint}" if self.hint else self.text
        return Problem(self.file, self.line, self.column, where, reason)


class PlaybookError(ConfigError):
    """A playbook cannot be used; carries everything that was found, with its place."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__([finding.problem for finding in findings])
        self.findings = tuple(sorted(findings))
