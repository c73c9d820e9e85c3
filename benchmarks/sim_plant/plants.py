"""Speed of the simulated plants."""

from handwheel.evaluation.plants.installed_plants import create_plant, plant_names

from ..measure import calibration, interleaved

_STEPS = 2000


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the speeds against real time and against the calibration loop."""
    return [row for name in plant_names() for row in _rows(name, repeats)]


def _rows(name: str, repeats: int) -> list[tuple[str, str]]:
    plant, saved = create_plant(name, 1), create_plant(name).snapshot()

    def run() -> None:
        for _ in range(_STEPS):
            plant.step()

    def save_and_restore() -> None:
        plant.restore(saved)
        plant.snapshot()

    things = {"calibration": calibration, "run": run, "snapshot": save_and_restore}
    times = interleaved(things, repeats)
    plant_s = _STEPS * plant.step_s
    loop_s = times["calibration"]
    return [
        (
            f"{name}: plant seconds in one calibration loop",
            f"{plant_s * loop_s / times['run']:,.0f}",
        ),
        (f"{name}: times real time, on this machine now", f"{plant_s / times['run']:,.0f}"),
        (f"{name}: restore and snapshot, in loops", f"{times['snapshot'] / loop_s:.3f}"),
        (f"{name}: restore and snapshot, at most 5 ms", f"{1000.0 * times['snapshot']:.2f} ms"),
    ]
