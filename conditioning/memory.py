"""World memory: what each surface has looked like, kept on disk across windows, shots, runs and edits of the scene.

The memory is a set of remembered views (``conditioning.memory_view``): one hop along exact correspondence from a real
picture is sharper than any store that pictures are splatted into, and resolution follows the views by itself. A view is
kept only where it shows something that no other one shows as well. What is found again is a matter of the scene as it
is now: a thing whose shape or material has changed is as if never seen, one that was only moved is known where it is.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter, uniform_filter
from torch import Tensor
from torch.nn import functional

from conditioning.memory_index import (
    Index,
    covering,
    grey_of,
    least_needed,
    read_samples,
    sample_places,
    sampled,
    served,
)
from conditioning.memory_store import WorldMemory
from conditioning.memory_then import displaced, loosened, then
from conditioning.memory_things import Body, bodies
from conditioning.memory_view import STALE, Frame, Told, View, load_view, store_view, view_id
from conditioning.text import Said
from render.correspondence import Correspondence, FrameGeometry, correspond
from render.files import write_json
from worldgen.conventions import F32, I32, U8, Bool
from worldgen.world import World

__all__ = ["Frame", "Recalled", "Session", "WorldMemory", "remembering"]

NEW: Final = 0.65
"""A sample is new that others serve to less than this share of how well it is seen now."""
SHARE: Final = 0.04
"""Share of a frame's samples that must be new for it to be remembered, unless most of one thing is."""
FEW: Final = 5
"""Samples of a thing that count as a look at it."""
LIGHT_TOLERANCE: Final = 0.05
"""Difference of display values, around a point, at which it counts 1/e as seen."""
OTHER_WORDS: Final = 0.6
"""Views whose words ask for a frame's picture less than this are as if they were not there: a film that was painted in
colour leaves no red in the same film in black and white (0.29)."""
_AROUND: Final = 5
_READY: Final = 12_000_000
"""Pixels of views held ready, of some 40 bytes each; four views in any case."""


Alike = Callable[[Said], float]
"""How far the words a view was painted to ask for the picture that is wanted now, 0 to 1."""


def whatever(said: Said) -> float:
    """The ``Alike`` of a model that hears no words."""
    return 1.0


@dataclass(frozen=True)
class Recalled:
    """A remembered view as a frame's pixels find themselves in it.

    picture, light: (3, H', W') float32 in [-1, 1], sRGB-encoded: as painted, and the proxy of then, both averaged down
    where the view is much finer than the frame. seen: where the frame's pixels lie in them, and how well they show.
    said: the words it was painted to.
    """

    id: str
    picture: Tensor
    light: Tensor
    seen: Correspondence
    said: Said = ()


@contextmanager
def remembering(
    memory: WorldMemory, world: World, look: str, folder: Path, live: Sequence[str] | None = None
) -> Iterator[Session]:
    """What one job reads and writes.

    look: key of what decides the look of all things at once (model, weights, steps, grade): views of another look
    are as if they were not there. folder: where the job works, one job at a time; the views that it reads are not
    dropped for room until its session ends without an exception, a session of another job begins there, or it is gone.
    live: None for a job that begins: it reads what is there now, and nothing that others add later. For one that
    goes on: ``Session.live`` as it was when it stopped; then it reads and drops exactly what it would have.

    Errors: ``ValueError`` if one of ``live`` is no longer there.
    """
    with memory.alone():
        views = {told.id: told for told in memory.views()}
        names = [name for name, told in views.items() if told.look == look] if live is None else list(live)
        missing = [name for name in names if name not in views]
        if missing:
            raise ValueError(f"the memory in {memory.folder} has no view {missing[0]}: paint the shot from its start")
        memory.hold(folder, names)
    yield (session := Session(memory, world, look, folder, [views[name] for name in names]))
    session.settle()
    memory.trim()  # before the release: what was read just now is worth more than what was not
    memory.release(folder)


