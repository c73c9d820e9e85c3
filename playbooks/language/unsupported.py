"""Keys of the language that this version refuses as not supported."""

from collections.abc import Iterator
from typing import Any, cast

from handwheel.connectors.config.yaml_documents import Path_

_ANY = "*"
_LATER = "is not supported yet"
_NO_APPROVAL = "a safe state requests no approval: it is approved with the run"

_Row = tuple[tuple[str, ...], str, str]

# Path, key, and message.
_KEYS: tuple[_Row, ...] = (
    (("steps", _ANY), "run", _LATER),
    (("safe_state", "steps", _ANY), "approval", _NO_APPROVAL),
    (("safe_state", "steps", _ANY), "hold_point", _NO_APPROVAL),
)
_NAMES = {key for _, key, _ in _KEYS}


def unsupported(data: Any) -> Iterator[tuple[Path_, str, str]]:
    """Yields the path of each such key, the rule's code and a message."""
    for path, _ in _walk(data, ()):
        if path[-1] not in _NAMES:
            continue
        pattern = tuple(_ANY if isinstance(part, int) else part for part in path)
        for where, key, why in _KEYS:
            if _fits(pattern, (*where, key)):
                code = "not-supported" if why == _LATER else "safe-state-asks"
                yield path, code, f"{key!r} {why}" if why == _LATER else why


def without(data: Any, paths: set[Path_], at: Path_ = ()) -> Any:
    """Returns a copy of the data without the keys at the paths."""
    if isinstance(data, dict):
        table = cast(dict[str, Any], data)
        kept = {key: value for key, value in table.items() if (*at, key) not in paths}
        return {key: without(value, paths, (*at, key)) for key, value in kept.items()}
    if isinstance(data, list):
        return [without(item, paths, (*at, n)) for n, item in enumerate(cast(list[object], data))]
    return data


def _fits(pattern: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    same = len(pattern) == len(wanted)
    return same and all(want in {_ANY, part} for part, want in zip(pattern, wanted, strict=True))


def _walk(data: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    if path:
        yield path, data
    if isinstance(data, dict):
        for key, value in cast(dict[str, Any], data).items():
            yield from _walk(value, (*path, key))
    elif isinstance(data, list):
        for n, item in enumerate(cast(list[object], data)):
            yield from _walk(item, (*path, n))
