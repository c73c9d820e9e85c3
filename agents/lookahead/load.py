"""Twin of a site, by the entry point or the unit that its file names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from handwheel.connectors.config.plug_ins import (
    MissingPlugIn,
    PlugIns,
    UnusablePlugIn,
    WrongPlugIn,
)
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import SITE_FILE, Site

from ..diagnosis.windows import Windows
from .fmi.load import load_unit
from .twin import GROUP, Course, Estimate, Move, Twin, TwinError

_TWINS = PlugIns(GROUP, "twin")
_METHODS = ("estimate", "predict")
_MOST_TAGS = 3  # that a message names


@dataclass(frozen=True, slots=True)
class SiteTwin:
    """Twin of a site, with what the site says of it."""

    name: str  # of its entry point, or of its unit's file
    twin: Twin
    trust: float  # largest residual with which it is trusted, a share of the range
    horizon_s: float


def twin_names() -> list[str]:
    """Returns the names of the installed twins."""
    return _TWINS.names()


def load_twin(
    site: Site, tags_of: Callable[[str], Sequence[str]] | None = None
) -> tuple[SiteTwin | None, list[Problem]]:
    """Returns the twin that a site names, `None` without one or if it cannot be used.

    A problem has the place of the site's key. It costs nothing but the twin.

    Args:
        tags_of: Asks the process in which alone the code of the twin is loaded for `twin_tags`; by
            default it is loaded in this one.
    """
    spec = site.twin
    if spec is None:
        return None, []
    try:
        if spec.fmu:
            unit = load_unit(site.root / spec.fmu, site.root / spec.map)
            own = SiteTwin(unit.path.stem, unit, spec.trust, spec.horizon)
        else:
            name = spec.model
            twin = NamedTwin(name, tuple(tags_of(name))) if tags_of else _create(name)
            own = SiteTwin(name, twin, spec.trust, spec.horizon)
        _check_tags(own, site)
    except ConfigError as error:
        return None, [*error.problems]
    except TwinError as error:
        key = "fmu" if spec.fmu else "model"
        problem = read_document(site.root / SITE_FILE).problem(("twin", key), str(error))
        return None, [problem]
    return own, []


def twin_tags(name: str) -> tuple[str, ...]:
    """Returns the tags that an installed twin needs. Raises `TwinError` if it cannot be used."""
    return tuple(_loaded(name).tags)


@dataclass(frozen=True, slots=True)
class NamedTwin:
    """Twin by its name, whose code is loaded in the process that asks it."""

    name: str
    tags: tuple[str, ...]

    def estimate(self, windows: Windows) -> Estimate | None:
        """Returns the state of the plant now. See `Twin`."""
        return _loaded(self.name).estimate(windows)

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        """Returns the course from a state on. See `Twin`."""
        return _loaded(self.name).predict(state, moves, horizon_s)


def _create(name: str) -> Twin:
    try:
        return _TWINS.load(name, _created)
    except UnusablePlugIn as error:
        reason = str(error) if isinstance(error, MissingPlugIn) else f"the twin {name}: {error}"
        raise TwinError(reason) from error


def _created(create: Callable[[], Twin]) -> Twin:
    twin = create()
    has_methods = all(callable(getattr(twin, each, None)) for each in _METHODS)
    if not has_methods or not all(isinstance(each, str) for each in cast("Any", twin).tags):
        raise WrongPlugIn(f"returns a {type(twin).__name__}, not a Twin")
    return twin


_loaded = cache(_create)


def _check_tags(own: SiteTwin, site: Site) -> None:
    """Raises `TwinError` if the site lacks tags from which the twin finds its state."""
    missing = [each for each in own.twin.tags if each not in site.tags]
    if missing:
        rest = len(missing) - _MOST_TAGS
        named = ", ".join(missing[:_MOST_TAGS]) + (f" and {rest} more" if rest > 0 else "")
        raise TwinError(f"the twin {own.name} needs tags that the site lacks: {named}")