class Session:
    """A memory as one job uses it. Not for several threads at a time. The same calls give the same answers."""

    def __init__(self, memory: WorldMemory, world: World, look: str, folder: Path, views: Sequence[Told]) -> None:
        self._memory, self._look, self._folder = memory, look, folder
        self._bodies = bodies(world)
        self._now = {body.version.name: body for body in self._bodies.values()}
        self._versions = memory.versions()
        self._today: dict[str, tuple[str, int]] = {}
        self._told = list(views)
        self._alive = [True] * len(views)
        self._bytes = sum(told.bytes for told in views)  # of the folder, as far as this job knows
        self._index = Index()
        self._ready: OrderedDict[str, View | None] = OrderedDict()
        self._last: tuple[Frame, list[Recalled]] | None = None
        self._index.add([(k, *self._samples(told)) for k, told in enumerate(views)])
        self._make_room()

    @property
    def live(self) -> tuple[str, ...]:
        """The views that may be read: what a session that goes on from here must be given."""
        return tuple(told.id for told, alive in zip(self._told, self._alive, strict=True) if alive)

    def chosen(self, frames: Sequence[Frame], count: int = 4, alike: Alike = whatever) -> tuple[str, ...]:
        """The few views that together show most of what ``frames`` show, as well as they do, in their light."""
        grids = [self._grid(frame) for frame in frames]
        samples, ids = (np.concatenate([grid[k] for grid in grids]) for k in (0, 1))
        found = self._index.find(samples, ids, self._told_of(alike))
        return tuple(self._told[k].id for k in covering(found, len(samples), len(self._told), count))

    def recalled(self, views: Sequence[str], frame: Frame) -> list[Recalled]:
        """``views`` as the pixels of a frame find themselves in them; a view whose files are broken is left out."""
        told = {one.id: one for one in self._told}
        found = [view for name in views if (view := self._loaded(told[name])) is not None]
        snapshot, own = frame.snapshot, frame.geometry
        loose = displaced(found, self._bodies, snapshot)
        placed = {thing: self._bodies[thing].placed(snapshot) for thing in _things(own)}
        if loose:
            snapshot, gbuffer = loosened(snapshot, frame.gbuffer, loose)
            own = FrameGeometry.of(snapshot, own.camera, gbuffer)
        asked = [then(view, self._bodies, placed, snapshot, loose) for view in found]
        seen = [correspond(own, there.to(own.picture.device)) for there in asked]
        matched = [_recalled(view, one) for view, one in zip(found, seen, strict=True)]
        self._last = frame, matched
        return matched

    def remember(self, shot: str, frame: int, seen: Frame, picture: F32 | U8, alike: Alike = whatever) -> str | None:
        """Keep a painted frame if it shows enough that no other view shows as well; its id, or None.

        picture: (H, W, 3) display values, float32 in [0, 1] or uint8. Errors: ``OSError``.
        """
        geometry = seen.geometry
        if picture.shape != (geometry.camera.height, geometry.camera.width, 3):
            raise ValueError(
                f"the picture of {shot} {frame + 1} has shape {picture.shape}, unlike what its camera sees"
            )
        samples, ids, shown = self._grid(seen)
        best = served(self._index.find(samples, ids, self._told_of(alike)), len(samples))
        light = grey_of(seen.light)
        for one in self._known(seen, alike):
            best = np.maximum(best, _exactly(one, light))
        if not _adds(best < NEW * samples["cosine"], samples["thing"], len(shown)):
            return None
        things = tuple(body.version.key for body in shown)
        name = view_id(shot, frame, f"{self._look}\0{things}", picture)
        for body in shown:
            path = self._memory.folder / "things" / f"{body.version.key}.json"
            if body.version.key not in self._versions or not path.is_file():
                write_json(path, body.version.described())
            self._versions[body.version.key] = body.version
        if name in self.live:
            return name
        self._memory.hold(self._folder, (*self.live, name))
        told = Told(
            name, shot, frame, geometry.time, self._look, geometry.camera, things, (), time.time(), 0, seen.said
        )
        told = store_view(self._memory.folder / "views", told, shown, seen, picture, samples)
        self._index.add([(len(self._told), samples, ids)])
        self._told.append(told)
        self._alive.append(True)
        self._bytes += told.bytes
        self._make_room()
        return name

    def settle(self) -> None:
        """Say on disk what this job still reads, and drop what nobody does where the limit asks for it.

        To be called when what the job needs to go on (``live``) is safe; until then nothing is dropped.
        """
        self._memory.hold(self._folder, self.live)
        if self._bytes > self._memory.limit_bytes:
            self._bytes = self._memory.trim()

    def _known(self, frame: Frame, alike: Alike) -> list[Recalled]:
        """What is known of a frame; of one that has just been asked for, that is not worked out again."""
        if self._last is not None and self._last[0] is frame:
            return self._last[1]
        return self.recalled(self.chosen([frame], alike=alike), frame)

    @property
    def _mask(self) -> Bool:
        return np.array(self._alive, dtype=np.bool_)

    def _told_of(self, alike: Alike) -> Bool:
        """(V,) which views are read by a frame to whose words they are ``alike``."""
        return self._mask & np.array([alike(told.said) >= OTHER_WORDS for told in self._told], dtype=np.bool_)

    def _make_room(self) -> None:
        sizes = {k: told.bytes for k, told in enumerate(self._told) if self._alive[k]}
        over = sum(sizes.values()) - self._memory.limit_bytes
        if over <= 0:
            return
        samples = {k: self._samples(self._told[k]) for k in sizes}
        over += self._memory.limit_bytes // 10  # a tenth more, so that this is rare
        for number in least_needed(self._index, samples, self._mask, sizes, over):
            self._alive[number] = False
            del samples[number]
        self._index = Index()
        self._index.add([(k, *mine) for k, mine in samples.items()])

    def _grid(self, frame: Frame) -> tuple[npt.NDArray[Any], I32, list[Body]]:
        """Samples of a frame, their things' ids, and all things seen, in the order that the samples count them by."""
        g = frame.geometry
        shown = [self._bodies[thing] for thing in _things(g)]
        rows = {body.thing: row for row, body in enumerate(shown)}
        samples = sampled(frame.snapshot, g.camera, frame.gbuffer, frame.light, self._bodies, rows)
        ids = np.array([*(body.thing for body in shown), 0], np.int32)[samples["thing"]]
        return samples, ids, shown

    def _samples(self, told: Told) -> tuple[npt.NDArray[Any], I32]:
        """Of a remembered view, with the ids of their things today."""
        samples = read_samples(self._memory.folder / "views" / told.id)
        return samples, np.array([*self._ids(told), 0], np.int32)[samples["thing"]]

    def _ids(self, told: Told) -> list[int]:
        """Of a view's things today; ``STALE`` for what is not what it was, or forgotten."""
        known = [self._found(key) for key in told.things]
        return [STALE if name in told.forgotten else thing for name, thing in known]

    def _found(self, key: str) -> tuple[str, int]:
        """Name of a version of a thing, and its id if it is so today."""
        if key not in self._today:
            version = self._versions.get(key)
            body = self._now.get(version.name) if version else None
            same = version is not None and body is not None and version.change(body.version) is None
            self._today[key] = version.name if version else "", body.thing if body and same else STALE
        return self._today[key]

    def _loaded(self, told: Told) -> View | None:
        if told.id not in self._ready:
            try:
                view = load_view(self._memory.folder / "views" / told.id, told, self._ids(told))
            except (OSError, EOFError, ValueError, KeyError, IndexError, BadZipFile):
                view = None
            self._ready[told.id] = view
            pixels = sum(view.picture[0].numel() for view in self._ready.values() if view)
            while pixels > _READY and len(self._ready) > 4:
                _, oldest = self._ready.popitem(last=False)
                pixels -= oldest.picture[0].numel() if oldest else 0
        self._ready.move_to_end(told.id)
        return self._ready[told.id]


