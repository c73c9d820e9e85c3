"""Tags that the gate reads for open requests, for cards and for conditions."""

from ....conditions.condition import tags_in
from ...ledger.records import RequestRecord, load_unfinished
from ...policy.cross_limits import cross_tags
from ..state.execution import GateContext


class WatchedTags:
    """Tags of all open requests. Asked ten times a second, and mostly unchanged."""

    def __init__(self, context: GateContext) -> None:
        self._context = context
        self._version: int | None = None
        self._names: frozenset[str] = frozenset()

    def now(self) -> frozenset[str]:
        """Returns the tags, and reads the requests again only if the ledger has changed."""
        version = self._context.database.version()  # first: what changes meanwhile shows next time
        if version != self._version:
            records = load_unfinished(self._context.database)
            found = (tags_of_request(self._context, record) for record in records)
            self._names = frozenset[str]().union(*found)
            self._version = version
        return self._names


def tags_of_suspended(context: GateContext, read: frozenset[str]) -> frozenset[str]:
    """Returns tags of every suspended connection, so that its recovery shows.

    Of those that are read now all are kept, for one alone may be bad by itself.
    """
    suspended = {each.scope for each in context.suspensions.now}
    found = set[str]()
    for name in suspended & context.site.connections.keys():
        tags = [each.name for each in context.site.tags.values() if each.connection == name]
        found.update(read.intersection(tags) or sorted(tags)[:1])
    return frozenset(found)


def tags_of_request(context: GateContext, record: RequestRecord) -> set[str]:
    """Returns every tag that a request writes, expects, requires or shows as evidence.

    What cannot be parsed, the ninth step refuses. Of the evidence it is what can be judged again
    now, for the card: what looks back in time is shown as it was filed.
    """
    request, tags = record.request, context.site.tags
    names = set(request.tags)
    texts = [each.text for each in request.evidence]
    for action in request.actions:
        if tag := tags.get(action.tag):
            names |= cross_tags(context.across, tag)
        texts += [each.text for each in action.requires]
        texts += [each.text for each in action.effects]
    return names | tags_in(texts, tags)
