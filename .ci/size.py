"""Compares the size of the code and the docs with the budget in `size.toml`.

`python .ci/size.py` exits with 1 where something is larger than its budget. With `--lower` it
first lowers each number that is larger than what is there. Nothing here raises one: a person
does, with a decision record that names what the new lines replace.
"""

import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

ROOT = Path(__file__).parent.parent
BUDGET = ROOT / "size.toml"
ROOMS = ("agents", "api", "connectors", "evaluation", "examples", "hmi", "playbooks", "sim_plant",
         "tools")  # fmt: skip
MODULES = 15  # in a folder of product code, beside its `__init__.py`
_RAISE = "shrink it, or raise the number with a record in docs/decisions of what it replaces"

Sizes = Mapping[str, Mapping[str, int]]


def measure(files: list[PurePath]) -> Sizes:
    """Returns lines of code by room, folders of product code, and words of docs."""
    code = [each for each in files if each.suffix == ".py"]
    lines = Counter[str]()
    for each in code:
        lines[each.parts[0]] += (ROOT / each).read_bytes().count(b"\n")
    product = {room: lines[room] for room in ROOMS}
    folders = {each.parent for each in code if each.parts[0] in ROOMS}
    pages = [each for each in files if each.suffix == ".md" and each.parts[0] != "tests"]
    words = sum(len((ROOT / each).read_text().split()) for each in pages)
    return {
        "lines": {**product, "product": sum(product.values()), "tests": lines["tests"]},
        "count": {"folders": len(folders), "words": words},
    }


def crowded(files: list[PurePath]) -> Iterator[str]:
    """Yields each folder of product code with too many modules."""
    modules = Counter(
        str(each.parent)
        for each in files
        if each.suffix == ".py" and each.parts[0] in ROOMS and each.name != "__init__.py"
    )
    for folder, count in sorted(modules.items()):
        if count > MODULES:
            yield f"{folder}: {count} modules, of at most {MODULES}; make a folder of a concept"


def overruns(found: Sizes, budget: Sizes) -> Iterator[str]:
    """Yields each size that is larger than its budget, or that has none."""
    for kind, sizes in found.items():
        for name, size in sizes.items():
            if (most := budget.get(kind, {}).get(name)) is None:
                yield f"{kind}.{name}: size.toml has no number for it"
            elif size > most:
                yield f"{kind}.{name}: {size}, of at most {most}; {_RAISE}"


def lowered(found: Sizes, budget: Sizes) -> str:
    """Returns the budget's file with each number that is no larger than what is there."""
    lines = [
        "# Read by `make check`. `make size` lowers the numbers.",
        "# To raise one, write a record in docs/decisions that names what the new lines replace.",
    ]
    for kind, sizes in found.items():
        most = budget.get(kind, {})
        lines += ["", f"[{kind}]"]
        lines += [f"{name} = {min(size, most.get(name, size))}" for name, size in sizes.items()]
    return "\n".join(lines) + "\n"


def _is_ours(path: PurePath) -> bool:
    """Whether a listed file is there and no link to another folder."""
    full = ROOT / path
    return full.is_file() and not full.is_symlink() and path.parts[0] != "typings"


def main() -> int:
    """Prints what is too large, and returns the exit code."""
    listed = subprocess.run(  # noqa: S603 (the words are ours)
        [shutil.which("git") or "git", "ls-files", "*.py", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = [each for each in map(PurePath, listed.stdout.splitlines()) if _is_ours(each)]
    found, budget = measure(files), tomllib.loads(BUDGET.read_text())
    if "--lower" in sys.argv:
        BUDGET.write_text(lowered(found, budget))
        budget = tomllib.loads(BUDGET.read_text())
    faults = [*overruns(found, budget), *crowded(files)]
    for each in faults:
        print(each)
    if not faults:
        lines, words = found["lines"], found["count"]["words"]
        code = f"product {lines['product']} lines, tests {lines['tests']} lines"
        print(f"size: {code}, docs {words} words")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
