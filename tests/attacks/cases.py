"""Marks those cases of a table that try a way in."""

from collections.abc import Mapping
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet


def tried(cases: Mapping[str, tuple[Any, ...]], ways: Mapping[str, str]) -> list[ParameterSet]:
    """Returns the cases by their names.

    Args:
        ways: The ids of the ways in that a case tries, with a blank between them.
    """
    assert ways.keys() <= cases.keys()
    return [
        pytest.param(*case, id=name, marks=[*map(pytest.mark.way_in, ways.get(name, "").split())])
        for name, case in cases.items()
    ]
