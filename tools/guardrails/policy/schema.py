"""Schema of the file `policy.yaml`."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from handwheel.connectors.config.durations import Duration, between
from handwheel.connectors.config.validation import Model, spelled
from handwheel.connectors.model.tags import RegisterAddress, Table

from .node_patterns import check_pattern
from .quantities import RangeField, RateField, StepField
from .suspend import Suspend

RiskClass = Literal["R1", "R2", "R3", "R4"]

_ADDRESSES = re.compile(r"(\d{1,5})(?:\.\.(\d{1,5}))?", re.ASCII)
_LAST_ADDRESS = 65535
_LONGEST_WINDOW_S = 7 * 86400.0
_LONGEST_PAUSE_S = 86400.0
_Id = Annotated[str, spelled(r"[a-z][a-z0-9-]*", "is no id: a-z, 0-9 and hyphen, first a letter")]
_NodePattern = Annotated[str, AfterValidator(check_pattern)]


def _parse_addresses(text: object) -> tuple[int, int]:
    shown = str(text) if isinstance(text, int) and not isinstance(text, bool) else text
    match = _ADDRESSES.fullmatch(shown.strip()) if isinstance(shown, str) else None
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last <= _LAST_ADDRESS:
        raise ValueError(f"{text!r} is no address; write one or two, from 0 to 65535: 400..499")
    return first, last


class Role(Model):
    """Role, with the roles that it may act as and its areas.

    `areas` are patterns of equipment paths. With areas the role counts only for requests all of
    whose writes lie there, without any it counts everywhere.
    """

    acts_as: list[str] = Field(default_factory=list)
    areas: Annotated[list[str], Field(min_length=1)] | None = None


class Commissioned(Model):
    """Person and date of the rule's trial on the plant."""

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
    """Rule that forbids tags or OPC UA nodes by pattern, or addresses of a Modbus device."""

    tags: list[str] = Field(default_factory=list)
    connection: str = ""
    nodes: list[_NodePattern] = Field(default_factory=list[_NodePattern])
    table: Table | None = None
    addresses: Annotated[tuple[int, int] | None, BeforeValidator(_parse_addresses)] = None
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> "ForbidRule":
        given = {
            name
            for name in ("tags", "connection", "nodes", "table", "addresses")
            if getattr(self, name)
        }
        if given not in ({"tags"}, {"connection", "nodes"}, {"connection", "table", "addresses"}):
            raise ValueError(
                "a rule has either tags, or connection and nodes, or connection, table and "
                "addresses"
            )
        return self

    def overlaps(self, address: RegisterAddress) -> bool:
        """Whether a register or bit of an address lies in the rule's addresses."""
        if self.addresses is None or address.table != self.table:
            return False
        first, last = self.addresses
        return address.address <= last and address.address + address.count > first


class AllowRule(Model):
    """Rule that allows writes with an approval, and their limits.

    A rule without `commissioned` was not yet tried and needs two people. With `area` the rule
    covers only those of its tags whose equipment's path matches.
    """

    tags: list[str] = Field(min_length=1)
    area: Annotated[str, Field(min_length=1)] | None = None
    class_: Literal["R1", "R2", "R3"] = Field(alias="class")
    roles: list[str] = Field(min_length=1)
    band: RangeField | None = None
    limits: RangeField | None = None
    max_step: StepField | None = None
    rate: RateField | None = None
    cooldown: Duration = 0.0
    commissioned: Commissioned | None = None

    @model_validator(mode="after")
    def _check(self) -> "AllowRule":
        band, limits = self.band, self.limits
        if band and limits and not (limits.holds(band.low) and limits.holds(band.high)):
            raise ValueError(f"band: {band} reaches beyond the limits {limits}")
        return self


class AcrossRule(Model):
    """Condition over several tags, `now` before the write or `after` it.

    `except` names tags of its equipment whose writes do not affect the condition.
    """

    id: _Id
    that: str = Field(min_length=1)
    with_: Literal["after", "now"] = Field(alias="with")
    except_: list[str] = Field(default_factory=list, alias="except")

    @model_validator(mode="after")
    def _check(self) -> "AcrossRule":
        if self.except_ and self.with_ == "now":
            raise ValueError("except: goes with 'after' only; with 'now' every write is evaluated")
        return self


class GroupRule(Model):
    """Limits on the number of writes or the travel of a group of tags in a time window."""

    id: _Id
    tags: list[str] = Field(min_length=1)
    writes: Annotated[int, Field(ge=1, le=1000)] | None = None
    travel: StepField | None = None
    within: Duration

    @model_validator(mode="after")
    def _check(self) -> "GroupRule":
        if self.writes is None and self.travel is None:
            raise ValueError("a group has writes or travel, or both: how much is too much")
        if not 1.0 <= self.within <= _LONGEST_WINDOW_S:
            raise ValueError("within: must lie between 1 s and 7 d")
        return self


class RequestLimits(Model):
    """Limits on the number of requests and their repetition."""

    pending: int = Field(default=5, ge=1, le=1000)  # highest number that wait for one role
    pause_after_rejection: Duration = 600.0  # seconds until the same may be asked for again

    @field_validator("pause_after_rejection")
    @classmethod
    def _check_pause(cls, seconds: float) -> float:
        if not 0.0 <= seconds <= _LONGEST_PAUSE_S:
            raise ValueError("must not be longer than 1 d")
        return seconds


class PolicyFile(Model):
    """File `policy.yaml`. No matching rule denies, forbid wins, the strictest rule holds."""

    schema_: Literal["policy/1"] = Field(alias="schema")
    roles: dict[str, Role]
    ttl_max: Annotated[Duration, between(1.0, 86400.0, "1 s and 1 d")] = 1800.0
    unattended: Literal["never", "simulated"] = "never"
    forbid: list[ForbidRule] = Field(default_factory=list[ForbidRule])
    allow: list[AllowRule] = Field(default_factory=list[AllowRule])
    across: list[AcrossRule] = Field(default_factory=list[AcrossRule])
    groups: list[GroupRule] = Field(default_factory=list[GroupRule])
    asking: RequestLimits = RequestLimits()
    suspend: Suspend = Suspend()
