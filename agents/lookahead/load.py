"""Twin of a site, by the entry point or the unit that its file names."""

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import SITE_FILE, Site

from .fmi.load import load_unit
from .twin import GROUP, Twin

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
    return sorted(entry_points(group=GROUP).names)


def load_twin(site: Site) -> tuple[SiteTwin | None, list[Problem]]:
    """Returns the twin that a site names, `None` without one or if it cannot be used.

    A problem has the place of the site's key. It costs nothing but the twin.
    """
    spec = site.twin
    if spec is None:
        return None, []
    try:
        if spec.fmu:
            unit = load_unit(site.root / spec.fmu, site.root / spec.map)
            own = SiteTwin(unit.path.stem, unit, spec.trust, spec.horizon)
        else:
            own = SiteTwin(spec.model, _create(spec.model), spec.trust, spec.horizon)
        _check_tags(own, site)
    except ConfigError as error:
        return None, [*error.problems]
    except _Unusable as error:
        key = "fmu" if spec.fmu else "model"
        problem = read_document(site.root / SITE_FILE).problem(("twin", key), str(error))
        return None, [problem]
    return own, []


class _Unusable(Exception):
    """A twin that cannot be used. The text is the reason."""


def _create(name: str) -> Twin:
    found = entry_points(group=GROUP, name=name)
    if not found:
        known = ", ".join(twin_names()) or "none is installed"
        raise _Unusable(f"there is no twin called {name!r}; known: {known}")
    (entry, *_) = found
    try:
        twin: Any = entry.load()()
        is_twin = all(callable(getattr(twin, each, None)) for each in _METHODS)
        if is_twin and all(isinstance(each, str) for each in twin.tags):
            own: Twin = twin
            return own
    except (Exception, SystemExit) as error:  # code of others
        first = str(error).partition("\n")[0]
        reason = f"{entry.value}: {type(error).__name__}: {first}"
        raise _Unusable(f"the twin {name} cannot be loaded: {reason}") from error
    raise _Unusable(f"the twin {name} is none: {entry.value} returns a {type(twin).__name__}")


def _check_tags(own: SiteTwin, site: Site) -> None:
    """Raises `_Unusable` if the site lacks tags from which the twin finds its state."""
    missing = [each for each in own.twin.tags if each not in site.tags]
    if missing:
        rest = len(missing) - _MOST_TAGS
        named = ", ".join(missing[:_MOST_TAGS]) + (f" and {rest} more" if rest > 0 else "")
        raise _Unusable(f"the twin {own.name} needs tags that the site lacks: {named}")
