"""Docstrings of the product are plain: one short first sentence, subject and verb first."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "agents",
    "api",
    "benchmarks",
    "connectors",
    "evaluation",
    "examples",
    "hmi",
    "playbooks",
    "sim_plant",
    "tools",
)
LONGEST = 90

_QUESTION = re.compile(r"(What|Who|Whoever|Whom|Whose|Which)\b")
_NO_SUBJECT = re.compile(r"(Nobody|Somebody|Everybody|People)\b")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s")
_CODE = re.compile(r"`[^`]*`")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _documented(path: Path) -> Iterator[tuple[int, Documented, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                yield getattr(node, "lineno", 1), node, text


def _is_boolean(node: Documented) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.returns is None:
        return False
    return ast.unparse(node.returns) == "bool"


def faults(node: Documented, text: str) -> list[str]:
    """Returns each part of the rule that the first sentence breaks."""
    first = _END_OF_SENTENCE.split(" ".join(text.partition("\n\n")[0].split()))[0]
    told = _CODE.sub("", first)  # punctuation of code is none of the sentence
    broken = {
        "begins with a question word": _QUESTION.match(first),
        "has no component or person as its subject": _NO_SUBJECT.match(first),
        "begins with Whether and answers no boolean": (
            first.startswith("Whether") and not _is_boolean(node)
        ),
        "has a colon or semicolon": ":" in told or ";" in told,
        f"is longer than {LONGEST} characters": len(first) > LONGEST,
        "does not end with a full stop": not first.endswith((".", "?")),
    }
    return [fault for fault, is_broken in broken.items() if is_broken]


def test_the_first_sentence_of_each_docstring_is_plain() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {fault}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, node, text in _documented(path)
        for fault in faults(node, text)
    ]
    assert not found, "\n".join(found)


def test_a_docstring_that_breaks_each_part_of_the_rule_is_reported() -> None:
    node = ast.parse("def f() -> int: ...").body[0]
    assert isinstance(node, ast.FunctionDef)
    for text in (
        "What it is.", "Nobody reads it.", "Whether it runs.", "One thing: another.",
        "One thing; another.", f"Returns {'very ' * 20}long text.", "Returns a value",
    ):  # fmt: skip
        assert len(faults(node, text)) == 1, text
    assert faults(node, "Returns `a: b` of it. Why: because.") == []
