"""Residuals of methods on windows of values that a test gives."""

from collections.abc import Mapping

from handwheel.agents.diagnosis.diagnoser import checked, load_diagnoser
from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue


def read(values: Mapping[str, float | None]) -> dict[str, DataValue]:
    """Readings of these values, `None` for one of bad quality."""
    return {
        name: DataValue(
            value or 0.0, BAD_NO_COMMUNICATION if value is None else GOOD, None, None, 0
        )
        for name, value in values.items()
    }


def measured(
    method: str, windows: Windows, constants: Mapping[str, float], names: Mapping[str, str]
) -> float | None:
    """The residual, whose inputs are constants or values, by these names or the method's."""
    found = load_diagnoser(method)
    needed = [each for each in found.needs if each not in found.optional]
    inputs = {each: constants.get(each, names.get(each, each)) for each in needed}
    result = checked(found.measure(windows, inputs))
    return None if result is None else result.value
