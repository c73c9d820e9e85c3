"""Arguments of a guest's question, each checked before anything is done."""

from collections.abc import Sequence
from math import isfinite

from aiohttp import web

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.safe_text import printable


def known_tags(site: Site, names: Sequence[str]) -> list[Tag]:
    """Returns tags by their names, in order. Raises `InvalidArguments` with all that are missing.

    A name that is like one of the site is answered with that.
    """
    try:
        return site.find_tags(names)
    except ConfigError as error:
        unknown = "; ".join(each.reason for each in error.problems)
        raise InvalidArguments(printable(unknown)) from None


def number_in(
    request: web.Request, name: str, default: float | None, low: float, high: float
) -> float:
    """Returns the number of an argument.

    Args:
        default: Counts where it is not given; `None` if it must be.
        low: Least value.
        high: Highest value.

    Raises:
        InvalidArguments: It is no number, or beyond them.
    """
    text = request.query.get(name)
    if text is None and default is not None:
        return default
    try:
        found = float(text or "")
    except ValueError:
        found = float("nan")
    if not isfinite(found) or not low <= found <= high:
        raise InvalidArguments(f"{name} is a number from {low:g} to {high:g}")
    return found
