"""Each way in that the documentation names is tried by a test, and no test tries another."""

import re

import pytest

from .pages.doc_tables import DOCS

_ITEM = re.compile(r"^- ((?:[A-Z]\d+(?:, )?)+): ", re.MULTILINE)


def test_each_way_in_has_its_tests(request: pytest.FixtureRequest) -> None:
    if request.config.args != request.config.getini("testpaths"):
        pytest.skip("it takes all tests to tell; this run has collected some")
    page = (DOCS / "explanation/ways-in.md").read_text(encoding="utf-8")
    items = _ITEM.findall(page.partition("\n## ")[2])  # what holds after each stands above
    told = [each for item in items for each in item.split(", ")]
    tried = {mark.args[0] for item in request.session.items for mark in item.iter_markers("way_in")}
    assert len(set(told)) == len(told)
    assert set(told) - tried == set(), "no test tries it"
    assert tried - set(told) == set(), "the page does not tell of it"
