"""`handwheel baseline`: learnt from records, signed, and not used where it does not fit."""

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handwheel.agents.diagnosis.baseline import BaselineFile, HealthySpec
from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.writer import HistoryWriter, SampleBatch
from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.plants.installed_plants import create_plant, parse_fault
from handwheel.evaluation.trial.model_plant import ModelPlant
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import site_of
from ..command_in_process import Said

RECORDED_S, SCAN_S = 46 * 60, 3
FAULT_MIN = 26
CALL = "strainer_resistance(clean=0.00313, dp=PDT-101.pv, flow=FT-103.pv)"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> Path:
    """A site with a recorded time, whose strainer is plugged for the last twenty minutes."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("handwheel.tools.guardrails.identity.keys.KDF_ROUNDS", 1)
    root = tmp_path / "cw"
    site_of(root, PlantEndpoints(scan=f"{SCAN_S} s"))
    monkeypatch.chdir(root)
    (tmp_path / "pass").touch(0o600)
    (tmp_path / "pass").write_text("battery staple\n")
    enroll = "operators", "enroll"
    issued = "--issuer-passphrase-file", "../pass"
    for person, role, *more in (("boss", "administrator"), ("eva", "engineer", *issued)):
        assert said(*enroll, person, "--role", role, "--passphrase-file", "../pass", *more)[0] == 0
    _record(load_site(root))
    return root


def _record(site: Site) -> None:
    """Records the plant up to now."""
    plant = create_plant("cw-100", 1)
    fault = parse_fault(f"F02@{FAULT_MIN}min,plug=28", plant.faults)
    model = ModelPlant(in_memory_site(site), Simulation(plant, Scenario((fault,), plant.time_s)))
    computed = ComputedTags(site, site.tags.values())
    begin_us = round((time.time() - RECORDED_S) * 1e6)
    batches: list[SampleBatch] = []
    for second in range(0, RECORDED_S, SCAN_S):
        model.advance(SCAN_S)
        samples = list(computed.complete(model.readings()).items())
        batches.append(SampleBatch(begin_us + second * 1_000_000, samples))
    site.state.mkdir(exist_ok=True)
    with closing(HistoryWriter(site.state / HISTORY_FILE, {}, definitions(site))) as writer:
        writer.write(batches)


def learn(said: Said, *more: str) -> tuple[int, str, str]:
    return said("baseline", "learn", *more)


def test_a_baseline_is_learnt_from_a_healthy_time_and_counts_as_it_was_signed(
    site: Path, said: Said
) -> None:
    code, _, wrong = learn(said, "--for", "42min")
    assert code == 1
    assert "because the plant was not well" in wrong
    assert "  strainer-plugged  named from 1" in wrong
    assert learn(said, "--for", "42min", "--despite", "strainer-plugged")[0] == 0
    assert 'despite: ["strainer-plugged"]' in (site / "baseline.yaml").read_text("utf-8")
    healthy = datetime.fromtimestamp(time.time() - RECORDED_S + FAULT_MIN * 60 - 10, UTC)
    words = "--for", "24min", "--until", healthy.isoformat()
    code, told, _ = learn(said, *words)
    assert (code, "residuals learnt from 2" in told) == (0, True)
    assert "next: handwheel baseline sign" in told

    code, told, _ = said("baseline", "show")
    assert (code, f"  {CALL}\n" in told) == (1, True)
    assert "not learnt, so that its signs are unknown: head_lost(" in " ".join(told.split())
    assert "baseline.yaml: it is not signed; next: handwheel baseline sign" in told
    code, _, wrong = said("check")
    assert (code, "baseline.yaml: it is not signed" in wrong) == (2, True)

    code, told, _ = said("baseline", "sign", "--as", "eva", "--passphrase-file", "../pass")
    assert (code, told.splitlines()[-1]) == (0, "eva signed baseline.yaml in baseline.lock")
    code, told, _ = said("baseline", "show")
    assert (code, "signed by eva at " in told, "not used" in told) == (0, True, False)
    assert said("check")[0] == 0

    path = site / "baseline.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("spread: 0.", "spread: 1."), encoding="utf-8")
    code, _, wrong = said("check")
    assert (code, "baseline.yaml: it was changed since eva signed it" in wrong) == (2, True)


def test_a_baseline_that_does_not_fit_is_told_with_every_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: Said,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "cw"
    site_of(root, PlantEndpoints())
    monkeypatch.chdir(root)
    stamp = "2026-11-25T08:50:25.123Z"
    healthy = HealthySpec(low=30, high=40.5, mean=1e-7, spread=0.25, count=20)
    file = BaselineFile(
        schema="baseline/1", site="other", plant="tep", begin=stamp, end=stamp,
        failure_modes="0", residuals={CALL: [healthy]},
    )  # fmt: skip
    (root / "baseline.yaml").write_text(file.text, encoding="utf-8")
    code, _, wrong = said("check")
    assert code == 2
    assert [line.rpartition("baseline.yaml")[2] for line in wrong.splitlines()] == [
        ": it is not signed; next: handwheel baseline sign",
        ":4:1: site: it was learnt at the site 'other', and this is 'cw'",
        ":5:1: plant: it was learnt from the plant 'tep', and this is 'cw-100'",
        ":8:1: failure_modes: the failure modes measure other residuals now; "
        "next: handwheel baseline learn",
    ]
    code, _, wrong = said("baseline", "sign")
    assert (code, "learnt at the site 'other'" in wrong) == (2, True)
