"""Explanations of the rules, each with a good and a bad sample."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from handwheel.connectors.config.yaml_documents import parse_content

_FOLDER = "handwheel.playbooks.lint"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of one rule."""

    code: str  # such as `write-without-verify`
    means: str
    why: str
    good: str  # a part of sample.yaml, or of another file
    bad: str  # what stands there instead
    of: str = ""  # the other file; empty for a part of sample.yaml


@cache
def explanations() -> Mapping[str, Explanation]:
    """Returns the explanation of every rule by its code."""
    content = (files(_FOLDER) / "explanations.yaml").read_bytes()
    table = parse_content(content, "explanations.yaml").data
    return {code: Explanation(code, **texts) for code, texts in table.items()}
