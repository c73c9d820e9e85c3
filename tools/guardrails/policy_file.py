"""The file `policy.yaml`: what may be written at all, by whom, and how far."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from handwheel.connectors.durations import Duration
from handwheel.connectors.models import Model, spelled
from handwheel.connectors.tags import RegisterAddress, Table

from .quantities import Rate, Span, Step

RiskClass = Literal["R1", "R2", "R3", "R4"]

_ADDRESSES = re.compile(r"(\d{1,5})(?:\.\.(\d{1,5}))?", re.ASCII)
_LAST_ADDRESS = 65535


def _parse_addresses(text: object) -> tuple[int, int]:
    shown = str(text) if isinstance(text, int) and not isinstance(text, bool) else text
    match = _ADDRESSES.fullmatch(shown.strip()) if isinstance(shown, str) else None
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last <= _LAST_ADDRESS:
        raise ValueError(f"{text!r} is no address; write one or two, from 0 to 65535: 400..499")
    return first, last


class Role(Model):
    """What else a person in this role may act as."""

    acts_as: list[str] = Field(default_factory=list)


class Commissioned(Model):
    """Who tried the rule on the plant, and when."""

    by: str = Field(min_length=1)
    on: str

    @field_validator("on")
    @classmethod
    def _check_date(cls, on: str) -> str:
        try:
            date.fromisoformat(on)
        except ValueError:
            raise ValueError(f"{on!r} is no date; write YEAR-MONTH-DAY") from None
        return on


class ForbidRule(Model):
    """What is never written: tags by pattern, or a stretch of a Modbus device's addresses."""

    tags: list[str] = Field(default_factory=list)
    connection: str = ""
    table: Table | None = None
    addresses: Annotated[tuple[int, int] | None, BeforeValidator(_parse_addresses)] = None
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> "ForbidRule":
        place = (bool(self.connection), self.table is not None, self.addresses is not None)
        if any(place) == bool(self.tags) or any(place) != all(place):
            raise ValueError("a rule has either tags, or connection, table and addresses")
        return self

    def overlaps(self, address: RegisterAddress) -> bool:
        """Whether any register or bit of an item lies in the rule's addresses."""
        if self.addresses is None or address.table != self.table:
            return False
        first, last = self.addresses
        return address.address <= last and address.address + address.count > first


class AllowRule(Model):
    """What may be written once people have approved it, and within what.

    A rule without `commissioned` needs two people: nobody has tried it yet.
    """

    tags: list[str] = Field(min_length=1)
    class_: Literal["R1", "R2", "R3"] = Field(alias="class")
    roles: list[str] = Field(min_length=1)
    band: Span | None = None
    limits: Span | None = None
    max_step: Step | None = None
    rate: Rate | None = None
    cooldown: Duration = 0.0
    commissioned: Commissioned | None = None

    @model_validator(mode="after")
    def _check(self) -> "AllowRule":
        band, limits = self.band, self.limits
        if band and limits and not (limits.holds(band.low) and limits.holds(band.high)):
            raise ValueError(f"band: {band} reaches beyond the limits {limits}")
        return self


class AcrossRule(Model):
    """A condition over several tags: on the plant as it is, or as the write would make it.

    `except` names tags of its equipment whose writes cannot change what the condition reads.
    """

    id: Annotated[str, spelled(r"[a-z][a-z0-9-]*", "is no id: a-z, 0-9 and hyphen, first a letter")]
    that: str = Field(min_length=1)
    with_: Literal["after", "now"] = Field(alias="with")
    except_: list[str] = Field(default_factory=list, alias="except")

    @model_validator(mode="after")
    def _check(self) -> "AcrossRule":
        if self.except_ and self.with_ == "now":
            raise ValueError("except: goes with 'after' only; with 'now' every write is judged")
        return self


class PolicyFile(Model):
    """The file `policy.yaml`: no matching rule denies, forbid wins, the strictest rule holds."""

    schema_: Literal["policy/1"] = Field(alias="schema")
    roles: dict[str, Role]
    ttl_max: Duration = 1800.0
    unattended: Literal["never", "simulated"] = "never"
    forbid: list[ForbidRule] = Field(default_factory=list[ForbidRule])
    allow: list[AllowRule] = Field(default_factory=list[AllowRule])
    across: list[AcrossRule] = Field(default_factory=list[AcrossRule])

    @field_validator("ttl_max")
    @classmethod
    def _check_ttl(cls, seconds: float) -> float:
        if not 1.0 <= seconds <= 86400.0:
            raise ValueError("must lie between 1 s and 1 d")
        return seconds
