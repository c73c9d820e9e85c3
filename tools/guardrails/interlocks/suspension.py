"""Suspension of actuation, as the gate's snapshot tells it."""

from collections.abc import Iterable, Mapping

from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.connectors.model.tags import Tag, connections_of

from ...conditions.condition import tags_in
from ...requests.request import ActionRequest
from ...safe_text import printable


class Suspension(Model):
    """Something for which nothing is sent."""

    scope: str  # a connection, for what touches it; or `site`, for everything
    reason: str
    since: str  # when the gate saw it first, as a stamp

    @property
    def words(self) -> str:
        """Suspension as one line of text."""
        return f"actuation is suspended: {printable(self.scope)}: {printable(self.reason)}"


def applying(
    suspended: Iterable[Suspension], request: ActionRequest, tags: Mapping[str, Tag]
) -> list[Suspension]:
    """Returns what suspends a request."""
    found = list(suspended)
    if not found:
        return []
    # A requirement that cannot be parsed is refused by the ninth step.
    names = tags_in((need.text for action in request.actions for need in action.requires), tags)
    read = connections_of(names.union(request.tags), tags)
    scopes = {SITE_SCOPE, *read, *(action.connection for action in request.actions)}
    return [each for each in found if each.scope in scopes]
