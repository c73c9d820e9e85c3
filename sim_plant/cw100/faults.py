"""The faults and decoys of the cooling-water skid, and what a person in the field can do."""

from ..model import Choice, FaultKind, Number

_PUMP = Choice("P-101A", ("P-101A", "P-101B"), "the pump")

FAULTS: dict[str, FaultKind] = {
    fault.id: fault
    for fault in (
        FaultKind(
            "F01",
            "bearing wear",
            tell="vibration and bearing temperature rise; strainer and header are steady",
            response="planned change-over and a work order",
            parameters={
                "pump": _PUMP,
                "d0": Number(0.02, 0.01, 1.5, "damage at onset, healthy is 0.01"),
                "tau": Number(3600.0, 60.0, 1e8, "time constant of its growth, s"),
            },
        ),
        FaultKind(
            "F02",
            "strainer plugged",
            tell="PDT-101 high, current low for its speed, PT-102 noisy once the pump cavitates",
            response="clean the strainer; a change-over makes the standby cavitate too",
            parameters={
                "plug": Number(28.0, 1.0, 60.0, "loss against a clean strainer; 28 cavitates"),
            },
        ),
        FaultKind(
            "F10",
            "electrical trip",
            tell="a pump trips with cause 8; I-03 starts the standby",
            response="a work order; never a restart of the tripped pump",
            parameters={"pump": _PUMP},
        ),
        FaultKind(
            "F16",
            "pump does not start",
            tell="the run command reads back, the pump stays at rest; trip with cause 9 after 10 s",
            response="hold, take the command back, keep the duty pump",
            parameters={"pump": Choice("P-101B", _PUMP.words, _PUMP.meaning)},
        ),
        FaultKind(
            "D01",
            "load up",
            tell="FT-201 is higher; the exchanger is clean",
            response="nothing",
            parameters={"load": Number(46.0, 0.0, 60.0, "product flow, m3/h")},
            is_decoy=True,
        ),
    )
}

FIELD_ACTIONS: dict[str, str] = {
    "clean-strainer": "clean the strainer S-101 (on line)",
    "reset-process": "turn the field key HS-201: resets I-06",
    "repair-P-101A": "new bearing, drive and starter for P-101A",
    "repair-P-101B": "new bearing, drive and starter for P-101B",
    "local-P-101A": "turn P-101A's switch to local",
    "local-P-101B": "turn P-101B's switch to local",
    "remote-P-101A": "turn P-101A's switch to remote",
    "remote-P-101B": "turn P-101B's switch to remote",
}
