"""A method that computes a tag of a pump from other tags."""

from handwheel.connectors.methods.method import Method


def hydraulic_power(*, flow: float, header: float, loss: float) -> float | None:
    """Returns the power that a pump gives to the water, kW.

    Source: rate of work of a pressure on a volume flow, ISO 9906, 3.2.15.
    """
    return flow * (header + loss) / 3600.0 if flow > 0.0 else None


HYDRAULIC_POWER = Method(
    hydraulic_power, unit="kW", inputs={"flow": "m3/h", "header": "kPa", "loss": "kPa"}
)
