"""Machine code is kept for the very sources it was made from."""

from __future__ import annotations

from pathlib import Path

import numba
import pytest

from render.compiled import kept_in


def test_another_source_has_another_folder_and_the_old_one_goes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one = 1\n")
    first = kept_in(tmp_path)
    (first / "code").write_text("made")
    assert kept_in(tmp_path) == first
    assert (first / "code").is_file()
    (tmp_path / "b.py").write_text("two = 2\n")  # the loop's own file is as it was
    second = kept_in(tmp_path)
    assert second != first
    assert second.is_dir()
    assert not first.exists()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("a file is in the way")
    assert not kept_in(tmp_path).is_dir()


def test_loops_are_kept_there() -> None:
    if "loops-" not in numba.config.CACHE_DIR:
        pytest.skip("NUMBA_CACHE_DIR says where")
    assert Path(numba.config.CACHE_DIR).parent.parent.name == "render"
