"""Named points of people's bodies, as pose pictures show them: the eighteen of COCO as OpenPose orders them.

"left" and "right" are the person's own. Shoulders to ankles are the joints inside the body; nose, eyes and ears lie on
its surface.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from worldgen.conventions import F32, F64
from worldgen.figure import Figure

BODY_POINTS: Final = (
    "nose", "neck",
    "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip
FACE_POINTS: Final = frozenset(("nose", "right_eye", "left_eye", "right_ear", "left_ear"))
JOINT_OF: Final[Mapping[str, str]] = {
    f"{side}_{point}": f"{side}_{joint}"
    for side in ("right", "left")
    for point, joint in (
        ("shoulder", "shoulder"), ("elbow", "elbow"), ("wrist", "hand"),
        ("hip", "thigh"), ("knee", "knee"), ("ankle", "foot"),
    )
}  # fmt: skip
"""Points to the director's names of their joints (``worldgen.character.JOINTS``)."""


def none(time: float) -> Mapping[str, F64]:
    """An animal has none of them."""
    return {}


def face_of(figure: Figure) -> dict[str, F64]:
    """(3,) at rest, metres at the baked size: the tip of the nose, the fronts of the eyes, the ears' openings."""
    skin = figure.body.points
    left, right = figure.eye_centres
    between = (left + right) / 2
    front = skin[(np.abs(skin[:, 0]) < 0.02) & (np.abs(skin[:, 2] - between[2] + 0.035) < 0.03)]
    ahead = np.array([0.0, figure.eye_radius, 0.0])
    beside = skin[np.abs(skin[:, 2] - between[2] + 0.014) < 0.03]
    beside = beside[np.abs(beside[:, 1] - between[1] + 0.081) < 0.02]
    ear = np.array([beside[:, 0].max(), between[1] - 0.081, between[2] - 0.014])
    return {
        "nose": np.asarray(front[front[:, 1].argmax()], dtype=np.float64),
        "left_eye": left + ahead,
        "right_eye": right + ahead,
        "left_ear": ear * [-1.0, 1.0, 1.0],
        "right_ear": ear,
    }


def with_neck(points: Mapping[str, F64]) -> dict[str, F64]:
    """The points with the neck, where both shoulders are among them."""
    if "left_shoulder" not in points or "right_shoulder" not in points:
        return dict(points)
    return {**points, "neck": (points["left_shoulder"] + points["right_shoulder"]) / 2}


def face_of_box(head: F32) -> dict[str, F64]:
    """(3,) points of a face of which no more is known than its head's vertices (V, 3), looking to +Y; none of none."""
    if not len(head):
        return {}
    low, high = np.percentile(head.astype(np.float64), (5, 95), axis=0)
    shares = {  # of the box, from low to high
        "nose": (0.5, 1.0, 0.45), "left_eye": (0.32, 0.95, 0.6), "right_eye": (0.68, 0.95, 0.6),
        "left_ear": (0.0, 0.5, 0.5), "right_ear": (1.0, 0.5, 0.5),
    }  # fmt: skip
    return {point: low + (high - low) * np.array(share) for point, share in shares.items()}
