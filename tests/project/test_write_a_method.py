"""The method of the how-to computes: taken from the page, installed and listed."""

from pathlib import Path

import pytest

from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.values import GOOD, DataValue

from .pages.doc_shell import DocShell
from .pages.doc_tables import DOCS, text_of
from .pages.installed_page import install

PAGE = DOCS / "how-to/write-a-method.md"
INSTALL = "pip install -e ."


def test_the_method_of_the_page_computes_a_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(PAGE, "approach", tmp_path, monkeypatch)
    shell = DocShell(tmp_path, [INSTALL])
    shell.follow(text_of(PAGE))
    assert shell.count == 1
    site = load_site(tmp_path)
    read = {"TT-1.pv": DataValue(23.5, GOOD, None, None, 1.0)}
    assert ComputedTags(site, site.tags.values()).complete(read)["CT-1.approach"].value == 5.5
