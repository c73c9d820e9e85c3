"""Puts one mutant in place before any test runs: `pytest -p tests.mutants.plugin --mutant M1`.

Only these tests know of it; the product reads no option and no variable for it.
"""

import pytest

from .catalogue import find


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--mutant", default="", metavar="ID", help="see python -m tests.mutants --table"
    )


def pytest_configure(config: pytest.Config) -> None:
    name = str(config.getoption("--mutant"))
    if name:
        patch = pytest.MonkeyPatch()
        config.add_cleanup(patch.undo)
        find(name).apply(patch)
