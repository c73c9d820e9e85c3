"""Unit of a number that a tool takes."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit of a number among a tool's arguments, as in `Annotated[float, Unit("kPa")]`.

    Args:
        name: A unit as in `tags.yaml`. The empty text is for counts and other plain numbers.
    """

    name: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = f"in {self.name}" if self.name else "without a unit"
        return {**handler(schema), "description": described}
