"""Whether what is compiled can be kept."""

from pathlib import Path

import pytest

from connectors.process.compile_cache import check_compile_cache


def test_the_folder_that_is_named_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    named = tmp_path / "not" / "there yet"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(named))
    assert check_compile_cache() == str(named)
    assert not named.exists()


def test_one_that_cannot_be_made_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert str(tmp_path) not in check_compile_cache()
