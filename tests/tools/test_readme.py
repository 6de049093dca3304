"""The README stays true: its scene builds, and its commands and folders exist."""

from __future__ import annotations

import re
from pathlib import Path

from tools.cli import app
from worldgen.build import build
from worldgen.load import scene_from_text

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_scene_builds() -> None:
    (scene,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert len(scene.splitlines()) <= 20
    spec = scene_from_text(scene, "README.md")
    assert build(spec, base=ROOT).shot("homecoming").frames == 96


def test_the_commands_exist_and_all_are_named() -> None:
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    table = README[README.index("| command |") : README.index("Every command that reports")]
    named = set(re.findall(r"`(?:setpiece )?([a-z-]+)", table))
    assert verbs <= named
    options = set(re.findall(r"--[a-z]+", README.replace("mypy --strict", "")))
    files = [ROOT / "tools" / name for name in ("cli.py", "cli_options.py")]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    assert all(option in source or f"    {option[2:]}:" in source for option in options)


def test_the_folders_are_those_of_the_repository() -> None:
    table = README[README.index("| folder |") : README.index("Imports run one way")]
    folders = set(re.findall(r"^\| `([a-z]+)/`", table, re.MULTILINE))
    assert folders == {"worldgen", "render", "conditioning", "scenes", "tools", "tests"}
    assert all((ROOT / folder).is_dir() for folder in folders)
