"""The command `handwheel bench triage`."""

import json
from pathlib import Path

from ..command_in_process import Said


def test_the_command_writes_each_choice(tmp_path: Path, said: Said) -> None:
    file = tmp_path / "triage.json"
    code, out, _ = said("bench", "triage", "--json", str(file))
    assert (code, out.splitlines()[3].split()[:3]) == (0, ["rules", "40", "9"])
    found = json.loads(file.read_text())
    assert [each["chooser"] for each in found["rows"]] == ["random", "words", "rules"]
    assert len(found["rows"][2]["choices"]) == 40
