"""A twin of the filter skid, which finds its state by measurements and runs its model on."""

from collections.abc import Mapping, Sequence
from typing import Any

from handwheel import Course, Estimate, Move, Windows
from handwheel.agents.lookahead.twin import TwinError
from handwheel.sim_plant.errors import SnapshotError, WriteRejected

from .plant import FilterSkid, SkidState

MEASURED = ("PT-102.pv", "FT-102.pv", "PDT-102.pv")
WRITTEN = ("PIC-102.sp", "F-102.wash")


class SkidTwin:
    """The twin. It takes for granted that the filter does not clog on."""

    tags = (*MEASURED, *WRITTEN)

    def estimate(self, windows: Windows) -> Estimate | None:
        found = [windows.mean(tag, 30.0) for tag in MEASURED]
        found += [windows.latest(tag) for tag in WRITTEN]
        known = [each for each in found if each is not None]
        if len(known) < len(found) or known[1] < 10.0:
            return None  # too little is measured, or no flow tells of the filter
        header, flow, loss, setpoint, washing = known
        skid = FilterSkid()
        skid.state = SkidState(
            setpoint=setpoint, header=header, cake=loss * 50.0 / flow, washing=washing > 0.5
        )
        off = (flow - skid.flow) / 80.0  # of the range
        assumed = ["The filter does not clog on."]
        return Estimate(windows.now_s, skid.snapshot(), {"FT-102.pv": off}, assumed)

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        skid = FilterSkid()
        times = range(int(horizon_s) + 1)
        series: dict[str, list[float]] = {tag: [] for tag in self.tags}
        try:
            skid.restore(state)
            for second in times:
                for move in moves:
                    if second - 1 < move.at_s <= second:
                        skid.write(move.tag, move.value)
                for tag, value in skid.measurements().items():
                    series[tag].append(float(value))
                skid.step()
        except (SnapshotError, WriteRejected) as error:
            raise TwinError(str(error)) from error
        return Course([float(second) for second in times], series)
