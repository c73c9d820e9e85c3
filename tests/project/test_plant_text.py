"""Only what a model reads and what a screen shows opens text of the plant."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("agents", "api", "connectors", "evaluation", "hmi", "playbooks", "sim_plant", "tools")
OPENED_BY = {
    ".as_data(": (
        "tools/toolset/results.py", "agents/planning/", "agents/questions/",
        "evaluation/benchmark/holding/hostile_verbs.py",
    ),
    ".for_screen(": (
        "hmi/", "tools/conditions/condition.py", "tools/guardrails/client/request_lines.py",
        "tools/requests/proposer.py",
    ),
}  # fmt: skip


def test_text_of_the_plant_is_opened_only_where_it_may() -> None:
    for way, allowed in OPENED_BY.items():
        found = [
            str(path.relative_to(ROOT))
            for package in PACKAGES
            for path in (ROOT / package).rglob("*.py")
            if re.search(re.escape(way), path.read_text())
        ]
        wrong = [each for each in found if not each.startswith(allowed)]
        assert not wrong, f"{way} opens text of the plant in {wrong}"
