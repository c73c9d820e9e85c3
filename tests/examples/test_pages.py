"""Pages on the example package show its own files, and do what they say once it is installed."""

from pathlib import Path

import pytest

from ..project.pages.doc_shell import DocShell
from ..project.pages.doc_tables import text_of
from ..project.pages.example_pages import EXAMPLE_PAGES, PACKAGE, shown_files

INSTALL = "pip install --no-deps --no-build-isolation examples/handwheel-example"  # is done
MODULES = "handwheel_example/"


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("page", EXAMPLE_PAGES, ids=lambda page: page.stem)
def test_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    DocShell(tmp_path, [INSTALL]).follow(text_of(page))


def test_page_shows_files_of_the_package_as_they_are() -> None:
    for block in (each for page in EXAMPLE_PAGES for each in shown_files(page)):
        shown, file = "\n".join([*block.lines, ""]), text_of(PACKAGE / block.title)
        is_whole = block.title.startswith(MODULES)
        assert shown == file if is_whole else shown in file, block.title


def test_every_module_of_the_package_has_a_page() -> None:
    shown = {block.title for page in EXAMPLE_PAGES for block in shown_files(page)}
    linked = "\n".join(map(text_of, EXAMPLE_PAGES))
    modules = [f"{MODULES}{each.name}" for each in (PACKAGE / MODULES).glob("[!_]*.py")]
    missing = {each for each in modules if f"/{PACKAGE.name}/{each})" not in linked} - shown
    assert not missing
