"""Stages are made once a key, keep what an interrupted run finished, and never show another key's files."""

from __future__ import annotations

from pathlib import Path

from conditioning.stage import Stage

NAMES = ["0001.png", "0002.png"]


def test_done_only_when_finished_and_whole(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "stage.json", "key")
    assert not stage.is_done(NAMES)
    assert stage.begin(NAMES) == NAMES
    for name in NAMES:
        (tmp_path / name).write_bytes(b"picture")
    assert not stage.is_done(NAMES)
    stage.finish(NAMES, {"size": "32x18"})
    assert stage.is_done(NAMES)
    (tmp_path / NAMES[1]).write_bytes(b"")
    assert not stage.is_done(NAMES)


def test_an_interrupted_stage_keeps_its_files(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "stage.json", "key")
    stage.begin(NAMES)
    (tmp_path / NAMES[0]).write_bytes(b"picture")
    assert stage.begin(NAMES) == [NAMES[1]]


def test_another_key_starts_empty_and_spares_neighbours(tmp_path: Path) -> None:
    old = Stage(tmp_path, "stage.json", "old")
    old.begin([*NAMES, "0003.png"])
    for name in [*NAMES, "0003.png", "notes.txt"]:
        (tmp_path / name).write_bytes(b"picture")
    old.finish([*NAMES, "0003.png"], {})
    new = Stage(tmp_path, "stage.json", "new")
    assert not new.is_done(NAMES)
    assert new.begin(NAMES) == NAMES
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "stage.json"]
