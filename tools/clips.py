"""Clips made elsewhere: which of their frames show which of a shot's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from worldgen.world import Shot

SAME_SPEED: Final = 0.01
"""How far two speeds may differ, as a share, and still be one (23.976 and 24)."""
MOST_FILLED: Final = 8
"""Frames that a clip of another speed may have beyond those asked for: models paint 4 n + 1 or 8 n + 1."""


def shown_by(
    video: Path, count: int, seconds: float, shot: Shot, span: range
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Which of a clip's ``count`` frames, ``seconds`` long in all, show the frames ``span`` of ``shot``; and notes.

    Frame for frame, whatever the clip's speed, since programs have speeds of their own; frames after the last only
    fill. Where a clip is as long as the frames are in time, but at another speed, those nearest in time. Errors:
    ``ValueError`` where it is too short, or neither the one nor the other.
    """
    asked, speed, own = len(span), count / seconds if seconds > 0 else float(shot.fps), float(shot.fps)
    alike = abs(speed / own - 1.0) < SAME_SPEED
    if not alike and count > 1 and abs(seconds - asked / own) < 1.5 / min(speed, own):
        note = f"{video.name} runs at {speed:.4g} frames a second and {shot.name} at {own:.4g}: those nearest are taken"
        return tuple(min(count - 1, round(k * speed / own)) for k in range(asked)), (note,)
    if count < asked:
        which = f"{span.start + 1}-{span.start + count}" if count > 1 else f"{span.start + 1}"
        raise ValueError(
            f"{video} has {count} frame{'s' * (count != 1)}, and {asked} of {shot.name} are asked for: "
            f"say which it shows, like --frames {which}"
        )
    if not alike and count - asked > MOST_FILLED:
        raise ValueError(
            f"{video} has {count} frames at {speed:.4g} a second, which are neither the {asked} frames of {shot.name} "
            f"nor its {asked / own:.4g} seconds: say which frames it shows with --frames"
        )
    left = f"the last {count - asked} of {video.name}'s {count} frames are left out: {asked} are asked for"
    return tuple(range(asked)), ((left,) if count > asked else ())
