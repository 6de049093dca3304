"""Easing: how a move starts and ends. Each function maps 0–1 to 0–1, with 0 to 0 and 1 to 1 (Penner 2001)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, WithJsonSchema

from worldgen.conventions import F64
from worldgen.errors import SceneProblem, nearest
from worldgen.units import show

Ease = Callable[[F64], F64]


def _in_expo(s: F64) -> F64:
    # 2^(10 s - 10), shifted and scaled so that it starts at exactly 0.
    return (np.exp2(10 * s) - 1) / 1023


def _in_circ(s: F64) -> F64:
    return 1 - np.sqrt(1 - s * s)


_INS: Final[Mapping[str, Ease]] = {
    "sine": lambda s: 1 - np.cos(s * np.pi / 2),
    "quad": lambda s: s**2,
    "cubic": lambda s: s**3,
    "quart": lambda s: s**4,
    "quint": lambda s: s**5,
    "expo": _in_expo,
    "circ": _in_circ,
}


def _out(curve: Ease) -> Ease:
    return lambda s: 1 - curve(1 - s)


def _in_out(curve: Ease) -> Ease:
    return lambda s: np.where(s < 0.5, curve(np.minimum(2 * s, 1)) / 2, 1 - curve(np.minimum(2 - 2 * s, 1)) / 2)


EASES: Final[Mapping[str, Ease]] = {
    "linear": lambda s: s,
    **{f"in-{name}": curve for name, curve in _INS.items()},
    **{f"out-{name}": _out(curve) for name, curve in _INS.items()},
    **{f"in-out-{name}": _in_out(curve) for name, curve in _INS.items()},
}


def eased(name: str, s: npt.ArrayLike) -> F64:
    """``EASES[name]`` at ``s``, any shape, clipped to 0–1; the ends are exact."""
    x = np.clip(np.asarray(s, dtype=np.float64), 0.0, 1.0)
    y = EASES[name](x)
    return np.where(x == 0.0, 0.0, np.where(x == 1.0, 1.0, y))


def _known(value: object) -> str:
    if isinstance(value, str) and value in EASES:
        return value
    raise SceneProblem(
        f"{show(value)} is not an easing: use `linear`, or `in-`, `out-` or `in-out-` with one of {', '.join(_INS)}",
        suggestion=nearest(str(value), EASES),
    )


EaseName = Annotated[str, BeforeValidator(_known), WithJsonSchema({"type": "string", "enum": list(EASES)})]
