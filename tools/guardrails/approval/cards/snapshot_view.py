"""Values of the gate's snapshot as a card shows them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from math import isfinite

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality, StatusCode, Value, exact_text

from ....conditions.condition import parse_condition
from ....conditions.errors import ConditionError
from ....conditions.truth import Truth
from ....requests.duration_text import exact_span
from ....requests.request import Action, ActionRequest, ExpectedReading, Requirement
from ....requests.timestamps import Instant, stamp
from ....requests.values import is_already, is_same
from ....safe_text import plain, printable
from ...interlocks.suspension import applying
from ..plant_snapshot import PlantSnapshot, Reading
from .card_model import UNREAD, CardChange, CardCondition, CardFrame, CardReading
from .command_words import CommandWords


class SnapshotView:
    """Values of the gate's snapshot for a card, none without one."""

    def __init__(
        self, tags: Mapping[str, Tag], snapshot: PlantSnapshot | None, now: Instant
    ) -> None:
        self._tags, self._snapshot, self._now = tags, snapshot, now
        self.values: Mapping[str, DataValue] = snapshot.data_values() if snapshot else {}

    def faults(self, request: ActionRequest) -> list[str]:
        """Returns the missing snapshot or the suspensions that concern a request."""
        if self._snapshot is None:
            return ["no snapshot of the plant: is the gate running?"]
        return [each.words for each in applying(self._snapshot.suspended, request, self._tags)]

    def changes(
        self, request: ActionRequest, words: CommandWords, limits: Mapping[str, str]
    ) -> list[CardChange]:
        """Returns the commands, each with the present value."""
        return [
            CardChange(
                number=number,
                equipment=plain(each.equipment),
                tag=plain(each.tag),
                verb=words.verb(each),
                verb_back=self._verb_back(each),
                now=self._shown(each.tag),
                after=words.after(each),
                unit=printable(each.unit),
                delta=self._delta(each),
                is_already_so=self._is_already_so(each),
                limits=self._limits(each.tag, limits),
                age_limit_s=_age_limit_s(each),
                undo=plain(each.undo) if each.undo else None,
                readback=plain(each.readback) if each.readback else None,
                within_s=each.within_s,
                step=plain(each.step) if each.step else None,
                after_s=each.after_s,
                promises=[printable(promise) for promise in _promises(each)],
                frame=CardFrame.of(each),
            )
            for number, each in enumerate(request.commands, start=1)
        ]

    def readings(self, request: ActionRequest) -> list[CardReading]:
        """Returns each tag that is written or expected once, in the order of the commands.

        A tag that an earlier command of the request writes has no expected value yet.
        """
        expected: dict[str, list[ExpectedReading]] = {}
        written: set[str] = set()
        for action in request.commands:
            expected.setdefault(action.tag, [])
            for each in action.expected:
                now = [] if each.tag in written else [each]
                expected.setdefault(each.tag, []).extend(now)
            written.add(action.tag)
        return [self.reading(tag, each) for tag, each in expected.items()]

    def conditions(self, request: ActionRequest) -> list[CardCondition]:
        """Returns each required condition of the commands once."""
        unique = dict.fromkeys(
            (each.text, each.why) for action in request.commands for each in action.requires
        )
        return [self.condition(Requirement(text=text, why=why)) for text, why in unique]

    def condition(self, requirement: Requirement) -> CardCondition:
        """Returns a required condition with the present values."""
        try:
            condition = parse_condition(requirement.text, self._tags)
        except ConditionError:  # the tags were changed
            text, truth = requirement.text, Truth.UNKNOWN
        else:
            text, truth = condition.shown(self.values), condition.evaluate(self.values)
        return CardCondition(
            text=printable(text), truth=truth.value, why=printable(requirement.why)
        )

    def _found(self, tag: str) -> Reading | None:
        return self._snapshot.readings.get(tag) if self._snapshot else None

    def _shown(self, tag: str) -> str:
        reading = self._found(tag)
        return self._in_words(tag, _exact(reading)) if reading else UNREAD

    def _in_words(self, tag: str, shown: str) -> str:
        known = self._tags.get(tag)
        return known.states.get(shown, shown) if known else shown

    def _verb_back(self, action: Action) -> str | None:
        reading, tag = self._found(action.tag), self._tags.get(action.tag)
        return tag.verbs.get(reading.shown) if tag and reading else None

    def reading(self, tag: str, expected: Sequence[ExpectedReading] = ()) -> CardReading:
        """Returns the present reading of a tag, compared with the expected one."""
        was = printable(expected[0].shown) if expected else None
        unit = printable(self._tags[tag].unit) if tag in self._tags else ""
        reading = self._found(tag)
        if reading is None:
            return CardReading(
                tag=plain(tag), shown=UNREAD, unit=unit, quality="not read", was=was,
                fault="was not read",
            )  # fmt: skip
        status = StatusCode(reading.status)
        read_at = stamp(self._now.wall - timedelta(seconds=reading.age_s))
        is_good = status.quality is Quality.GOOD
        return CardReading(
            tag=plain(tag),
            shown=self._in_words(tag, printable(reading.shown)),
            unit=unit,
            quality="good" if is_good else plain(status.name),
            age_s=round(reading.age_s, 1),
            read_at=read_at,
            was=was,
            fault=str(_fault(reading, status, expected) or ""),
        )

    def _delta(self, action: Action) -> str | None:
        reading = self._found(action.tag)
        before, after = _number(reading.value if reading else None), _number(action.value)
        if before is None or after is None or action.type not in {"int", "float"}:
            return None
        # From the decimals that are shown, since a difference of floats has further digits.
        return f"{Decimal(exact_text(after)) - Decimal(exact_text(before)):+f}"

    def _is_already_so(self, action: Action) -> bool:
        tag = self._tags.get(action.tag)
        return tag is not None and is_already(tag, action.value, self.values.get(action.tag))

    def _limits(self, tag: str, limits: Mapping[str, str]) -> str | None:
        if tag in limits:
            return printable(limits[tag])
        span = self._tags[tag].span if tag in self._tags else None
        if span is None:
            return None
        unit = printable(self._tags[tag].unit)
        return f"range {exact_text(span[0])} to {exact_text(span[1])} {unit}".rstrip()


def _promises(action: Action) -> list[str]:
    effects = [f"{each.text} within {exact_span(each.within_s)}" for each in action.effects]
    return [*action.promises, *effects]


def _age_limit_s(action: Action) -> float | None:
    return next((each.max_age_s for each in action.expected if each.tag == action.tag), None)


def _fault(
    reading: Reading, status: StatusCode, expected: Sequence[ExpectedReading]
) -> Denial | None:
    if status.quality is not Quality.GOOD:
        return Denial("quality", f"is {plain(status.name)}")
    for each in expected:
        if reading.age_s > each.max_age_s:
            reason = f"was {reading.age_s:.1f} s old when read, more than {each.max_age_s:g} s"
            return Denial("age", reason)
        if not _is_as_filed(reading.value, each):
            reason = f"reads {_exact(reading)}, not {printable(each.shown)} as when submitted"
            return Denial("expected", reason)
    return None


def _is_as_filed(value: Value | None, expected: ExpectedReading) -> bool:
    if expected.tolerance is None:
        return is_same(value, expected.value)
    now, filed = _number(value), _number(expected.value)
    return now is not None and filed is not None and abs(now - filed) <= expected.tolerance


def _exact(reading: Reading) -> str:
    value = reading.value
    return exact_text(value) if isinstance(value, float) else printable(reading.shown)


def _number(value: Value | None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return value
