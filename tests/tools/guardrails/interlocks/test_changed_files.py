"""Which process still has an old file of the site, and how it is started again."""

from pathlib import Path

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.interlocks.blocking import FileReader, check_files

from ....sites.in_memory import make_site

OLD: list[tuple[FileReader, str]] = [
    ("terminal", ", and this terminal still has the old one: start its command again"),
    ("agents", ", and the agents still have the old one: stop them; next: handwheel run"),
    ("request of a person", " since the request was made: ask again"),
    ("request of agents", " since the agents read it for this request: if they still run with the "
     "old one, stop them; next: handwheel run"),
]  # fmt: skip
OLD_GATE = (
    "policy.yaml was changed, and the gate still has the old one: stop it; next: handwheel gate"
)


@pytest.mark.parametrize(("reader", "words"), OLD)
def test_a_changed_file_names_who_has_the_old_one(
    tmp_path: Path, reader: FileReader, words: str
) -> None:
    site = make_site(tmp_path)
    now, old = site.hashes, {**site.hashes, "policy": "0" * 64}
    check_files(site, now, now, reader)
    of_reader = f"policy.yaml was changed{words}"
    for wanted, held, reason in (
        (old, now, of_reader), (now, old, OLD_GATE), (old, old, f"{of_reader}; {OLD_GATE}"),
    ):  # fmt: skip
        with pytest.raises(PermitRefused) as refused:
            check_files(site, wanted, held, reader)
        assert str(refused.value) == reason
    both = {**old, "site": "0" * 64}
    with pytest.raises(PermitRefused, match=r"^site.yaml, policy.yaml: each was changed"):
        check_files(site, both, now, reader)
