"""Costs of a condition against the same comparison in Python, and of lint."""

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.language.libraries import library_folder
from handwheel.playbooks.language.loader import load_folder
from handwheel.playbooks.lint.lint import lint_all
from handwheel.tools.conditions import Truth, parse_condition

from .measure import interleaved

_CALLS = 20_000  # behind one figure
_PLAYBOOKS = 1000
_TEXT = "VT.pv > 4.5 mm/s and FT.pv < 120 m3/h and P.running"
_TAGS: Mapping[str, tuple[Kind, str, Value]] = {
    "VT.pv": ("float", "mm/s", 5.0), "FT.pv": ("float", "m3/h", 100.0),
    "P.running": ("bool", "", True),
}  # fmt: skip


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the ratio of one evaluation, and the time of lint for one playbook.

    The playbooks are those of the library with other ids and limits, since a folder of them may
    share neither.
    """
    with TemporaryDirectory() as folder:
        count = _PLAYBOOKS if repeats > 1 else _PLAYBOOKS // 50
        return [_evaluation(repeats), *_lint(Path(folder), count)]


def _evaluation(repeats: int) -> tuple[str, str]:
    tags = {n: Tag(n, "", kind, NodeAddress(n), unit) for n, (kind, unit, _) in _TAGS.items()}
    readings = {n: DataValue(value, GOOD, None, None, 0.0) for n, (_, _, value) in _TAGS.items()}
    condition = parse_condition(_TEXT, tags)

    def compare(vibration: float, flow: float, running: bool) -> bool:
        return vibration > 4.5 and flow < 120.0 and running

    def plain() -> None:
        for _ in range(_CALLS):
            compare(5.0, 100.0, True)

    def evaluate() -> None:
        for _ in range(_CALLS):
            condition.evaluate(readings)

    assert condition.evaluate(readings) is Truth.TRUE
    times = interleaved({"plain": plain, "evaluate": evaluate}, repeats)
    ratio, each_s = times["evaluate"] / times["plain"], times["evaluate"] / _CALLS
    return (
        "playbooks: a condition of three comparisons",
        f"{ratio:.0f} Python calls that compare, {each_s * 1e6:.1f} us",
    )


def _lint(folder: Path, count: int) -> list[tuple[str, str]]:
    write_site(folder / "site", create_plant("cw-100"), PlantEndpoints())
    site = load_site(folder / "site")
    (folder / "playbooks").mkdir()
    shipped = [path.read_text("utf-8") for path in sorted(library_folder().glob("cw/*.yaml"))]
    for n in range(count):
        text = re.sub(r"(?m)^(id: .*)$", rf"\1-{n}", shipped[n % len(shipped)])
        text = re.sub(r"(?<![\d.])(\d+) kPa", rf"\1.{n:03}1 kPa", text)
        (folder / "playbooks" / f"{n:04}.yaml").write_text(text, encoding="utf-8")
    start = process_time()
    playbooks, broken = load_folder(folder / "playbooks", "playbooks")
    loaded = process_time()
    findings = lint_all(playbooks, site)
    done = process_time()
    assert not broken
    assert not any(each.is_error for each in findings)
    load_s, lint_s = loaded - start, done - loaded
    ratio = f"{lint_s / load_s:.2f} of reading their YAML"
    return [(f"playbooks: lint of {count}", f"{ratio}, {lint_s:.1f} s and {load_s:.1f} s of CPU")]
