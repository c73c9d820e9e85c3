"""What happened in a simulated plant, as lines for people."""

from handwheel.sim_plant.model import PlantEvent


def event_line(event: PlantEvent) -> str:
    """Returns an event as the plant's printer shows it."""
    hours, rest = divmod(event.time_s, 3600.0)
    minutes, seconds = divmod(rest, 60.0)
    clock = f"{hours:03.0f}:{minutes:02.0f}:{seconds:04.1f}"
    return f"{clock}  {event.kind:9}  {event.tag:8}  {event.text}"
