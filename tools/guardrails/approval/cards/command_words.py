"""Words for the writes of a request, and the word that an approver must type."""

from collections.abc import Mapping, Sequence
from itertools import pairwise, takewhile

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.endpoints import ConnectionConfig
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value

from ....requests.request import Action, ActionRequest, RiskClass
from ....requests.values import is_same
from ....safe_text import plain, printable
from .written_values import written_value

_LONGEST_WORD = 40  # so that the question fits on a line


class CommandWords:
    """Words for writes, from the bytes that they send and the labels of the site's tags."""

    def __init__(
        self, tags: Mapping[str, Tag], connections: Mapping[str, ConnectionConfig]
    ) -> None:
        self._tags = tags
        self._connections = connections

    def fault(self, action: Action) -> Denial | None:
        """Returns a denial if the bytes of an action do not write what the request says."""
        try:
            value = written_value(action, self._tags, self._connections)
        except ValueError as error:
            return Denial("bytes", f"{plain(action.tag)}: the bytes {printable(str(error))}")
        tag = self._tags[action.tag]
        if is_same(value, action.value) and action.shown == tag.show_value(value):
            return None
        written, said = tag.show_value(value), action.shown
        return Denial(
            "bytes",
            f"{plain(action.tag)}: the bytes write {printable(written)}, not {printable(said)}",
        )

    def after(self, action: Action) -> str:
        """Returns the value that an action writes, in the words of its tag."""
        tag, value = self._tags.get(action.tag), self._value(action)
        return printable(tag.state(value)) if tag and value is not None else "-"

    def verb(self, action: Action) -> str | None:
        """Returns the verb of an action, or `None` where its tag names none."""
        tag, value = self._tags.get(action.tag), self._value(action)
        return tag.verbs.get(tag.show_value(value)) if tag and value is not None else None

    def label(self, action: Action) -> str:
        """Returns the label of an action's tag, empty for none."""
        tag = self._tags.get(action.tag)
        return printable(tag.label) if tag else ""

    def title(self, request: ActionRequest) -> str:
        """Returns the first write as a title, such as `START P-101B`, and how many follow.

        A ramp in one direction counts as one write, and is named by the value at its end.
        """
        ramp = self._ramp(request.commands)
        first, more = ramp[-1], len(request.commands) - len(ramp)
        verb = self.verb(first)
        if verb:
            title = f"{verb.upper()} {plain(first.equipment)}"
        else:
            title = f"SET {plain(first.tag)} TO {self.after(first)} {printable(first.unit)}".strip()
        if len(ramp) > 1:
            title += f" in {len(ramp)} steps"
        return f"{title} and {more} more write{'s' if more > 1 else ''}" if more else title

    def _ramp(self, commands: Sequence[Action]) -> Sequence[Action]:
        """Returns the first write, with the others of its ramp if that goes in one direction."""
        first = commands[0]
        place = first.step, first.tag
        ramp = list(takewhile(lambda each: (each.step, each.tag) == place, commands))
        begin = [each.value for each in first.expected if each.tag == first.tag]
        values = [*begin, *map(self._value, ramp)]
        numbers = [each for each in values if isinstance(each, int | float)]
        tag = self._tags.get(first.tag)
        if tag is None or tag.kind not in {"int", "float"} or len(numbers) < len(values):
            return ramp[:1]
        directions = {(after > before) - (after < before) for before, after in pairwise(numbers)}
        return ramp if directions in ({1}, {-1}) else ramp[:1]

    def word(self, request: ActionRequest, risk_class: RiskClass) -> str:
        """Returns the text that an approver must type.

        R1: `approve`. Else for each write the equipment and the verb, `P-101B start`, or the tag
        and the value; where that is too long or cannot be typed, the number of writes and the
        beginning of the digest on the card.
        """
        if risk_class == "R1":
            return "approve"
        word = ", ".join(map(self._word, request.commands))
        is_typeable = word.isascii() and word.isprintable() and word == " ".join(word.split())
        if is_typeable and len(word) <= _LONGEST_WORD:
            return word
        writes = "1 write" if len(request.commands) == 1 else f"{len(request.commands)} writes"
        return f"approve {writes} {request.digest[:4]}"

    def _word(self, action: Action) -> str:
        verb = self.verb(action)
        return f"{action.equipment} {verb}" if verb else f"{action.tag} {self.after(action)}"

    def _value(self, action: Action) -> Value | None:
        try:
            return written_value(action, self._tags, self._connections)
        except ValueError:
            return None
