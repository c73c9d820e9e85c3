import sys
from pathlib import Path

import pytest

from handwheel.errors import InvalidArguments
from handwheel.program_name import program_name
from handwheel.run_link import RunLink
from handwheel.tools.requests.proposer import guest_proposer


@pytest.mark.parametrize(
    ("script", "name"),
    [("margin.py", "margin"), ("druck-prüfung.py", "druck-pr_fung"), ("", "python"),
     ('a "b".py', "a__b_"), (f"{'x' * 90}.py", "x" * 64)],
)  # fmt: skip
def test_program_without_a_name_has_that_of_its_script(
    script: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [script])
    assert program_name() == name
    assert guest_proposer(name, "root").name == name


async def test_name_that_no_card_shows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArguments, match="visible ASCII"):
        await RunLink.open(tmp_path, "Ж", None)
