"""The verb turnaround: who the characters of a scene are, from every side."""

from __future__ import annotations

from pathlib import Path

from render.raster import open_rasterizer
from tools.console import emit, say
from tools.opened import open_production, parsed_size
from tools.references import sheet_of


def make_turnaround(
    path: Path,
    name: str | None,
    size: str | None,
    painted: bool,
    rasterizer: str,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """The turnaround of the character ``name``, or of everybody, of the scene at ``path``."""
    opened = open_production(path, out)
    view = None if size is None else parsed_size(size)
    names = list(opened.scene.characters) if name is None else [name]
    if not names:
        raise ValueError(f"{opened.path} has no characters: there is nobody to turn around")
    raster = open_rasterizer(rasterizer)
    sheets = [sheet_of(opened, one, raster, size=view, painted=painted, force=force) for one in names]
    raster.close()
    for sheet in sheets:
        say(f"{sheet.name}: {'made' if sheet.made else 'nothing to do,'} {sheet.sheet}, {sheet.strip}")
    if as_json:
        emit(
            {
                "scene": opened.production.name,
                "characters": [
                    {
                        "name": sheet.name,
                        "sheet": str(sheet.sheet),
                        "strip": str(sheet.strip),
                        "views": [str(view) for view in sheet.views],
                        "made": sheet.made,
                    }
                    for sheet in sheets
                ],
            }
        )
