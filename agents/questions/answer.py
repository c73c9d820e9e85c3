"""Facts of an answer, each with its place and time, and the text that is made of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from handwheel.connectors.hints import NEXT
from handwheel.tools.requests.timestamps import stamp
from handwheel.tools.safe_text import printable

from .sources import Sources

_LONG = 400  # characters of a value
_SAY = """\
{%- macro name(each) -%}{{ each.name }}{% if each.label %} ({{ each.label }}){% endif %}
{%- endmacro %}
{%- macro reading(each) -%}
{%- if each.is_good %}{{ name(each) }} is {{ each.value }}
{%- for words, limit in each.limits %}; {{ words }} {{ limit }}{% endfor %}
{%- if each.beyond %}; it is beyond the {{ each.beyond }} limit{% endif %}.
{%- else %}{{ name(each) }} has no value to rely on: {{ each.value }}.{% endif %}
{%- endmacro %}
{%- macro course(each) -%}
{%- if each.rate %}{{ each.tag }} was {{ each.direction }} over the last {{ each.last }}
{%- if each.low %}, between {{ each.low }} and {{ each.high }}{% endif %}
{%- if each.direction != "steady" %}, by {{ each.rate }}{% endif %}.
{%- else %}Too little of {{ each.tag }} was recorded in the last {{ each.last }} to tell its course.
{%- endif %}
{%- endmacro %}
{%- macro written(each) -%}
{{ each.tag }} was written to {{ each.value }} about {{ each.ago }} {{ each.words }}, by
{{- " " }}{{ each.request }}, proposed by {{ each.proposer }}
{%- if each.approvers %}, approved by {{ each.approvers | join(" and ") }}{% endif %}.
{%- endmacro %}
{%- macro case(each) -%}
{{ each.id }} is open: {{ each.condition }}.
{%- for one in each.causes %}
{{ "\n" }}The agents {{ one.verb }} {{ one.title }}, with {{ one.weight }}.
{%- for sign in one.signs %}{{ "\n" }}For it speaks {{ sign }}.{% endfor %}{% endfor %}
{%- for fault in each.faults %}{{ "\n" }}A method of the diagnosis has failed: {{ fault }}.
{%- endfor %}
{%- if each.run %}{{ "\n" }}{{ each.run }} answers it.{% endif %}
{%- endmacro %}
{%- macro stale(each) -%}
{%- if each %}{{ each.reason }}, so
{%- if each.cases %} {% for id, at in each.cases %}{{ id }} stands as of {{ at }}
{%- if not loop.last %}, {% endif %}{% endfor %} and may have changed since.
{%- else %} nobody judges it now.{% endif %}{% endif %}
{%- endmacro %}
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that code has read or computed.

    Attributes:
        about: Tag, equipment or record that it is about.
        value: As it is shown, with its unit.
        at: Stamp of the value, UTC; that of the question for what was read or computed for it.
        source: Origin and quality, such as `read now, good` or `journal, row 41`.
    """

    id: str
    about: str
    value: str
    at: str
    source: str

    def __str__(self) -> str:
        """Returns its value with its id behind it, as sentences cite it."""
        return f"{self.value} [{self.id}]"

    @property
    def line(self) -> str:
        """It as a line below an answer."""
        at = f"{self.at[:19].replace('T', ' ')} UTC"
        return f"{self.id:<4} {self.about}: {self.value}  ({self.source}, {at})"


@dataclass(slots=True)
class Asked:
    """Question that is being answered, with what is known of the site and the facts so far."""

    sources: Sources
    facts: list[Fact] = field(default_factory=list[Fact])
    next_steps: list[str] = field(default_factory=list[str])

    def fact(self, about: str, value: str, source: str, at: str = "") -> Fact:
        """Returns a fact, a new one unless there is an equal one."""
        told = (
            printable(about, _LONG), printable(value, _LONG), at or stamp(self.sources.now),
            printable(source, _LONG),
        )  # fmt: skip
        for each in self.facts:
            if (each.about, each.value, each.at, each.source) == told:
                return each
        self.facts.append(Fact(f"F{len(self.facts) + 1}", *told))
        return self.facts[-1]

    def reason(self, about: str, text: str, source: str) -> Fact:
        """Returns a reason as a fact, and adds the commands in it to what one can do next."""
        reason, *commands = text.split(f"; {NEXT}")
        self.next_steps += [f"{NEXT}{each}" for each in commands]
        return self.fact(about, reason, source)


def text_of(template: str, found: Mapping[str, Any]) -> Iterator[str]:
    """Yields the sentences that a template makes of what was found, one a line."""
    text = _environment().from_string(f"{{% import 'say' as say %}}{template}").render(found)
    yield from (each.strip() for each in text.splitlines() if each.strip())


@cache
def _environment() -> Environment:
    return Environment(
        loader=DictLoader({"say": _SAY}), undefined=StrictUndefined, finalize=_shown,
        autoescape=False, trim_blocks=True,  # noqa: S701 (text of a terminal, by printable)
    )  # fmt: skip


def _shown(value: object) -> object:
    """Returns text of the plant without characters that deceive. Lines are those of templates."""
    if not isinstance(value, str):
        return value
    return "\n".join(printable(each, 4 * _LONG) for each in value.split("\n"))


def joined(texts: Sequence[object]) -> str:
    """Returns texts as an enumeration in a sentence."""
    *most, last = map(str, texts)
    return f"{', '.join(most)} and {last}" if most else last
