"""A street that opens on a small square and ends in a cross street; in old styles below a church tower.

The street runs along +Y from y = 0 to y = ``length``, centred on x = 0, its carriageway at z = 0 and its pavements
12 cm higher (in a village with front gardens behind). Behind y = 0 lies the square, free of things for 14 m and as
wide, from where a camera can look into the street; behind y = ``length`` a cross street, closed by houses. Every
house and every piece of furniture is drawn from a seed of its own, so a longer street keeps what the shorter one had
(but for the flank of its last house on either side).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable

import numpy as np

from worldgen.conventions import F64, seed_from
from worldgen.kit import placed
from worldgen.sets import SetPiece, street_alley, street_modern
from worldgen.sets.building import Lot, built, shared
from worldgen.sets.dressing import BENCHES, FOUNTAIN, kerbside, overhead, square
from worldgen.sets.ground import CROSS, KERB, SQUARE_DEPTH, SQUARE_HALF, ground, pavement_width
from worldgen.sets.landmark import church
from worldgen.sets.palette import STYLES, Style
from worldgen.sets.sign import Glow
from worldgen.sets.stall import REACH
from worldgen.stage import Ground, Spot
from worldgen.world import Thing

Place = Callable[[float, float], F64]
"""Where a house stands that begins so many metres along its row and is so wide: (4, 4)."""


def street(
    *, length: float, width: float, style: str = "old-town", seed: int, lamps_on: bool = False, name: str = "street"
) -> SetPiece:
    """A street between two rows of houses.

    length: metres from the square to the cross street, 15–300. width: metres from house to house, 6–30; the band
    |x| < 1.2 m stays free for whoever walks there. style: one of ``palette.STYLES``. seed: of everything drawn.
    lamps_on: lights the street lamps, signs, and some windows. name: first part of every thing's name.
    Spots: "start", "end", "square", "bench-0", in an alley "stall-0".
    ValueError: a size out of range, or an unknown style.
    """
    look = STYLES.get(style)
    if look is None:
        near = difflib.get_close_matches(style, STYLES, n=1, cutoff=0.0)[0]
        raise ValueError(f"{style!r} is not a style of street: did you mean {near!r}? (known: {', '.join(STYLES)})")
    for what, value, low, high in (("length", length, 15.0, 300.0), ("width", width, 6.0, 30.0)):
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"the {what} of a street is {value}: give {low:g} to {high:g} metres")
    seed = seed_from("street", seed, style)
    walk = pavement_width(width)
    things = [Thing(f"{name}/ground", ground(length, width, style))]
    tops: dict[str, list[tuple[float, float]]] = {"L": [], "R": []}
    glows: list[Glow] = []
    aside: list[Glow] = []
    for row, lot in _lots(length, width, look, seed):
        made = built(lot, style, seed, lamps_on, walk if row in tops else 3.0, name)
        things += made.things
        (glows if row in tops else aside).extend(made.glows)
        if row in tops:
            tops[row].append((lot.width, made.eaves))
    if look.form == "house":
        things.append(Thing(f"{name}/church", church(seed, (2.5, length + CROSS + 21.0))))

    def top(side: float, y: float) -> float:
        row = tops["L" if side < 0 else "R"]
        ends = np.cumsum([w for w, _ in row])
        return row[int(np.searchsorted(ends, y))][1] if row and y < ends[-1] else 0.0

    if look.form == "tower":
        pieces, lamps = street_modern.kerbside(length, width, seed, lamps_on, name)
        pieces += street_modern.plaza(seed)
    elif look.form == "alley":
        pieces, lamps = street_alley.food(seed, lamps_on, name)
        pieces += street_alley.wallside(length, width, seed, lamps_on)
        pieces += street_alley.overhead(length, width, seed, lamps_on)
    else:
        pieces, lamps = kerbside(length, width, seed, lamps_on, name)
        pieces += overhead(length, width, top, seed) + square(seed)
    lamps += shared(aside, 3, f"{name}/aside") + shared(glows, 13 - len(lamps), name)
    things += [Thing(f"{name}/{part}", mesh) for part, mesh in pieces]
    return SetPiece(tuple(things), tuple(lamps), _footing(length, width, look), _spots(length, look))


def _footing(length: float, width: float, look: Style) -> Ground:
    """Heights of carriageway, pavements, square and cross street; NaN where there is none of them."""
    half, road = width / 2, width / 2 - pavement_width(width)
    reach, end = half + 23.0, length + CROSS

    def height(x: float, y: float) -> float:
        if y < 0:
            if y < -SQUARE_DEPTH or abs(x) > SQUARE_HALF:
                return math.nan
            if look.form == "house" and math.hypot(x - FOUNTAIN[0], y - FOUNTAIN[1]) < 1.9:
                return 0.14
            return KERB if abs(x) > SQUARE_HALF - 2.4 or y < -SQUARE_DEPTH + 2.2 else 0.0
        if y <= length:
            return math.nan if abs(x) > half + look.garden else KERB if abs(x) > road else 0.0
        if y > end or abs(x) > reach or (abs(x) > half and y < length + 1.0):
            return math.nan
        return KERB if y > end - 2.2 else 0.0

    return height


def _spots(length: float, look: Style) -> dict[str, Spot]:
    """Where to stand at both ends and on the square, and its benches."""
    spots = {
        "start": Spot((0.0, 1.0, 0.0), 0.0, "stand"),
        "end": Spot((0.0, length - 1.0, 0.0), np.pi, "stand"),
        "square": Spot((0.0, -7.0, 0.0), 0.0, "stand"),
    }
    if look.form == "house":
        for k, place in enumerate(BENCHES):
            spots[f"bench-{k}"] = Spot((0.0, 0.15, 0.46), 0.0, "seat").moved(placed(*place))
    elif look.form == "tower":
        for k, (x, facing) in enumerate(((-8.6, -np.pi / 2), (8.6, np.pi / 2))):
            spots[f"bench-{k}"] = Spot((x - 0.1 * math.copysign(1.0, x), -8.9, 0.43), facing, "seat")
    else:
        for k in range(4):
            s = -1.0 if k % 2 == 0 else 1.0
            y = (-6.2, -7.4, -11.6, -12.6)[k]
            spots[f"stall-{k}"] = Spot((s * (8.6 - REACH - 0.25), y, 0.0), -s * np.pi / 2, "stand")
    return spots


def _row(
    seed: int, tag: str, start: float, stop: float, style: Style, place: Place, front: int | None = None
) -> list[tuple[str, Lot]]:
    """Houses side by side from ``start`` to at most ``stop`` metres along a line; the last may fall short of it.

    front: which flank of the first house, and the other one of the last, is seen (0 at x = 0, 1 at x = width).
    """
    wide: list[float] = []
    while True:
        rng = np.random.default_rng(seed_from("width", seed, tag, len(wide)))
        wide.append(float(rng.uniform(*style.width)))
        if start + sum(wide) > stop:
            break
    lots = []
    for k, width in enumerate(wide[:-1]):
        seen = {front if k == 0 else None, 1 - front if front is not None and k == len(wide) - 2 else None}
        at = start + sum(wide[:k])
        flanks = (0 in seen, 1 in seen)
        lots.append((tag, Lot(f"house-{tag}{k:02d}", width, place(at, width), flanks, tag in ("L", "R"))))
    return lots


def _along_y(x: float) -> Place:
    """Houses in a row along +Y whose fronts stand at ``x`` and look towards x = 0."""
    if x < 0:
        return lambda at, width: placed(x, at + width, KERB, -np.pi / 2)
    return lambda at, width: placed(x, at, KERB, np.pi / 2)


def _lots(length: float, width: float, style: Style, seed: int) -> list[tuple[str, Lot]]:
    half, end = width / 2, length + CROSS
    lots = _row(seed, "L", 0.0, length + 2.0, style, _along_y(-half), 1)
    lots += _row(seed, "R", 0.0, length + 2.0, style, _along_y(half), 0)
    # The far side of the cross street, its two ends, and its near side beyond the corner houses.
    reach = half + 23.0
    lots += _row(seed, "E", -reach, reach, style, lambda at, w: placed(at + w, end, KERB, np.pi))
    for tag, x in (("XL", 4.0 - reach), ("XR", reach - 4.0)):
        lots += _row(seed, tag, length - 9.0, end + 3.0, style, _along_y(x))
    lots += _row(seed, "NL", half + 9.1, reach - 4.0, style, lambda at, w: placed(-at - w, length + 1.0, KERB))
    lots += _row(seed, "NR", half + 9.1, reach - 4.0, style, lambda at, w: placed(at, length + 1.0, KERB))
    # Three sides of the square.
    for tag, x in (("SL", -SQUARE_HALF), ("SR", SQUARE_HALF)):
        lots += _row(seed, tag, -SQUARE_DEPTH - 4.0, 6.0, style, _along_y(x))
    back = SQUARE_HALF + 5.0
    lots += _row(seed, "B", -back, back, style, lambda at, w: placed(at, -SQUARE_DEPTH, KERB))
    return lots
