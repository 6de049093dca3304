"""Which joint of a foreign skeleton is the head, the left knee, …: by the names that programs give their joints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_LIMBS: Final[dict[str, tuple[str, ...]]] = {
    "thigh": ("thigh", "upleg", "upperleg", "upperleg01", "femur", "hip", "hindthigh", "backupperleg"),
    "knee": ("knee", "leg", "lowerleg", "lowerleg01", "calf", "shin", "tibia"),
    "foot": ("foot", "ankle"),
    "toes": ("toes", "toebase", "ball", "toe", "toe0", "toe1", "toe01"),
    "clavicle": ("clavicle", "collar", "collarbone"),
    "shoulder": ("upperarm", "uparm", "upperarm01", "arm", "humerus"),
    "elbow": ("lowerarm", "forearm", "lowerarm01", "elbow", "radius", "loarm"),
    "hand": ("hand", "wrist", "palm"),
}
"""Role to what programs call it, the likeliest first: CMU, Mixamo, MakeHuman, Blender, 3ds Max, ASF and game rigs."""
_MIDDLE: Final[dict[str, tuple[str, ...]]] = {
    "hips": ("hips", "pelvis", "hip", "cog", "root"),
    "neck": ("neck", "neck1", "neck01", "neck0", "neckbase"),
    "head": ("head", "head01", "head1", "skull"),
}
_SPINE: Final = re.compile(r"^(lowerback|upperback|thorax|spine|abdomen|torso|chest|upperchest|back)\d*$")
_PREFIX: Final = re.compile(r"^(mixamorig\d*|bip0*1|valvebiped\.bip0*1|def|bn|b|jnt|j|mc)[ ._-]+", re.I)
_SIDED: Final = re.compile(r"^(left|right|l|r)[ ._-]+(.*)$|^(.*?)[ ._-]+(left|right|l|r)$")


def _parts(name: str) -> tuple[str, str]:
    """Side ("left", "right" or "") and what remains, in small letters and digits."""
    plain = re.split(r"[:|]", name)[-1]
    plain = _PREFIX.sub("", plain)
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain).lower()
    plain = re.sub(r"^mixamorig\d*_?", "", plain)
    plain = re.sub(r"[ ._-]+\d{3}$", "", plain)  # Blender's number for a second one of the same name
    found = _SIDED.match(plain)
    if found:
        side = found[1] or found[4]
        rest = found[2] if found[1] else found[3]
        return ("left" if side[0] == "l" else "right"), re.sub(r"[^a-z0-9]", "", rest)
    flat = re.sub(r"[^a-z0-9]", "", plain)
    for word, side in (("left", "left"), ("right", "right")):
        if word in flat:
            return side, flat.replace(word, "", 1)
    known = {word for words in _LIMBS.values() for word in words}
    for letter, side in (("l", "left"), ("r", "right")):  # lfemur
        if flat.startswith(letter) and flat[1:] in known:
            return side, flat[1:]
        if flat.endswith(letter) and flat[:-1] in known:
            return side, flat[:-1]
    return "", flat


def roles(names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
    """Role ("hips", "spine", "chest", "neck", "head", "left_shoulder", …) to the row of its joint, where one is found.

    A role stands for where its joint is: "left_shoulder" is where the upper arm begins, "left_knee" the lower leg.
    """
    parts = [_parts(name) for name in names]
    found: dict[str, int] = {}
    for side in ("left", "right"):
        mine = {base: k for k, (where, base) in reversed(list(enumerate(parts))) if where == side}
        words = {role: list(known) for role, known in _LIMBS.items()}
        if "shoulder" in mine:  # the collar bone where there is an arm besides, else the arm itself
            free = next((w for w in words["shoulder"] if w in mine), None)
            words["clavicle" if free else "shoulder"].append("shoulder")
        for role, known in words.items():
            for word in known:
                if word in mine:
                    found[f"{side}_{role}"] = mine[word]
                    break
    middle = {base: k for k, (where, base) in reversed(list(enumerate(parts))) if not where}
    for role, known_words in _MIDDLE.items():
        for word in known_words:
            if word in middle:
                found[role] = middle[word]
                break
    chain = []
    top = found.get("neck", found.get("head", -1))
    while top >= 0 and top != found.get("hips"):
        if _SPINE.match(parts[top][1]) and not parts[top][0]:
            chain.append(top)
        top = int(parents[top])
    if not chain:
        chain = [k for k, (where, base) in enumerate(parts) if not where and _SPINE.match(base)][::-1]
    if chain:
        found["spine"], found["chest"] = chain[-1], chain[0]
    return found
