"""The verb passes: what the cameras see of the built world, as files.

Frames stream through: nothing is kept of them but the geometry of neighbours. Every file is written whole, and is the
same however the work was cut, so that a run can be stopped, spread over processes, and gone on with.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from conditioning.job import key_of
from render.cryptomatte import header
from render.exr import ExrFrame, require_openexr
from render.files import sole_writer, write_json
from render.identity import colour_table
from render.keypoints import as_openpose
from render.passfile import write_layers
from render.passframe import ShotPasses
from render.passpicture import id_colours
from render.passtable import CRYPTO, IDS, PASSES, PER_SHOT, chosen_passes
from render.raster import Rasterizer, open_rasterizer
from tools.console import emit, progress, say
from tools.opened import Opened, open_production, parsed_frames
from tools.passstore import PassStore
from tools.workers import Worker, dealt
from worldgen.ade20k import CLASSES, PALETTE
from worldgen.world import Shot

PIECE: Final = 12
"""Frames that a process takes at once, at most: neighbours share work."""


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for. words: names of passes. frames: a range of every shot, or all."""

    path: Path
    words: str
    form: str
    shot: str | None
    size: str | None
    quality: str
    rasterizer: str
    out: Path
    near_is_white: bool = True

    def opened(self) -> tuple[Opened, tuple[Shot, ...]]:
        """The scene and its shots."""
        opened = open_production(self.path, self.out)
        return opened, opened.shots(self.shot, self.size, self.quality)


Item = tuple[int, int, tuple[int, ...]]
"""A shot, a frame of it, and the stores that lack it."""


