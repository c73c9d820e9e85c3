"""Draws the folded parts of a card, each behind a key."""

from collections.abc import Callable, Iterator, Mapping

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import next_step
from handwheel.tools.conditions.truth import TRUTH_TEXT, values_text
from handwheel.tools.guardrails.approval.cards.card_model import (
    Card,
    CardCondition,
    CardEvidence,
    CardFrame,
    CardRun,
)
from handwheel.tools.safe_text import quoted

from ...shell.terminal.panel import (
    LABEL,
    MARK,
    WIDEST,
    Part,
    Row,
    columns_of,
    draw_part,
    fitting_width,
)
from .card_evidence import UNSEEN, command_text, undo_text
from .card_text import WHOLE, guest_text

_BYTES_SHOWN = 16


def render_details(
    card: Card, key: str, width: int = WIDEST, *, is_coloured: bool = False
) -> list[str]:
    """Returns the details behind a key of `DETAIL_KEYS` as lines."""
    width = fitting_width(width)
    parts = _PARTS[key](card, width)
    return [line for part in parts for line in draw_part(part, width, is_coloured=is_coloured)]


def wire_rows(frame: CardFrame, name: str, width: int) -> list[Row]:
    """Returns the address and the bytes of a frame as rows."""
    pairs = [frame.wire[n : n + 2] for n in range(0, len(frame.wire), 2)]
    where = f"{name}  {frame.address} at {frame.where}"
    line = f"{where}  {' '.join(pairs)}"
    if columns_of(line) <= width - LABEL - 2:
        return [Row(["", line])]
    room = width - LABEL - 2 - len(name) - 2
    step = min(_BYTES_SHOWN, (room + 1) // 3)
    lines = (" ".join(pairs[n : n + step]) for n in range(0, len(pairs), step))
    return [Row(["", where]), *(Row(["", " " * (len(name) + 2) + line]) for line in lines)]


def device_text(frame: CardFrame) -> str:
    """Returns the name and the identity of a frame's device."""
    name = quoted(frame.device) if frame.device else "gives no name"
    kind = ", a simulator" if frame.is_simulator else ""
    proof = f", proved by the certificate {frame.certificate}" if frame.certificate else ""
    return f"{name}{kind}{', on this machine' if frame.is_loopback else ''}{proof}"


def _bytes(card: Card, width: int) -> Iterator[Part]:
    frames = [each.frame for each in card.changes] + [each.frame for each in card.recovery]
    names = [each.action_id.rpartition("/")[2] for each in frames]
    widest = max(map(len, names))
    rows = [
        row
        for frame, name in zip(frames, names, strict=True)
        for row in wire_rows(frame, f"{name:<{widest}}", width)
    ]
    yield Part("Bytes", rows)
    yield Part("Device", [Row(["", text]) for text in dict.fromkeys(map(device_text, frames))])


def _evidence(card: Card, _width: int) -> Iterator[Part]:
    if card.run is not None:
        yield Part("Plan" if card.unreleased else "Playbook", list(_playbook(card, card.run)))
        for side in ("trigger", "for", "against", "permissive"):
            rows = [_found(each) for each in card.run.evidence if each.side == side]
            if rows:
                yield Part(side.capitalize(), rows)
    rows = [_required(each) for each in card.requires]
    yield Part("Requires", rows or [Row(["", "only the readings of the card"])])
    yield Part("Reason", [Row(["", quoted(card.reason, WHOLE)])])


def _playbook(card: Card, run: CardRun) -> Iterator[Row]:
    name = f"{run.playbook} {run.version}"
    if card.unreleased:
        name = f"UNRELEASED PLAN by {card.proposer}"
        yield Row([MARK, card.unreleased], True)
    yield Row(["", f"{name}, request {run.segment} of run {run.run_id}"])
    if run.parameters:
        bound = ", ".join(f"{name} {value}" for name, value in sorted(run.parameters.items()))
        yield Row(["", f"with {bound}"])
    yield Row(["", f"the run may take {format_duration(run.max_duration_s)} after the approval"])


def _found(each: CardEvidence) -> Row:
    filed = f"{TRUTH_TEXT[each.filed]} when submitted"
    if each.now is None:
        state, now = f"{TRUTH_TEXT[each.filed]} {UNSEEN}: {each.untold}", ""
    else:
        state = f"{filed}, {TRUTH_TEXT[each.now]} now"
        now = f"; now {values_text(each.shown_now)}"
    source = f" ({each.source})" if each.source else ""
    text = f"{each.id}: {state}. {each.shown}{now}{source}"
    return Row([MARK if each.is_against else "", text], each.is_against)


def _required(each: CardCondition) -> Row:
    is_odd = each.truth != "true"
    text = f"{TRUTH_TEXT[each.truth]}: {each.text} ({each.why})"
    return Row([MARK if is_odd else "", text], is_odd)


def _undo(card: Card, _width: int) -> Iterator[Part]:
    own = [f"of write {each.undoes}: {undo_text(each, is_whole=True)}"
           for each in card.recovery if each.undoes]  # fmt: skip
    before = [f"of {each.before}: {undo_text(each, is_whole=True)}"
              for each in card.recovery if each.before]  # fmt: skip
    safe = [f"{f'{each.step}: ' if each.step else ''}{undo_text(each, is_whole=True)}"
            for each in card.recovery if not each.before and not each.undoes]  # fmt: skip
    if card.run is not None and card.run.supersedes:
        before.append(f"this request replaces {card.run.supersedes} and includes its undo")
    none = ["this request has none for its writes"]
    if card.run is not None and card.run.playbook:  # it is released, and may give a reason
        none.append(next_step("playbooks", "show", card.run.playbook))
    yield Part("Undo", [Row(["", text]) for text in own or none])
    for label, texts in (("Earlier", before), ("Safe state", safe)):
        if texts:
            yield Part(label, [Row(["", text]) for text in texts])
    if card.lease is not None:
        text = f"{card.lease.span} from the last write, then in reverse order"
        yield Part("Time", [Row(["", text]), *_digests(card)])


def _digests(card: Card) -> Iterator[Row]:
    for each in card.recovery:
        if each.undoes:
            yield Row(["", f"{command_text(each)}: action {_pairs(each.frame.digest, 16)} …"])


def _signatures(card: Card, _width: int) -> Iterator[Part]:
    rows = [
        Row(["", each.person, each.role, f"{each.signed_at[11:19]} UTC"]) for each in card.signed
    ]
    yield Part("Signed", rows or [Row(["", "by nobody yet"])])
    roles = " and ".join(card.roles) or "no role may sign"
    people = "one person" if card.quorum == 1 else f"{card.quorum} different people"
    yield Part("Needs", [Row(["", f"{people}: {roles}"])])
    yield Part("Proposer", list(_proposer(card)))
    yield Part("Until", [Row(["", f"{card.expires_at[11:19]} UTC"])])
    yield Part("Digest", [Row(["", _pairs(card.request_digest, 64)])])


def _proposer(card: Card) -> Iterator[Row]:
    if card.proposer_kind == "guest":
        yield Row(["", card.proposer])
        yield Row(["", guest_text(card)])
        return
    key = f", key {card.proposer_key}" if card.proposer_key else ""
    kind = "a person" if card.proposer_kind == "person" else "an agent"
    yield Row(["", f"{card.proposer}, {kind}{key}"])
    if said := _said_of_itself(card):
        yield Row(["", f"as it says, not checked: {said}"])


def _said_of_itself(card: Card) -> str:
    prompt = card.proposer_prompt and _pairs(card.proposer_prompt, 16)
    said = {
        "account": card.proposer_account, "model": card.proposer_model, "prompt": prompt,
    }  # fmt: skip
    return ", ".join(f"{name} {value}" for name, value in said.items() if value)


def _pairs(digest: str, length: int) -> str:
    return " ".join(digest[n : n + 4] for n in range(0, length, 4))


_PARTS: Mapping[str, Callable[[Card, int], Iterator[Part]]] = {
    "b": _bytes, "e": _evidence, "u": _undo, "s": _signatures,
}  # fmt: skip
DETAIL_KEYS: Mapping[str, str] = {
    "b": "bytes", "e": "evidence", "u": "undo", "s": "signatures",
}  # fmt: skip
"""The folded parts of a card, by the key that shows them."""
