"""Other renderers, each in a process and an environment of its own, asked for one frame after another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

NAMES: Final = ("pyrender", "open3d", "blender", "pytorch3d")
_SCRIPT: Final = Path(__file__).with_name("rivals.py")
_VARIABLE: Final = "SETPIECE_RIVALS"


@dataclass
class Rival:
    """A renderer that is ready. detail: name, version and device. gives: what it makes of a frame."""

    name: str
    detail: str
    gives: str
    process: subprocess.Popen[str]

    def frame(self, number: int) -> float:
        """Milliseconds that frame ``number`` takes."""
        asked, answers = _pipes(self.process)
        asked.write(f"{number}\n")
        asked.flush()
        answer = answers.readline()
        if not answer:
            raise ValueError(f"{self.name} gave up in the middle of a frame: exit code {self.process.wait()}")
        return float(answer)

    def close(self) -> None:
        """End its process."""
        _pipes(self.process)[0].close()
        self.process.wait()


def opened(name: str, python: str, scene: Path) -> Rival | str:
    """A rival that has read the scene, by the interpreter that has it; or in words why there is none."""
    with tempfile.TemporaryFile("w+") as words:
        try:
            process = subprocess.Popen(
                [python, str(_SCRIPT), name, str(scene)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, text=True, env=_without_ours(),
            )  # fmt: skip
        except OSError as error:
            return f"{python} cannot be started ({error.strerror})"
        ready = _pipes(process)[1].readline()
        if not ready:
            process.wait()
            words.seek(0)
            said = [line for line in words.read().splitlines() if line.strip()]
            return said[-1][:200] if said else f"it ended with exit code {process.returncode}"
    return Rival(name, **json.loads(ready), process=process)


def interpreters(said: Sequence[str]) -> dict[str, str]:
    """The python of each rival, from NAME=PYTHON words, else from the environment, else this one."""
    found = dict.fromkeys(NAMES, sys.executable)
    for word in (*os.environ.get(_VARIABLE, "").split(","), *said):
        name, equals, python = word.strip().partition("=")
        if not word.strip():
            continue
        if name not in NAMES or not equals or not python:
            raise ValueError(f"{word!r} names no rival: write NAME=/path/to/python with one of {', '.join(NAMES)}")
        found[name] = python
    return found


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _without_ours() -> dict[str, str]:
    """The environment without what would lead another python to this one's packages."""
    return {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