def make_passes(wanted: Wanted, frames: str | None, jobs: int, force: bool, as_json: bool) -> None:
    """Files below passes/: one a pass and frame, or for EXR one a frame; only what is missing is made."""
    chosen_passes(wanted.words)  # a wrong name is told before the scene is built
    if wanted.form == "exr":
        require_openexr()
    opened, shots = wanted.opened()
    chosen = [range(one.frames) if frames is None else range(*parsed_frames(frames, one.frames)) for one in shots]
    results = []
    with ExitStack() as stack:
        raster = open_rasterizer(wanted.rasterizer)
        stack.callback(raster.close)
        maker = Maker(opened, shots, raster, wanted)
        lacking = [
            [list(span) if force else store.missing(span) for store in stores]
            for stores, span in zip(maker.stores, chosen, strict=True)
        ]
        for k, stores in enumerate(maker.stores):
            if any(lacking[k]):
                stack.enter_context(sole_writer(stores[0].folder.parent))
            for store, frames_of in zip(stores, lacking[k], strict=True):
                if frames_of:
                    about = _about(maker.passes[k], store)
                    store.begin()
                    stack.callback(store.tell, about)
        total = sum(len(set().union(*lists)) for lists in lacking)
        most = min(PIECE, -(-total // jobs))
        pieces = [piece for k, lists in enumerate(lacking) for piece in _pieces(k, lists, most)]
        if jobs > 1 and len(pieces) > 1:
            done: Generator[Item, None, None] = dealt(
                prepared, (replace(wanted, rasterizer=raster.name),), pieces, jobs
            )
        else:
            done = maker.made(item for piece in pieces for item in piece)
        if total:
            stack.enter_context(closing(done))
            tell = stack.enter_context(progress(f"{opened.production.name}: passes"))
            for count, _ in enumerate(done, 1):
                tell(count, total)
    for one, stores, lists in zip(shots, maker.stores, lacking, strict=True):
        made = [store for store, lack in zip(stores, lists, strict=True) if lack]
        kept = [store for store in stores if store not in made]
        folder = stores[0].folder.parent
        if made:
            say(f"{one.name}: made {', '.join(store.folder.name for store in made)} in {folder}")
        if kept:
            say(f"{one.name}: nothing to do for {', '.join(store.folder.name for store in kept)}")
        results.append(
            {
                "shot": one.name,
                "folder": str(folder),
                "made": [store.folder.name for store in made],
                "kept": [store.folder.name for store in kept],
                "frames": len({k for lack in lists for k in lack}),
            }
        )
    if as_json:
        emit({"scene": opened.production.name, "shots": results})


class Maker:
    """Makes frames of one production's shots."""

    def __init__(self, opened: Opened, shots: Sequence[Shot], raster: Rasterizer, wanted: Wanted) -> None:
        world = opened.production.world
        self.shots = shots
        self.passes = [ShotPasses(world, one, raster, near_is_white=wanted.near_is_white) for one in shots]
        self.stores = [_stores(opened, one, raster, wanted) for one in shots]

    def make(self, item: Item) -> None:
        """Write the files of one frame."""
        which, frame, rows = item
        shot, stores = self.shots[which], [self.stores[which][row] for row in rows]
        seen = self.passes[which].frame(frame, {name for store in stores for name in store.names})
        for store in stores:
            layers = {name: seen.layer(name) for name in store.names}
            beside = store.beside(frame)
            if beside is not None:
                write_json(beside, as_openpose(seen.people, seen.camera.width, seen.camera.height))
            about = None
            if store.form == "exr":
                track = shot.track
                about = ExrFrame(
                    seen.camera,
                    frame,
                    shot.fps,
                    float(track.focus_m[frame]),
                    float(track.f_stop[frame]),
                    _attributes(self.passes[which], store.names),
                )
            write_layers(store.file(frame), layers, seen.sky.display, about)

    def made(self, items: Iterable[Item]) -> Generator[Item, None, None]:
        """Each of ``items`` when it is made."""
        for item in items:
            self.make(item)
            yield item


def prepared(wanted: Wanted) -> Worker:
    """What a process of its own makes frames with."""
    opened, shots = wanted.opened()
    return Maker(opened, shots, open_rasterizer(wanted.rasterizer), wanted).make


def _stores(opened: Opened, shot: Shot, raster: Rasterizer, wanted: Wanted) -> list[PassStore]:
    names = chosen_passes(wanted.words)
    groups = {"exr": names} if wanted.form == "exr" else {name: (name,) for name in names}
    key, folder = opened.geometry_key(shot), opened.folder / shot.name / "passes"
    stores = []
    for group, inside in groups.items():
        told: list[object] = [key, raster.name, inside]
        if "inverse_depth" in inside:
            told.append(wanted.near_is_white)
        stores.append(PassStore(folder / group, wanted.form, key_of(told), inside))
    return stores


def _about(made: ShotPasses, store: PassStore) -> dict[str, object]:
    """What the JSON beside the files says of them."""
    shot, raster = made.shot, made.raster
    told: dict[str, object] = {
        "shot": shot.name,
        "size": [shot.track.width, shot.track.height],
        "fps": str(shot.fps),
        "of": shot.frames,
        "rasterizer": f"{raster.name}: {raster.detail}",
        "passes": {name: _described(name, store.form) for name in store.names},
    }
    if any(name in PER_SHOT for name in store.names):
        told["scale"] = made.scale.told(made.near_is_white)
    names: dict[str, object] = {name: made.identities.table(name, id_colours) for name in store.names if name in IDS}
    if "segmentation" in store.names:
        names["segmentation"] = colour_table(dict(enumerate(CLASSES)), lambda rows: PALETTE[rows])
    return {**told, "names": names} if names else told


def _described(name: str, form: str) -> dict[str, str]:
    what = PASSES[name]
    return {"values": what.about, **({"png": what.png} if form == "png" else {})}


def _attributes(made: ShotPasses, names: Sequence[str]) -> dict[str, str]:
    """What the header of an EXR says besides."""
    told: dict[str, str] = {}
    for name in names:
        if name in CRYPTO:
            told |= header(str(PASSES[name].layer), made.crypto_names[name])
    if any(name in PER_SHOT for name in names):
        told["shotScale"] = json.dumps(made.scale.told(made.near_is_white))
    return told


def _pieces(shot: int, lacking: Sequence[Sequence[int]], most: int) -> list[list[Item]]:
    """The frames of one shot that any store lacks, cut into runs of ``most`` neighbours or fewer."""
    sets = [set(frames) for frames in lacking]
    pieces: list[list[Item]] = []
    for frame in sorted(set().union(*sets)):
        item = (shot, frame, tuple(k for k, frames in enumerate(sets) if frame in frames))
        if pieces and len(pieces[-1]) < most and pieces[-1][-1][1] == frame - 1:
            pieces[-1].append(item)
        else:
            pieces.append([item])
    return pieces
