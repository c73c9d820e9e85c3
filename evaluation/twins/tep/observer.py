"""Observer of the process, a model that the measurements drive and correct.

The model takes the measured positions of all valves. Its vessels are then corrected towards the
measured levels, pressures, temperatures and analyses, each with a time constant that is long
against its noise. Nothing measures the reactor's contents: its gas is the purge's and its liquid
in equilibrium with it, as the separator condenses what the reactor gives off. Feeds 1 and 4 are
measured, so the share that arrives of what their valves let through is known.
"""

from collections.abc import Sequence

from handwheel.agents.diagnosis.windows import BUCKET_S
from handwheel.sim_plant.tep.process.process import Process
from handwheel.sim_plant.tep.process.state import HEADER, REACTOR, SEPARATOR, STRIPPER, VALVES

from .measurements import Row

EVERY_S = round(BUCKET_S)
"""Time from one correction to the next, whole steps of the model."""

# Time constants of the corrections, s
_LEVEL_S, _PRESSURE_S, _TEMPERATURE_S, _SHARE_S = 300.0, 120.0, 120.0, 1200.0
_MOST = 0.05  # of one correction, a share of what it corrects
_ATMOSPHERE = 101.3  # kPa
_A_FULL, _AC_FULL = 0.010166, 0.15249  # kscmh per percent of the valves of streams 1 and 4
_A_LOST, _AC_SHORT = 5, 6  # IDV 6 and 7, of which the second takes a fifth away
_AC_STEP = 0.2
_SHORT = 0.95  # share of a feed's usual flow below which some is missing
_LEAST_OPEN = 2.0  # percent of a valve below which its flow tells nothing

_LIGHT, _HEAVY, _ALL = range(3), range(3, 8), range(8)


class Observer:
    """State of the process, found from measurements.

    Args:
        steps: Of the plant at the beginning, by which the analysers sample.
    """

    def __init__(self, steps: int) -> None:
        self.process = Process(None)
        self.process.state.steps = steps

    def follow(self, row: Row, *, is_corrected: bool = True) -> None:
        """Advances by `EVERY_S` with the valves of a row, and draws the model to the row."""
        state, valves = self.process.state, row.valves
        state.x[VALVES] = state.xmv = state.held = list(valves)
        state.idv[_A_LOST] = _missing(row.xmeas[0], valves[2], _A_FULL)
        short = _missing(row.xmeas[3], valves[3], _AC_FULL) / _AC_STEP
        state.idv[_AC_SHORT] = min(short, 1.0)
        for _ in range(EVERY_S):
            self.process.step()
        if is_corrected:
            self._correct(row.xmeas)

    @property
    def assumed(self) -> list[str]:
        """Sentences about the feeds that it takes for granted."""
        lost, short = self.process.state.idv[_A_LOST], self.process.state.idv[_AC_SHORT] * _AC_STEP
        return [
            f"Stream {stream} goes on without {missing:.0%} of what its valve lets through."
            for stream, missing in ((1, lost), (4, short))
            if missing
        ]

    def _correct(self, measured: Sequence[float]) -> None:
        x, shown = self.process.state.x, self.process.state.xmeas
        gap = [each - own for each, own in zip(measured, shown, strict=True)]
        purge = [_share(measured[28 + n], shown[28 + n]) for n in _ALL]
        feed = [_share(measured[22 + n], shown[22 + n]) for n in range(6)] + [0.0, 0.0]
        # the analyser's noise is as large as the D in the product
        product = [0.0] * 4 + [_share(measured[37 + n], shown[37 + n]) for n in range(4)]
        for part, pressure, level, temperature, volume, empty in (
            (REACTOR, 6, 7, 8, 6.667, 84.6),
            (SEPARATOR, 12, 11, 10, 2.9, 27.5),
        ):
            gas = _part(gap[pressure] / (shown[pressure] + _ATMOSPHERE), _PRESSURE_S)
            liquid = _part(gap[level] * volume / (empty + volume * shown[level]), _LEVEL_S)
            hot = _part(gap[temperature] / shown[temperature], _TEMPERATURE_S)
            scales = [purge[n] + (gas if n in _LIGHT else liquid) for n in _ALL]
            x[part] = _scaled(x[part], scales, _HEAVY, hot)
        liquid = _part(gap[14] * 1.565 / (78.25 + 1.565 * shown[14]), _LEVEL_S)
        hot = _part(gap[17] / shown[17], _TEMPERATURE_S)
        x[STRIPPER] = _scaled(x[STRIPPER], [each + liquid for each in product], _ALL, hot)
        gas = _part(gap[15] / (shown[15] + _ATMOSPHERE), _PRESSURE_S)
        x[HEADER] = _scaled(x[HEADER], [each + gas for each in feed], _ALL, 0.0)
        x[36:38] = measured[20:22]


def _missing(flow: float, opening: float, full: float) -> float:
    """Returns the share of a feed that does not arrive, 0 where its valve is all but shut."""
    if opening < _LEAST_OPEN:
        return 0.0
    share = min(max(flow / (full * opening), 0.0), 1.0)
    return 1.0 - share if share < _SHORT else 0.0


def _part(gap: float, time_s: float) -> float:
    return min(max(gap * EVERY_S / time_s, -_MOST), _MOST)


def _share(measured: float, own: float) -> float:
    return _part(measured / own - 1.0, _SHARE_S) if own > 0.0 and measured > 0.0 else 0.0


def _scaled(
    part: Sequence[float], scales: Sequence[float], hot: Sequence[int], hotter: float
) -> list[float]:
    """Returns amounts and energy of a vessel, scaled, with an energy that follows its amounts."""
    before = sum(part[n] for n in hot)
    amounts = [part[n] * (1.0 + scales[n]) for n in _ALL]
    return [*amounts, part[8] * sum(amounts[n] for n in hot) / before * (1.0 + hotter)]
