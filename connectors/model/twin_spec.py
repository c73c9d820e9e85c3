"""Twin of a site, as `site.yaml` names it."""

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from ..config.durations import Duration, between
from ..config.validation import Model

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)


def _parse_share(text: object) -> float:
    match = _SHARE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or not 0.0 < float(match[1]) <= 100.0:
        raise ValueError(f"{text!r} is no share; write a number above 0, at most 100, and %: 3 %")
    return float(match[1]) / 100.0


_Written = Annotated[str, Field(pattern=rf"^\s*{_SHARE.pattern}\s*$")]
Share = Annotated[float, BeforeValidator(_parse_share, json_schema_input_type=_Written)]
"""A pydantic field between 0 and 1, written as text in percent."""


class TwinSpec(Model):
    """Twin with the residual up to which it is trusted, and how far it looks ahead.

    It is an installed one, or a unit of the Functional Mock-up Interface with its map.
    """

    model: str = ""  # name of its entry point
    fmu: str = ""  # path of a unit, from the site's folder
    map: str = ""  # path of the map between its variables and tags
    trust: Share  # of the measuring range
    horizon: Annotated[Duration, between(60.0, 86400.0, "1 min and 24 h")] = 3600.0

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(self.model) == bool(self.fmu) or bool(self.fmu) != bool(self.map):
            raise ValueError("give either model, or fmu and map")
        return self
