from typing import Any

import pytest

from handwheel import diagnoser, tool
from handwheel.errors import ConfigError

AT = rf"^{__file__}:\d+:1: "


@pytest.mark.parametrize("decorator", [tool, diagnoser])
def test_bare_decorator_names_its_place(decorator: Any) -> None:
    with pytest.raises(ConfigError, match=rf"{AT}{decorator.__name__}: write @"):
        decorator(int)


@pytest.mark.parametrize("decorator", [tool, diagnoser])
def test_argument_that_is_missing_names_its_place(decorator: Any) -> None:
    with pytest.raises(ConfigError, match=f"{AT}{decorator.__name__}: missing a required"):
        decorator()
