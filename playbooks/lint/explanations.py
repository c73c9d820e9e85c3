"""Explanations of the rules, each with a good and a bad sample."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from textwrap import indent

from handwheel.connectors.config.yaml_documents import parse_content

_FOLDER = "handwheel.playbooks.lint"
_DEPTHS = (0, 2, 4, 6)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of one rule."""

    code: str  # such as `write-without-verify`
    means: str
    why: str
    good: str  # a part of `sample_text`, or of another file
    bad: str  # what stands there instead
    of: str = ""  # the other file; empty for a part of `sample_text`


@cache
def explanations() -> Mapping[str, Explanation]:
    """Returns the explanation of every rule by its code."""
    content = (files(_FOLDER) / "explanations.yaml").read_bytes()
    table = parse_content(content, "explanations.yaml").data
    return {code: Explanation(code, **texts) for code, texts in table.items()}


def sample_text() -> str:
    """Returns a playbook without a finding."""
    return (files(_FOLDER) / "sample.yaml").read_text(encoding="utf-8")


def sample_parts(explanation: Explanation) -> tuple[str, str]:
    """Returns the good part as it stands in `sample_text`, and the bad one, indented as it is."""
    good, bad = (each.rstrip("\n") for each in (explanation.good, explanation.bad))
    inside = [depth for depth in _DEPTHS if f"\n{indent(good, ' ' * depth)}\n" in sample_text()]
    prefix = " " * max(inside, default=0)
    return indent(good, prefix), indent(bad, prefix)
