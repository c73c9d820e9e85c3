"""Whether each test of a way in has a twin: a case that ends with a frame at its plant.

Seen are the plants that tests have as a fixture; a test that makes a plant of its own looks itself.
"""

from collections.abc import Sized
from typing import TypeGuard

import pytest

_frames: dict[str, int] = {}
"""Of each case that has run: how many frames its plant had at the end; -1 if none was seen."""


def note(item: pytest.Item) -> None:
    """Notes what a case has come to, while its fixtures are still there."""
    if _tries(item):
        _frames[item.nodeid] = max(map(_frames_at, item.funcargs.values()), default=-1)


def lacking(item: pytest.Item, nextitem: pytest.Item | None) -> list[str]:
    """Returns at the end of a file which of its tests of a way in moved nothing in any case."""
    if not _is_whole(item.config) or (nextitem is not None and nextitem.path == item.path):
        return []
    cases: dict[str, list[str]] = {}
    for each in item.session.items:
        if each.path == item.path and _tries(each):
            cases.setdefault(each.originalname, []).append(each.nodeid)
    return [
        name
        for name, found in cases.items()
        # A case that another process runs, or none at all, may be the twin.
        if all(each in _frames for each in found) and max(_frames[each] for each in found) == 0
    ]


def _tries(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and any(item.iter_markers("way_in"))


def _is_whole(config: pytest.Config) -> bool:
    """Whether no case was left out that may be the twin."""
    is_all = config.args == config.getini("testpaths")
    is_of_ways = config.option.markexpr in {"not soak", "way_in"}
    return is_all and is_of_ways and not config.option.keyword


def _frames_at(fixture: object) -> int:
    for place in (fixture, getattr(fixture, "plant", None)):
        frames = getattr(place, "frames", None)
        if isinstance(frames, Sized):
            return len(frames)
    return -1
