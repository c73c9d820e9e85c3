"""A small playbook without a fault, and variants of it."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from textwrap import indent

from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.errors import Finding, PlaybookError
from handwheel.playbooks.language.loader import Playbook, load_playbook
from handwheel.playbooks.lint.explanations import Explanation
from handwheel.playbooks.lint.lint import lint

GOOD = (files("handwheel.playbooks.lint") / "sample.yaml").read_text(encoding="utf-8")


def sample_parts(explanation: Explanation) -> tuple[str, str]:
    """The good part as it stands in the good text, and the bad one, indented as it is."""
    good, bad = (each.rstrip("\n") for each in (explanation.good, explanation.bad))
    inside = [depth for depth in (0, 2, 4, 6) if f"\n{indent(good, ' ' * depth)}\n" in GOOD]
    prefix = " " * max(inside, default=0)
    return indent(good, prefix), indent(bad, prefix)


def changed(*pairs: tuple[str, str], text: str = GOOD) -> str:
    """The text with each old part, which stands there once, replaced."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def written(folder: Path, text: str, name: str = "p.yaml") -> Path:
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "t.yaml").write_text("schema: playbook-test/1\n", encoding="utf-8")
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, name: str = "p.yaml") -> Playbook:
    return load_playbook(written(folder, text, name), name)


def findings_of(
    folder: Path, text: str, site: Site, others: Sequence[Playbook] = ()
) -> list[Finding]:
    try:
        playbook = loaded(folder, text)
    except PlaybookError as error:
        return list(error.findings)
    return lint(playbook, site, others)
