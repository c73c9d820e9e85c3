"""Where the files by which requests are judged had been changed, as the requests tell."""

from collections.abc import Iterable, Iterator

from handwheel.connectors.model.site import POLICY_FILE, SITE_FILE
from handwheel.tools.safe_text import plain

from ..rows.entries import JournalEntry, RequestHistory

FILES = "files.changed"
"""The kind of an entry that is no row of the journal: it is read from two requests."""
FILE_NAMES = (("site", SITE_FILE), ("tags", "the tags' file"), ("policy", POLICY_FILE))
"""The files by which a request is judged: the key of the hash in it, and what they are called."""


def file_changes(histories: Iterable[RequestHistory]) -> Iterator[JournalEntry]:
    """Yields an entry for each request that rests on other files than the one before it.

    It stands where that request was filed: when the file was changed, no journal tells.
    """
    before: RequestHistory | None = None
    for history in histories:
        if history.request is None:
            continue
        if before is not None and before.request is not None:
            old, new = before.request.hashes, history.request.hashes
            files = [name for key, name in FILE_NAMES if getattr(old, key) != getattr(new, key)]
            if files:
                filed = history.entries[0]
                words = (
                    f"{' and '.join(files)} had been changed since {plain(before.request_id)} "
                    f"was filed; {plain(history.request_id)} rests on what it was changed to"
                )
                yield JournalEntry(filed.seq, filed.at, FILES, history.request_id, {"words": words})
        before = history
