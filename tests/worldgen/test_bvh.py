"""BVH files: every order of channels, places, and what is said about broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from worldgen.bvh import load_bvh

TEXT = """HIERARCHY
ROOT Hips
{
\tOFFSET 1 2 3
\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
\tJOINT Brust
\t{
\t\tOFFSET 0 10 0
\t\tCHANNELS 3 Yrotation Zrotation Xrotation
\t\tEnd Site
\t\t{
\t\t\tOFFSET 0 5 1
\t\t}
\t}
}
MOTION
Frames: 2
Frame Time: 0.04
0 90 0 0 0 0 0 0 0
5 91 2 30 -20 40 15 25 -35
"""


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT.replace("Brust", "Brüst ung")])
def test_joints_are_where_their_turns_put_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.bvh"
    path.write_bytes(text.encode())
    bvh = load_bvh(path)
    assert bvh.seconds == 0.04
    assert bvh.parents.tolist() == [-1, 0, 1]
    turns, places = bvh.posed()
    assert places[0] == pytest.approx(np.array([[0, 90, 0], [0, 100, 0], [0, 105, 1]]))
    root = Rotation.from_euler("ZXY", [30, -20, 40], degrees=True)
    chest = root * Rotation.from_euler("YZX", [15, 25, -35], degrees=True)
    assert places[1, 1] == pytest.approx(root.apply([0, 10, 0]) + np.array([5, 91, 2]))
    assert places[1, 2] == pytest.approx(places[1, 1] + chest.apply([0, 5, 1]))
    assert turns[1, 1] == pytest.approx(chest.as_matrix())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("HIERARCHY", "HIERARCH"), "HIERARCHY"),
        (("MOTION", "MOTIO"), "MOTION"),
        (("Zposition", "Wposition"), "unknown channel 'wposition'"),
        (("5 91 2", "five 91 2"), "'five' stands where a number"),
        (("5 91 2", "nan 91 2"), "'nan'"),
        (("5 91 2 30", "5"), "cut short"),
        (("Frames: 2", "Frames: 9"), "9 frames are promised"),
        (("Frame Time: 0.04", "Frame Time: 0"), "no motion"),
        (("\t}\n}\nMOTION", "\t}\nMOTION"), "brackets"),
        (("OFFSET 0 10 0", "OFFSET 0 10"), "number|belong"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    path = tmp_path / "a.bvh"
    path.write_text(TEXT.replace(*change))
    with pytest.raises(ValueError, match=rf"^a\.bvh: .*({words})") as told:
        load_bvh(path)
    assert "\n" not in str(told.value)
    with pytest.raises(ValueError, match="no motion file"):
        load_bvh(tmp_path / "none.bvh")
