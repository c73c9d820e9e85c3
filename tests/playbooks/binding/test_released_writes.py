"""Writes of a release: every value that a run may have by its parameters."""

from pathlib import Path

from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.release import released_writes

from ..sample_playbook import changed, loaded

_LOAD = (
    ("parameters:\n", "parameters:\n  load: {type: quantity, unit: m3/h, default: 30 m3/h, "
     "min: 28 m3/h, max: 36 m3/h}\n  run: {type: bool, default: true}\n"),
    ("FIC-201.sp: 30 m3/h", "FIC-201.sp: load"),
    ("write: {standby.run_cmd: true}", "write: {standby.run_cmd: run}"),
)  # fmt: skip


def test_a_release_lists_what_parameters_may_be(tmp_path: Path, site: Site) -> None:
    playbook = loaded(tmp_path, changed(*_LOAD))
    found = {
        (each.step, each.tag): (each.value, each.range)
        for each in released_writes(playbook, Bindings(site), playbook.file.roles)
    }
    assert found["less-load", "FIC-201.sp"] == (None, [28.0, 36.0])
    assert found["undo:start", "P-101B.run_cmd"] == (False, None)
    listed = [each.value for each in released_writes(playbook, Bindings(site), playbook.file.roles)]
    assert {True, False} <= set(listed)


def test_a_release_lists_the_words_of_a_parameter_only(tmp_path: Path, site: Site) -> None:
    word = "  word: {type: enum, values: [local, maintenance], default: local}\n"
    write = ("write: {standby.run_cmd: true}", "write: {standby.mode: word}")
    playbook = loaded(tmp_path, changed(("parameters:\n", f"parameters:\n{word}"), write,
                                        ("{write: {standby.run_cmd: false}}", "none")))  # fmt: skip
    found = [each for each in released_writes(playbook, Bindings(site), playbook.file.roles)
             if each.tag == "P-101B.mode"]  # fmt: skip
    assert [(each.value, each.range) for each in found] == [(0, None), (2, None)]
