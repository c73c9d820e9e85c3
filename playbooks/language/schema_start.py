"""Keys of a playbook file about the start of a run."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model, spelled

from .schema_parts import OneOf, Scalar, Text, as_list, one_of

TimeOfDay = Annotated[
    str,
    spelled(r"([01]\d|2[0-3]):[0-5]\d", "is no time of the day; write hours and minutes: 06:00"),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

ParameterType = Literal["asset", "quantity", "number", "bool", "enum", "text"]
_KEYS_OF: dict[ParameterType, frozenset[str]] = {
    "asset": frozenset({"class_"}),
    "quantity": frozenset({"unit", "min", "max"}),
    "number": frozenset({"min", "max"}),
    "bool": frozenset(),
    "enum": frozenset({"values"}),
    "text": frozenset(),
}


class ParameterSpec(Model):
    """Parameter that is bound when a run begins, a role for equipment or a value."""

    type: ParameterType = Field(
        description="a role for a piece of equipment, a number with or without a unit, true or "
        "false, one of some words, or a text"
    )
    class_: str = Field(default="", alias="class", description="class of the equipment")
    default: Scalar = Field(description="equipment or value")
    check: str = Field("", description="condition between parameters, such as standby != duty")
    unit: str = Field("", description="unit of default, min and max")
    values: list[Text] = Field(default_factory=list, description="words that it may be")
    min: Scalar = Field("", description="lowest value")
    max: Scalar = Field("", description="highest value")

    @model_validator(mode="after")
    def _check(self) -> "ParameterSpec":
        for name in sorted(frozenset[str]().union(*_KEYS_OF.values()) - _KEYS_OF[self.type]):
            if name in self.model_fields_set:
                raise ValueError(f"{name.rstrip('_')}: does not go with type {self.type}")
        if self.type == "enum" and not self.values:
            raise ValueError("values: is missing; write the words that it may be: [low, high]")
        return self


class _ItemSpec(OneOf):
    alarm: str = Field("", description="alarm: VAH-101A is the tag VAH-101A.active")
    when: str = Field("", description="condition")
    for_: Duration | None = Field(
        default=None, alias="for", description="how long it must be true without a break"
    )


class AllItemSpec(_ItemSpec):
    """Part of a trigger, an alarm or a condition with its duration."""

    model_config = one_of("alarm", "when")


class ScheduleSpec(Model):
    """Times of the day at which a run starts, in UTC."""

    at: Annotated[
        list[TimeOfDay],
        BeforeValidator(as_list, json_schema_input_type=TimeOfDay | list[TimeOfDay]),
        Field(min_length=1),
    ] = Field(description="time of the day in UTC, one or several")
    days: list[Weekday] = Field(
        default_factory=list[Weekday], description="days of the week, every day without it"
    )

    @property
    def words(self) -> str:
        """The schedule in words, such as `06:00 UTC on mon`."""
        on = f" on {', '.join(self.days)}" if self.days else ""
        return f"{', '.join(self.at)} UTC{on}"


class TriggerItemSpec(_ItemSpec):
    """Trigger by an alarm, a condition, a time or a person, with the roles that it binds."""

    model_config = one_of("alarm", "when", "schedule", "manual")

    schedule: ScheduleSpec | None = Field(None, description="times at which a run starts")
    manual: Literal[True] | None = Field(
        None, description="true: a person may order a start with runs start"
    )
    bind: dict[str, str] = Field(
        default_factory=dict, description="role to equipment, where it is not the default"
    )

    @model_validator(mode="after")
    def _check(self) -> "TriggerItemSpec":
        if self.for_ is not None and (self.schedule or self.manual):
            raise ValueError("for: goes with alarm and when")
        return self


class TriggerSpec(OneOf):
    """Triggers of a run, any of which starts it, or all of them at once."""

    model_config = one_of("any", "all")

    any: list[TriggerItemSpec] = Field(
        default_factory=list[TriggerItemSpec],
        min_length=1,
        description="triggers, each of which starts a run on its rising edge",
    )
    all: list[AllItemSpec] = Field(
        default_factory=list[AllItemSpec],
        min_length=2,
        description="parts of one trigger, which starts a run once all are true at once",
    )
    rearm: str = Field("", description="condition to be true before one fires again")


class ConcurrencySpec(Model):
    """Equipment that a run owns exclusively."""

    key: list[Text] = Field(
        min_length=1, description="equipment or roles that cover everything the playbook may write"
    )
    policy: Literal["reject", "queue", "preempt_lower"] = Field(
        description="what becomes of a run whose equipment another run owns"
    )
    max: int | None = Field(None, ge=1, description="most runs of this playbook at once")
    priority: int | None = Field(None, ge=1, le=4, description="1 is the most urgent, 4 without it")

    @model_validator(mode="after")
    def _check(self) -> "ConcurrencySpec":
        if self.policy == "preempt_lower" and self.priority is None:
            raise ValueError(
                "priority: is missing; preempt_lower compares it: 1, the highest, to 4"
            )
        return self


class DeadlineSpec(Model):
    """Time by which a run must have begun its first write, or its first step if it writes none."""

    from_: Literal["trigger"] = Field(alias="from", description="trigger: since it was true")
    within: Duration = Field(gt=0.0, description="time from there, on the clock of people")
