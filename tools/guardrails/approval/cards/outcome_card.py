"""Card of a write whose outcome is unknown or wrong, shown to the person who resolves it.

Its text is kept beside the decision, as that of an approval card.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from handwheel.connectors.model.tags import Tag

from ....requests.request import Stamp
from ....requests.signed_document import SignedDocument
from ....requests.timestamps import Instant, stamp
from ....safe_text import plain, printable
from ...ledger.records import RequestRecord
from ...ledger.store.database import Ledger
from ..plant_snapshot import PlantSnapshot
from .card_model import RENDERER, CardFrame, CardReading
from .snapshot_view import SnapshotView


class Outcome(SignedDocument):
    """Known facts of a write that was or may have been sent."""

    schema_: Literal["outcome/1"] = Field(default="outcome/1", alias="schema")
    renderer: str = RENDERER
    request_id: str
    request_digest: str
    site: str
    drawn_at: Stamp
    action_id: str
    equipment: str
    tag: str
    after: str  # the value that was sent, without its unit
    unit: str
    frame: CardFrame
    sent_at: Stamp | None = None  # time of the recorded intent
    state: str
    reason: str
    found: str  # value that the gate read after the frame; empty if none
    reading: CardReading  # present reading of the readback tag


def make_outcome(
    record: RequestRecord,
    action_id: str,
    *,
    found: str,
    tags: Mapping[str, Tag],
    snapshot: PlantSnapshot | None,
    now: Instant,
) -> Outcome:
    """Returns the card of an action that was or may have been sent.

    Args:
        found: From `found_after`.
        snapshot: The gate's; `None` if none is valid.
    """
    action, state = record.action(action_id), record.record(action_id)
    return Outcome(
        schema="outcome/1",
        request_id=record.request.request_id,
        request_digest=record.digest,
        site=plain(record.request.site),
        drawn_at=stamp(now.wall),
        action_id=plain(action_id),
        equipment=plain(action.equipment),
        tag=plain(action.tag),
        after=printable(action.shown),
        unit=printable(action.unit),
        frame=CardFrame.of(action),
        sent_at=state.sent_at,
        state=state.state,
        reason=printable(state.reason),
        found=printable(found),
        reading=SnapshotView(tags, snapshot, now).reading(action.readback or action.tag),
    )


def found_after(database: Ledger, action_id: str) -> str:
    """Returns the value that the gate read after the frame, or an empty text."""
    found = ""
    for row in database.find_rows(action_id):
        found = str(row.fields["body"].get("readback", found))
    return found
