"""Finds changes of the site's files between one request and the next."""

from collections.abc import Iterable, Iterator

from handwheel.connectors.model.site import POLICY_FILE, SITE_FILE
from handwheel.tools.safe_text import plain

from ..rows.entries import JournalEntry, RequestHistory

FILES = "files.changed"
"""The kind of an entry that is derived from two requests and is no row."""
FILE_NAMES = (("site", SITE_FILE), ("tags", "the tags' file"), ("policy", POLICY_FILE))
"""The files on which a request depends: the key of the hash, and the name."""


def file_changes(histories: Iterable[RequestHistory]) -> Iterator[JournalEntry]:
    """Yields an entry for each request that depends on other files than the one before.

    It has the stamp of that request, because the journal does not record when a file changed.
    """
    before: RequestHistory | None = None
    for history in histories:
        if before is not None:
            old, new = before.request.hashes, history.request.hashes
            files = [name for key, name in FILE_NAMES if getattr(old, key) != getattr(new, key)]
            if files:
                filed = history.entries[0]
                words = (
                    f"{' and '.join(files)} was changed after {plain(before.request_id)} was "
                    f"submitted and before {plain(history.request_id)}"
                )
                yield JournalEntry(filed.seq, filed.at, FILES, history.request_id, {"words": words})
        before = history
