"""The demo's picture as text: what it shows, and that it fits."""

import re
from collections.abc import Sequence

import pytest
from rich.console import RenderableType

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import BAD_WAITING, UNCERTAIN_LAST_USABLE, Value, never_read
from handwheel.hmi.simulation.demo.runs import FollowedRun
from handwheel.hmi.simulation.demo.scenarios import CHANGEOVER, DEMO_SCENARIOS
from handwheel.hmi.simulation.demo.screen import ScreenContent, render
from handwheel.hmi.simulation.demo.timeline import DEMO_TAGS, Timeline, TimelineEntry
from handwheel.hmi.site.tags.sample_buffer import SampleBuffer
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.engine.run import RunEvent, fold
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.language.loader import load_library
from handwheel.sim_plant.cw100.tags import ALARMS

from ..screen_text import DOWN, Readings, connections_of, readings_of, styled, text_of

TREND = ("VT-101A.pv", "PT-102.pv")


def picture_of(
    site: Site,
    readings: Readings,
    reasons: dict[str, str] | None = None,
    *,
    run: FollowedRun | None = None,
    fault: str = "F01",
    width: int = 80,
    height: int = 24,
) -> RenderableType:
    timeline, history = Timeline(), SampleBuffer(TREND, 400)
    timeline.add(readings)
    history.add(readings)
    timeline.entries += [TimelineEntry(60.0 * n, "P-101A.tripped", f"event {n}") for n in range(6)]
    connections = connections_of(site, DEMO_TAGS, reasons or {})
    return render(
        ScreenContent(
            "cooling", DEMO_SCENARIOS[fault].intro, run, site.tags, readings, history, timeline,
            connections, width, height,
        )
    )  # fmt: skip


ALARM: dict[str, Value] = {"VAH-101A.active": True}
ALL_ALARMS = {f"{alarm.tag}.active": True for alarm in ALARMS}
TRIPPED: dict[str, Value] = {
    **ALARM,
    "P-101A.running": False, "P-101A.tripped": True, "P-101A.trip_cause": 2,
    "P-101B.running": True, "PAL-102.active": True, "PDAH-101.active": True,
}  # fmt: skip
NEVER: Readings = {name: never_read(BAD_WAITING, 0.0) for name in DEMO_TAGS}
PICTURES: dict[str, tuple[Readings, dict[str, str]]] = {
    "normal": (readings_of(DEMO_TAGS), {}),
    "alarm": (readings_of(DEMO_TAGS, ALARM), {}),
    "every alarm": (readings_of(DEMO_TAGS, ALL_ALARMS), {}),
    "tripped": (readings_of(DEMO_TAGS, TRIPPED), {}),
    "half": (readings_of(DEMO_TAGS, ALARM), {"pkg": DOWN["pkg"]}),
    "stale": (readings_of(DEMO_TAGS, TRIPPED, UNCERTAIN_LAST_USABLE), DOWN),
    "no data": (NEVER, DOWN),
}
NORMAL = """\
HANDWHEEL demo  cooling, simulated  0×  plant time 0:00:00  pkg ok  dcs ok
A bearing of P-101A is failing. Strainer clean, standby ready.  Ctrl-C stops it.
VT-101A vibration, mm/s (alarm 5)       PT-102 header pressure, kPa (alarm 290)
10┤                                     500┤
  │                                        │
  │                                        │
  │                                        │
  │                                        │                                  ⠄
  │                                        │
  │                                     290┼┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
 5┼┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈    │
  │                                        │
  │                                        │
  │                                        │
  │                                        │
  │                                   ⡀    │
  │                                        │
 0┤                                       0┤
P-101A running        9.33 A   1.13 mm/s    38.7 degC      header   350.0 kPa
P-101B stopped        0.00 A   0.10 mm/s    25.0 degC    strainer    4.19 kPa
alarms  none
no run yet, the agents are watching
0:04:00  event 4
0:05:00  event 5"""

