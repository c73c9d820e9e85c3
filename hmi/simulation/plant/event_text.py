"""Events of a simulated plant as text."""

from handwheel.sim_plant.model import PlantEvent


def event_line(event: PlantEvent, zero_s: float = 0.0) -> str:
    """Returns an event as the plant's printer shows it, in time from `zero_s`."""
    time_s = event.time_s - zero_s
    hours, rest = divmod(abs(time_s), 3600.0)
    minutes, seconds = divmod(rest, 60.0)
    sign = "-" if time_s < 0.0 else ""
    clock = f"{sign}{hours:03.0f}:{minutes:02.0f}:{seconds:04.1f}"
    return f"{clock}  {event.kind:9}  {event.tag:8}  {event.text}"
