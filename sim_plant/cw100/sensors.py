"""Transmitters of the skid with noise and range in their own units."""

from ..sensors import Sensor

SENSORS: tuple[Sensor, ...] = (
    Sensor("LT-101", 0.15, 0.0, 100.0),
    Sensor("PDT-101", 0.3, 0.0, 150.0),
    Sensor("PT-102", 1.2, 0.0, 600.0),
    Sensor("FT-103", 0.25, 0.0, 100.0),
    Sensor("TT-105", 0.05, 0.0, 100.0),
    Sensor("TT-106", 0.05, 0.0, 50.0),
    Sensor("FT-201", 0.15, 0.0, 60.0),
    Sensor("TT-201", 0.08, 0.0, 120.0),
    Sensor("TT-202", 0.08, 0.0, 100.0),
    Sensor("IT-101A", 0.05, 0.0, 25.0),
    Sensor("IT-101B", 0.05, 0.0, 25.0),
    Sensor("VT-101A", 0.03, 0.0, 20.0),
    Sensor("VT-101B", 0.03, 0.0, 20.0),
    Sensor("TT-111A", 0.1, 0.0, 120.0),
    Sensor("TT-111B", 0.1, 0.0, 120.0),
)
BY_NAME = {sensor.name: sensor for sensor in SENSORS}

# Additional noise of PT-102 while a running pump cavitates
CAVITATION_NOISE = "PT-102/cavitation"
CAVITATION_SIGMA_KPA = 100.0  # per unit of lost head factor
