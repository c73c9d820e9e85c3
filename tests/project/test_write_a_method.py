"""The method of the how-to computes: taken from the page, installed and listed."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.values import GOOD, DataValue

from .pages.doc_shell import DocShell, blocks
from .pages.doc_tables import DOCS, text_of

PAGE = DOCS / "how-to/write-a-method.md"
INSTALL = "pip install -e ."


def test_the_method_of_the_page_computes_a_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {block.title: "\n".join(block.lines) for block in blocks(text_of(PAGE)) if block.title}
    (tmp_path / "approach.py").write_text(files["approach.py"] + "\n", encoding="utf-8")
    project: Mapping[str, Mapping[str, Mapping[str, str]]]
    project = tomllib.loads(files["pyproject.toml"])["project"]
    ((name, target),) = project["entry-points"]["handwheel.computed_methods"].items()
    note = tmp_path / "approach-1.dist-info"
    note.mkdir()
    (note / "METADATA").write_text("Metadata-Version: 2.1\nName: approach\nVersion: 1\n")
    (note / "entry_points.txt").write_text(f"[handwheel.computed_methods]\n{name} = {target}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "approach", raising=False)
    shell = DocShell(tmp_path, [INSTALL])
    shell.follow(text_of(PAGE))
    assert shell.count == 1
    site = load_site(tmp_path)
    read = {"TT-1.pv": DataValue(23.5, GOOD, None, None, 1.0)}
    assert ComputedTags(site, site.tags.values()).complete(read)["CT-1.approach"].value == 5.5
