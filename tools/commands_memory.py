"""The verb memory: what a scene remembers, what an edit of it makes forgotten, and how to forget on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from conditioning.memory_index import read_samples
from conditioning.memory_store import LIMIT_BYTES, WorldMemory
from conditioning.memory_things import Version, bodies
from conditioning.memory_view import Told
from tools.console import emit, say
from tools.opened import Opened, open_production
from tools.painters import look_of
from worldgen.errors import nearest

ANOTHER_LOOK = "painted with another look (model, weights, steps, prompt or exposure)"
_WORDS = {
    "shape": "its shape has changed",
    "material": "its material has changed",
    "gone": "it is not in the scene",
    "forgotten": "it was forgotten",
    "broken": "its record cannot be read",
}


@dataclass(frozen=True)
class Standing:
    """A remembered view against the scene as it is now. things: name to None, or why it is as if never seen."""

    told: Told
    same_look: bool
    things: dict[str, str | None]

    @property
    def stale(self) -> bool:
        """Whether nothing of it counts any longer, besides sky."""
        return not self.same_look or (bool(self.things) and None not in self.things.values())

    @property
    def why(self) -> str:
        """What of it does not count, in words."""
        if not self.same_look:
            return ANOTHER_LOOK
        lost = [f"{name}: {_WORDS[reason]}" for name, reason in self.things.items() if reason]
        return ", ".join([*lost[:3], *([f"and {len(lost) - 3} more"] if len(lost) > 3 else [])])


def show_memory(path: Path, out: Path, as_json: bool) -> None:
    """Tell each remembered view, and what of it no longer counts."""
    opened, memory = _opened(path, out)
    standing = _standing(opened, memory)
    total = sum(one.told.bytes for one in standing)
    if as_json:
        views = [_described(one) for one in standing]
        emit({"folder": str(memory.folder), "bytes": total, "limit_bytes": LIMIT_BYTES, "views": views})
        return
    if not standing:
        say(f"{opened.production.name} remembers nothing yet: setpiece render {path} paints and remembers")
        return
    say(f"{'shot':<20} {'frame':>6} {'size':>11} {'MB':>6} {'things':>7}  as if never seen")
    for one in standing:
        camera = one.told.camera
        known = sum(reason is None for reason in one.things.values()) if one.same_look else 0
        say(
            f"{one.told.shot:<20} {one.told.frame + 1:>6} {f'{camera.width}x{camera.height}':>11} "
            f"{one.told.bytes / 1e6:>6.2f} {f'{known}/{len(one.things)}':>7}  {one.why}"
        )
    say(f"{len(standing)} views, {total / 1e6:.1f} MB of {LIMIT_BYTES / 1e6:.0f} at most, in {memory.folder}")


def clear_memory(path: Path, thing: str | None, shot: str | None, stale: bool, out: Path, as_json: bool) -> None:
    """Forget one thing, the views of one shot, what is stale, or all; several together: what all of them name."""
    opened, memory = _opened(path, out)
    standing = _standing(opened, memory)
    known = {name for one in standing for name, reason in one.things.items() if reason != "forgotten"}
    for word, words, what in ((thing, known, "thing"), (shot, {one.told.shot for one in standing}, "shot")):
        if word is not None and word not in words:
            near = nearest(word, words)
            hint = f"did you mean {near!r}?" if near else f"setpiece memory show {path} lists what is"
            raise ValueError(f"no {what} called {word!r} is remembered: {hint}")
    chosen = [one for one in standing if shot is None or one.told.shot == shot]
    whole = [one.told.id for one in chosen if thing is None and (one.stale or not stale)]
    parts = {
        one.told.id: [
            name
            for name, reason in one.things.items()
            if reason != "forgotten" and name == (thing or name) and (not stale or reason or not one.same_look)
        ]
        for one in chosen
        if one.told.id not in whole and (thing is not None or stale)
    }
    parts = {name: things for name, things in parts.items() if things}
    if whole:
        memory.drop(whole)
    if parts:
        memory.forget(parts)
    if as_json:
        emit({"views_removed": whole, "things_forgotten": parts})
        return
    names = sorted({name for things in parts.values() for name in things})
    told = [f"{len(whole)} views removed"] if whole or not parts else []
    told += [f"{', '.join(names)} forgotten in {len(parts)} views"] if parts else []
    say("; ".join(told))


def diff_memory(path: Path, out: Path, as_json: bool) -> None:
    """Say what of the memory the scene as it is now makes forgotten, and what was only moved."""
    opened, memory = _opened(path, out)
    standing = _standing(opened, memory)
    lost = _lost(memory, [one for one in standing if one.same_look])
    others = [one for one in standing if not one.same_look]
    moved = _moved(opened, memory, standing)
    if as_json:
        emit({"another_look": [one.told.id for one in others], "forgotten": lost, "moved": moved})
        return
    if others:
        say(f"{len(others)} of {len(standing)} views were {ANOTHER_LOOK}")
    for row in lost:
        say(f"{row['thing']}: {_WORDS[row['why']]}; forgotten in {row['views']} views, about {row['pixels']:,} pixels")
    for name in moved:
        say(f"{name}: moved; it keeps its look")
    if not (others or lost or moved):
        say("everything that is remembered still holds")


def _opened(path: Path, out: Path) -> tuple[Opened, WorldMemory]:
    opened = open_production(path, out)
    return opened, WorldMemory(opened.folder / "memory")


def _standing(opened: Opened, memory: WorldMemory) -> list[Standing]:
    """Every view, oldest first."""
    views = memory.views()
    if not views:
        return []
    look, versions = look_of(opened), memory.versions()
    now = {body.version.name: body.version for body in bodies(opened.production.world).values()}

    def reason(told: Told, version: Version | None) -> str | None:
        if version is None:
            return "broken"
        return "forgotten" if version.name in told.forgotten else version.change(now.get(version.name))

    return [
        Standing(
            told,
            told.look == look,
            {_name(versions.get(key), key): reason(told, versions.get(key)) for key in told.things},
        )
        for told in views
    ]


def _name(version: Version | None, key: str) -> str:
    return key if version is None else version.name


def _described(one: Standing) -> dict[str, Any]:
    camera = one.told.camera
    return {
        "view": one.told.id,
        "shot": one.told.shot,
        "frame": one.told.frame + 1,
        "width": camera.width,
        "height": camera.height,
        "bytes": one.told.bytes,
        "same_look": one.same_look,
        "stale": one.stale,
        "things": one.things,
    }


def _lost(memory: WorldMemory, standing: Sequence[Standing]) -> list[dict[str, Any]]:
    """Things that edits have made forgotten: why, in how many views and about how many pixels of them, most first."""
    views, pixels = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in standing:
        samples = read_samples(memory.folder / "views" / one.told.id)
        each = one.told.camera.width * one.told.camera.height / max(len(samples), 1)
        for row, (name, reason) in enumerate(one.things.items()):
            if reason not in (None, "forgotten"):
                views[name, reason] += 1
                pixels[name, reason] += round(each * np.count_nonzero(samples["thing"] == row))
    return [
        {"thing": name, "why": reason, "views": views[name, reason], "pixels": count}
        for (name, reason), count in pixels.most_common()
    ]


def _moved(opened: Opened, memory: WorldMemory, standing: Sequence[Standing]) -> list[str]:
    """Things that stand still, are known, and stood elsewhere when they were seen."""
    known = {name for one in standing for name, reason in one.things.items() if one.same_look and reason is None}
    still = {thing.name for thing in opened.production.world.things if not thing.moves}
    now = {body.version.name: body.version for body in bodies(opened.production.world).values()}
    seen = [version for version in memory.versions().values() if version.name in known & still]
    return sorted({v.name for v in seen if v.key != now[v.name].key and v.change(now[v.name]) is None})