# Line, from 0, to what it is or begins with where it is not as in the normal picture.
LINES: dict[str, dict[int, str]] = {
    "normal": {},
    "alarm": {20: "alarms  ◆ P2 VAH-101A"},
    "every alarm": {20: "alarms  ▲ P1 PAL-102  ▲ P1 FAL-103  ◆ P2 VAH-101A  ◆ P2 VAH-101B  +23"},
    "tripped": {
        18: "P-101A ! TRIP I-02    9.33 A   1.13 mm/s    38.7 degC      header   350.0 kPa",
        19: "P-101B running        0.00 A   0.10 mm/s    25.0 degC    strainer    4.19 kPa",
        20: "alarms  ▲ P1 PAL-102  ◆ P2 VAH-101A  ■ P3 PDAH-101",
    },
    "half": {
        0: "HANDWHEEL demo  cooling, simulated  0×  plant time 0:00:00  pkg DOWN  dcs ok",
        1: "pkg: modbus://127.0.0.1:5020/1: no answer within 2 s",
        20: "alarms  ◆ P2 VAH-101A",
    },
    "stale": {
        0: "HANDWHEEL demo  cooling, simulated  ?×  plant time 0:00:00  pkg DOWN  dcs DOWN",
        1: "pkg: modbus://127.0.0.1:5020/1: no answer within 2 s",
        7: "  │                                        │",
        15: "  │                                        │",
        18: "P-101A ? no data    ? 9.33 A ? 1.13 mm/s  ? 38.7 degC      header ? 350.0 kPa",
        19: "P-101B ? no data    ? 0.00 A ? 0.10 mm/s  ? 25.0 degC    strainer  ? 4.19 kPa",
        20: "alarms  ? no data  ? P1 PAL-102  ? P2 VAH-101A  ? P3 PDAH-101",
    },
    "no data": {
        0: "HANDWHEEL demo  cooling, simulated  ?×  plant time 0:00:00  pkg DOWN  dcs DOWN",
        1: "pkg: modbus://127.0.0.1:5020/1: no answer within 2 s",
        7: "  │                                        │",
        15: "  │                                        │",
        18: "P-101A ? no data       ? - A    ? - mm/s     ? - degC      header     ? - kPa",
        19: "P-101B ? no data       ? - A    ? - mm/s     ? - degC    strainer     ? - kPa",
        20: "alarms  ? no data",
    },
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_demos_picture_fits_and_says_what_is_wrong(site: Site, name: str) -> None:
    readings, reasons = PICTURES[name]
    lines = text_of(picture_of(site, readings, reasons)).splitlines()
    assert len(lines) == 24
    assert max(len(line) for line in lines) <= 80
    expected = dict(enumerate(NORMAL.splitlines())) | LINES[name]
    assert lines == list(expected.values())


OPENED = RunEvent(EventKind.OPENED, {"playbook": CHANGEOVER})
FINDINGS = [
    {"id": "bearing", "side": "for", "truth": "true", "shown": "VT > 5  [VT is 5.1 mm/s]"},
    {"id": "trend", "side": "for", "truth": "true", "shown": "r > 1  [VT is 5, rate(VT) is 3]"},
    {"id": "cavitation", "side": "against", "truth": "true", "shown": "dp > 25  [dp is 30 kPa]"},
    {"id": "sensor", "side": "against", "truth": "false", "shown": "s == 0  [s is 0.1]"},
    {"id": "standby-ready", "side": "permissive", "truth": "true", "shown": "ok  [ok is true]"},
    {"id": "suction", "side": "permissive", "truth": "unknown", "shown": "a < 3  [a is -]"},
    {"id": "header", "side": "permissive", "truth": "false", "shown": "p > 3  [p is 2 kPa]"},
    {"id": "steady", "side": "permissive", "truth": "true", "shown": f"x < 3  [{'x is 2, ' * 20}]"},
]
JUDGED = RunEvent(EventKind.JUDGED, {"findings": FINDINGS})
FILED = RunEvent(EventKind.FILED, {"request_id": "R-1"})
APPROVED = RunEvent(EventKind.APPROVED, {"request_id": "R-1"})
REFUSED = RunEvent(EventKind.NOT_STARTED, {"reason": "cavitation speaks against it"})


def run_of(site: Site, *events: RunEvent) -> FollowedRun:
    """A run with these events, of the change-over playbook."""
    library, _ = load_library(site)
    playbook = next(each for each in library if each.id == CHANGEOVER)
    run = fold(RunEvent(each.kind, each.body, seq=n) for n, each in enumerate(events, 1))
    return FollowedRun("U-1", run, bind(playbook, site))


CASE = """\
for          bearing        met        VT is 5.1 mm/s
             trend          met        rate(VT) is 3, VT is 5
against    ! cavitation     met        dp is 30 kPa
             sensor         not met    s is 0.1
permissive   standby-ready  met        ok is true
           ! suction        not known  a is -
           ! header         not met    p is 2 kPa
             steady         met        x is 2, x is 2, x is 2, x is 2, x is 2, …
0:04:00  event 4
0:05:00  event 5"""
STARTING = RunEvent(EventKind.STEP, {"step": "start-standby", "to": "COMMAND"})
STARTED = RunEvent(EventKind.STEP, {"step": "start-standby", "to": "VERIFY"})
AT: dict[str, tuple[Sequence[RunEvent], tuple[str, str, str]]] = {
    "waiting": (
        (OPENED, JUDGED, FILED),
        ("U-1  cw/pump-bearing-changeover  WAITING_APPROVAL", "R-1 is waiting for approval", ""),
    ),
    "working": (
        (OPENED, JUDGED, FILED, APPROVED, STARTING, STARTED),
        (
            "U-1  cw/pump-bearing-changeover  RUNNING",
            "step start-standby VERIFY: P-101B.running and P-101B.speed > 50 %",
            "[P-101B.running is false, P-101B.speed is 0 %]",
        ),
    ),
    "not started": (
        (OPENED, JUDGED, REFUSED),
        ("U-1  cw/pump-bearing-changeover  NOT_STARTED", "cavitation speaks against it", ""),
    ),
}


@pytest.mark.parametrize("name", AT)
def test_a_run_is_shown_with_its_step_and_what_speaks_for_and_against_it(
    site: Site, name: str
) -> None:
    events, head = AT[name]
    picture = picture_of(site, readings_of(DEMO_TAGS), run=run_of(site, *events))
    lines = text_of(picture).splitlines()
    assert len(lines) == 24
    assert tuple(lines[11:14]) == head
    assert "\n".join(lines[14:]) == CASE


@pytest.mark.parametrize("fault", DEMO_SCENARIOS)
def test_no_introduction_is_cut(site: Site, fault: str) -> None:
    hint = text_of(picture_of(site, readings_of(DEMO_TAGS), fault=fault)).splitlines()[1]
    assert hint.rstrip().endswith("  Ctrl-C stops it.")


def test_only_what_is_abnormal_has_a_colour(site: Site) -> None:
    normal = styled(picture_of(site, readings_of(DEMO_TAGS)))
    assert set(re.findall(r"\x1b\[([0-9;]+)m", normal)) == {"0", "1", "2"}  # bold and dim
    tripped = styled(picture_of(site, readings_of(DEMO_TAGS, TRIPPED)))
    for text in ("1;31m▲ P1 PAL-102", "1;33m◆ P2 VAH-101A", "1;36m■ P3 PDAH-101", "1;31mP-101A !"):
        assert f"\x1b[{text}" in tripped
    assert "\x1b[7m? no data\x1b" in styled(picture_of(site, NEVER))
    judged = styled(picture_of(site, readings_of(DEMO_TAGS), run=run_of(site, OPENED, JUDGED)))
    for text in ("against    ! cavitation", "           ! suction", "           ! header"):
        assert f"\x1b[1;33m{text}" in judged
    assert judged.count("\x1b[1;33m") == 3


@pytest.mark.parametrize(("width", "height"), [(79, 24), (80, 23), (80, 24), (120, 40)])
def test_a_terminal_that_is_too_small_is_told(site: Site, width: int, height: int) -> None:
    picture = picture_of(site, readings_of(DEMO_TAGS), width=width, height=height)
    first = text_of(picture, width, height).splitlines()[0]
    assert (first == "80 x 24 needed") == (width < 80 or height < 24)
