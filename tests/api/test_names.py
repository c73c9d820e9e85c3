import inspect
import json
import re
import subprocess
import sys

import handwheel

NAMES = {
    "Course", "Effect", "Estimate", "Evidence", "HandwheelError", "Move", "OpenCase", "Outcome",
    "Plan", "Planner", "PlanningCase", "RankedHypothesis", "Reading", "Request", "RetrySafety",
    "Site", "Toolset", "Twin", "Unit", "Window", "Windows", "diagnoser", "tool",
}  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+")
DECIDING = ("approve", "sign", "reject", "decide", "write", "set")
LOADED = (
    "import json, sys, handwheel; {}; "
    "print(json.dumps([each for each in sys.modules if each.startswith('handwheel')]))"
)


def test_public_names_are_pinned_and_none_decides() -> None:
    assert set(handwheel.__all__) == NAMES
    assert len(NAMES) <= 25
    assert all(getattr(handwheel, each) is not None for each in NAMES)
    named = {*NAMES}
    for each in (handwheel.Site, handwheel.Request, handwheel.Outcome, handwheel.Toolset):
        own = {name: one for name, one in vars(each).items() if not name.startswith("_")}
        called = (one for one in own.values() if inspect.isfunction(one))
        named |= {*own, *(name for one in called for name in inspect.signature(one).parameters)}
    words = {word.lower() for each in named for word in _WORD.findall(each)}
    assert words.isdisjoint(DECIDING)


def _loaded_by(code: str) -> set[str]:
    command = (sys.executable, "-c", LOADED.format(code))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_import_loads_nothing() -> None:
    assert _loaded_by("pass") == {"handwheel"}


def test_public_names_load_no_gate_no_write_and_no_key_file() -> None:
    loaded = _loaded_by("from handwheel import *; import handwheel.errors")
    apart = ("tools.guardrails.gate", "connectors.actuation", "identity.key_files", "hmi")
    assert [each for each in loaded for one in apart if f".{one}" in each] == []
    assert "handwheel.site" in loaded
