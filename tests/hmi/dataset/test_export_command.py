import sys
from pathlib import Path

import pytest

from ...sites.cw100 import make_site
from ..command_in_process import Said


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_site(tmp_path_factory.mktemp("site")).root)


def test_export_without_pyarrow_names_the_extra(
    site: str, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, told = said("dataset", "export", "--site", site, "-o", str(tmp_path / "new"))
    assert code == 2
    assert "needs pyarrow, which is not installed: install handwheel[parquet]" in told
    assert [*tmp_path.iterdir()] == []


def test_export_into_a_folder_that_exists_is_refused(site: str, said: Said, tmp_path: Path) -> None:
    code, _, told = said("dataset", "export", "--site", site, "-o", str(tmp_path))
    assert (code, told) == (2, f"handwheel: {tmp_path} exists, and nothing is replaced\n")