def _adds(new: Bool, things: I32, count: int) -> bool:
    """Whether samples that are ``new`` are many, or most of one thing; ``things``: the samples' rows, -1 for sky."""
    seen, fresh = (np.bincount(things[mask] + 1, minlength=count + 1)[1:] for mask in (new | ~new, new))
    return bool(new.mean() >= SHARE or np.any((seen >= FEW) & (fresh > 0.6 * seen)))


def _recalled(view: View, seen: Correspondence) -> Recalled:
    """A view, averaged over no more of its pixels than lie under one of the frame's: sampling must not alias."""
    across, down = np.diff(seen.xy[:-1], axis=1), np.diff(seen.xy[:, :-1], axis=0)
    visible = seen.visible[:-1, :-1] & seen.visible[1:, :-1] & seen.visible[:-1, 1:]
    area = np.abs(across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0])[visible]
    level = int(0.5 * np.log2(max(float(np.median(area)), 1.0)) + 0.15) if len(area) else 0
    if level == 0:
        return Recalled(view.told.id, view.picture, view.light, seen, view.told.said)
    size = 2**level
    picture, light = (functional.avg_pool2d(p[None], size, ceil_mode=True)[0] for p in (view.picture, view.light))
    return Recalled(view.told.id, picture, light, replace(seen, xy=seen.xy / np.float32(size)), view.told.said)


def _exactly(known: Recalled, light: F32) -> F32:
    """(S,) how well a view serves the samples of a frame whose proxy is ``light`` (H, W), by the pixel."""
    height, width = light.shape
    at = np.ix_(*sample_places(width, height)[1:])
    sure = maximum_filter(known.seen.confidence, 3)[at]
    there = known.light.mean(0).numpy() * 0.5 + 0.5
    column, row = (known.seen.xy[at][..., k].astype(int).clip(0, there.shape[1 - k] - 1) for k in (0, 1))
    change = (uniform_filter(there, _AROUND)[row, column] - uniform_filter(light, _AROUND)[at]) / LIGHT_TOLERANCE
    return np.asarray(sure * np.exp(-(change**2)), dtype=np.float32).reshape(-1)


def _things(geometry: FrameGeometry) -> list[int]:
    """Ids of what a frame shows, in rising order."""
    return [int(thing) for thing in np.unique(geometry.thing.cpu().numpy()) if thing != 0]
