"""Findings and errors of playbooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.errors import ConfigError, Problem

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding about a playbook."""

    file: str  # display name of the file
    line: int  # from 1; 0 for the file as a whole
    column: int  # from 1
    code: str  # stable name of the rule, such as `write-without-verify`
    severity: Severity
    playbook: str  # ID of the playbook; empty if it could not be read
    step: str  # ID of the step; empty outside a step
    text: str  # description of the error
    hint: str = ""  # correction; empty if obvious

    @property
    def is_error(self) -> bool:
        """Whether the playbook must not run."""
        return self.severity == "error"

    @property
    def place(self) -> tuple[str, int, int]:
        """File, line and column."""
        return self.file, self.line, self.column

    @property
    def problem(self) -> Problem:
        """The finding in the form of the site's other files."""
        where = f"{self.playbook}, step {self.step}" if self.step else self.playbook
        reason = f"{self.text}; {self.hint}" if self.hint else self.text
        return Problem(self.file, self.line, self.column, where, reason)


class PlaybookError(ConfigError):
    """A playbook cannot be used. Holds every finding with its place."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__([finding.problem for finding in findings])
        self.findings = tuple(sorted(findings))
