"""Claims of a connector in `quality.toml`, one for each rule."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..config.validation import Model

Capability = Literal["browses", "describes", "subscribes", "encodes"]

FEATURES: Mapping[str, str] = {
    "security-policies": "The channel is signed and encrypted; both sides prove their identity.",
    "tls": "The transport is TLS, with certificates of both sides.",
    "serial-line": "Devices on a serial line are read without a gateway.",
    "alarms-and-conditions": "Alarms of the device are read with their ISA-18.2 states.",
    "history": "Values that the device has recorded are read.",
    "methods": "Methods of the device can be named in a request.",
}
"""Rules without a check in the kit. If they are `done`, they name their own tests."""

BASE_RULES = frozenset(
    {
        "ages-begin-with-arrival",
        "cancelled-open-leaves-nothing",
        "cancelled-read-is-clean",
        "capabilities-are-claimed",
        "changed-value-is-read",
        "close-is-final",
        "close-is-quick",
        "comes-back-by-itself",
        "concurrent-reads-keep-apart",
        "connector-names-itself",
        "cut-turns-every-tag-bad",
        "healthy-session-has-no-faults",
        "loop-stays-free",
        "lost-session-is-not-connected",
        "nothing-is-left",
        "one-value-per-tag",
        "refused-call-is-not-connected",
        "sessions-are-fresh",
        "silent-call-is-not-connected",
        "silent-probe-is-not-connected",
        "silent-read-is-not-connected",
        "times-are-utc",
        "unknown-item-is-isolated",
        "values-are-typed",
    }
)
"""Rules that apply to every protocol. A connector has all of them `done`."""


class Claim(Model):
    """Claim about one rule.

    Attributes:
        status: `done`, `todo`, or `exempt` where the protocol has no such thing.
        comment: Reason why it is not done.
        tests: Ids of tests that prove it beside the kit's check.
    """

    status: Literal["done", "exempt", "todo"]
    comment: str = ""
    tests: Annotated[tuple[str, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _check(self) -> "Claim":
        if (self.status == "done") == bool(self.comment):
            raise ValueError("comment: says why a rule is exempt or todo; done needs none")
        if self.tests and self.status != "done":
            raise ValueError("tests: prove what is done")
        return self


class QualityFile(Model):
    """The file `quality.toml`.

    Attributes:
        suite: Id of the test class that runs the kit. The check of a rule `a-b` is its method
            `test_a_b`.
        capabilities: Capabilities of its sessions beyond reading.
        rules: One claim for each rule of the kit, and for each of `FEATURES`. Those of
            `BASE_RULES` are `done`.
    """

    schema_: Literal["quality/1"] = Field(alias="schema")
    suite: str
    capabilities: Annotated[frozenset[Capability], Field(strict=False)]
    rules: Mapping[str, Claim]

    @model_validator(mode="after")
    def _check(self) -> "QualityFile":
        for rule in sorted(BASE_RULES & self.rules.keys()):
            if self.rules[rule].status != "done":
                raise ValueError(f"rules: {rule} is a base rule, which is done and nothing else")
        return self


def load_quality(path: Path) -> QualityFile:
    """Reads `quality.toml`. Raises `OSError`, or `ValueError` with the place of a fault."""
    return QualityFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def proofs_of(quality: QualityFile, rule: str) -> tuple[str, ...]:
    """Returns the ids of the tests that prove a rule, none if it is not done."""
    claim = quality.rules[rule]
    if claim.status != "done":
        return ()
    own = () if rule in FEATURES else (f"{quality.suite}::test_{rule.replace('-', '_')}",)
    return own + claim.tests
