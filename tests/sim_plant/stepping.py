"""Steps of a plant, of its process or of a simulation."""

from typing import Protocol


class Stepped(Protocol):
    """Something that goes on in steps."""

    def step(self) -> object: ...


def go_on(count: int, *plants: Stepped) -> None:
    """Lets all of them go on side by side."""
    for _ in range(count):
        for plant in plants:
            plant.step()
