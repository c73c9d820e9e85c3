"""Files of a site: whatever stands in their place, nobody waits for it."""

import os
from pathlib import Path

import pytest

from handwheel.connectors.config.regular_files import read_regular


def test_a_file_and_a_link_to_one_are_read_whole(tmp_path: Path) -> None:
    file, link = tmp_path / "policy.yaml", tmp_path / "link.yaml"
    file.write_bytes(b"a: 1\n")
    link.symlink_to(file)
    assert read_regular(file) == read_regular(link, 5) == b"a: 1\n"


def test_what_is_no_file_or_too_long_is_refused_at_once(tmp_path: Path) -> None:
    pipe, long = tmp_path / "pipe", tmp_path / "long"
    os.mkfifo(pipe)
    long.write_bytes(b"123456")
    cases = {
        pipe: "is no regular file",
        Path("/dev/zero"): "is no regular file",
        tmp_path: "Is a directory",
        long: "larger than 5 bytes",
        tmp_path / "missing": "No such file",
    }
    for path, reason in cases.items():
        with pytest.raises(OSError, match=reason):
            read_regular(path, 5)
