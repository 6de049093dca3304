"""The 150 classes of ADE20K scene parsing, their colours, and which of them the things of a world are.

Generators that take a segmentation as guidance were trained on these classes in these colours. The classes, by their
first names, and their order are those of the scene parsing benchmark of ADE20K (Zhou et al. 2017, "Scene Parsing
through ADE20K Dataset", sceneparsing.csail.mit.edu); the colours are the palette that its tools and MMSegmentation
publish and that ControlNet's segmentation models expect. Road and skyscraper share one colour there; all others differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen.conventions import U8

CLASSES: Final = (
    "wall", "building", "sky", "floor", "tree", "ceiling", "road", "bed", "windowpane", "grass", "cabinet", "sidewalk",
    "person", "earth", "door", "table", "mountain", "plant", "curtain", "chair", "car", "water", "painting", "sofa",
    "shelf", "house", "sea", "mirror", "rug", "field", "armchair", "seat", "fence", "desk", "rock", "wardrobe", "lamp",
    "bathtub", "railing", "cushion", "base", "box", "column", "signboard", "chest of drawers", "counter", "sand",
    "sink", "skyscraper", "fireplace", "refrigerator", "grandstand", "path", "stairs", "runway", "case", "pool table",
    "pillow", "screen door", "stairway", "river", "bridge", "bookcase", "blind", "coffee table", "toilet", "flower",
    "book", "hill", "bench", "countertop", "stove", "palm", "kitchen island", "computer", "swivel chair", "boat", "bar",
    "arcade machine", "hovel", "bus", "towel", "light", "truck", "tower", "chandelier", "awning", "streetlight",
    "booth", "television", "airplane", "dirt track", "apparel", "pole", "land", "bannister", "escalator", "ottoman",
    "bottle", "buffet", "poster", "stage", "van", "ship", "fountain", "conveyer belt", "canopy", "washer", "plaything",
    "swimming pool", "stool", "barrel", "basket", "waterfall", "tent", "bag", "minibike", "cradle", "oven", "ball",
    "food", "step", "tank", "trade name", "microwave", "pot", "animal", "bicycle", "lake", "dishwasher", "screen",
    "blanket", "sculpture", "hood", "sconce", "vase", "traffic light", "tray", "ashcan", "fan", "pier", "crt screen",
    "plate", "monitor", "bulletin board", "shower", "radiator", "glass", "clock", "flag",
)  # fmt: skip
SKY: Final = CLASSES.index("sky")
PERSON: Final = CLASSES.index("person")

_HEX: Final = """
    787878 b47878 06e6e6 503232 04c803 787850 8c8c8c cc05ff e6e6e6 04fa07 e005ff ebff07 96053d 787846 08ff33
    ff0652 8fff8c ccff04 ff3307 cc4603 0066c8 3de6fa ff0633 0b66ff ff0747 ff09e0 0907e6 dcdcdc ff095c 7009ff
    08ffd6 07ffe0 ffb806 0aff47 ff290a 07ffff e0ff08 6608ff ff3d06 ffc207 ff7a08 00ff14 ff0829 ff0599 0633ff
    eb0cff a09614 00a3ff 8c8c8c fa0a0f 14ff00 1fff00 ff1f00 ffe000 99ff00 0000ff ff4700 00ebff 00adff 1f00ff
    0bc8c8 ff5200 00fff5 003dff 00ff70 00ff85 ff0000 ffa300 ff6600 c2ff00 008fff 33ff00 0052ff 00ff29 00ffad
    0a00ff adff00 00ff99 ff5c00 ff00ff ff00f5 ff0066 ffad00 ff0014 ffb8b8 001fff 00ff3d 0047ff ff00cc 00ffc2
    00ff52 000aff 0070ff 3300ff 00c2ff 007aff 00ffa3 ff9900 00ff0a ff7000 8fff00 5200ff a3ff00 ffeb00 08b8aa
    8500ff 00ff5c b800ff ff001f 00b8ff 00d6ff ff0070 5cff00 00e0ff 70e0ff 46b8a0 a300ff 9900ff 47ff00 ff00a3
    ffcc00 ff008f 00ffeb 85ff00 ff00eb f500ff ff007a fff500 0abed4 d6ff00 00ccff 1400ff ffff00 0099ff 0029ff
    00ffcc 2900ff 29ff00 ad00ff 00f5ff 4700ff 7a00ff 00ffb8 005cff b8ff00 0085ff ffd600 19c2c2 66ff00 5c00ff
"""
PALETTE: Final[U8] = np.array([list(bytes.fromhex(code)) for code in _HEX.split()], dtype=np.uint8)
"""(150, 3) sRGB bytes of each class."""

OF_MATERIAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "plaster": "wall", "brick": "building", "stone": "building", "cobble": "road", "asphalt": "road",
        "concrete": "wall", "paving": "sidewalk", "roof-tile": "building", "slate": "building", "thatch": "house",
        "tile": "wall", "terrazzo": "floor", "parquet": "floor", "wallpaper": "wall", "wood": "cabinet",
        "planks": "floor", "painted-wood": "door", "bark": "tree", "foliage": "tree", "leaves": "tree",
        "grass": "grass", "moss": "grass", "flower": "flower", "straw": "field", "soil": "earth", "mud": "earth",
        "gravel": "path", "rock": "rock", "sand": "sand", "snow": "earth", "ice": "water", "metal": "pole",
        "chrome": "pole", "gold": "sculpture", "brass": "sculpture", "copper": "sculpture", "iron": "railing",
        "wire-mesh": "fence", "painted-metal": "pole", "rust": "pole", "glass": "windowpane",
        "frosted-glass": "windowpane", "water": "water", "rubber": "box", "plastic": "box", "ceramic": "pot",
        "wax": "sconce", "marble": "column", "skin": "person", "hair": "person", "fur": "animal", "feather": "animal",
        "cloth": "apparel", "denim": "apparel", "linen": "blanket", "velvet": "curtain", "knit": "apparel",
        "carpet": "rug", "wicker": "basket", "leather": "bag", "paper": "poster", "cardboard": "box",
        "lamp-glow": "light", "window-glow": "windowpane", "neon": "signboard", "screen": "monitor",
        "flame": "fireplace", "ember": "fireplace",
    }
)  # fmt: skip
"""What a surface is taken for where its thing has no known name."""

OF_NAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Two words are closer than one: they are tried first, in this order.
        "lamp street": "streetlight", "lamp road": "streetlight", "street lamp": "streetlight",
        "lamp table": "lamp", "lamp desk": "lamp", "lamp floor": "lamp", "lamp banker": "lamp",
        "lamp pendant": "chandelier", "ceiling light": "light", "traffic light": "traffic light",
        "table coffee": "coffee table", "coffee table": "coffee table", "table cloth": "table",
        "pool table": "pool table", "swimming pool": "swimming pool", "coffee cup": "plate", "coffee pot": "pot",
        "chair office": "swivel chair", "deck chair": "chair", "plant palm": "palm", "flower box": "plant",
        "window box": "plant", "dog house": "hovel", "deer statue": "sculpture", "lantern stone": "sculpture",
        "rocking horse": "plaything", "teddy bear": "plaything", "toy train": "plaything", "hot dog": "food",
        "wine bottle": "bottle", "box cardboard": "box", "screen folding": "screen", "filing cabinet": "cabinet",
        "washing machine": "washer", "kick scooter": "minibike", "bed side": "chest of drawers",
        "market stall": "booth", "shop sign": "signboard", "street sign": "signboard",
        "chest drawers": "chest of drawers", "door frame": "door", "tv bench": "cabinet", "side table": "table",
        "kitchen island": "kitchen island", "kitchen counter": "counter", "hay bale": "field", "book shelf": "bookcase",
        "christmas tree": "tree", "bed head": "bed", "ticket machine": "arcade machine", "neon sign": "signboard",
        # The small parts of a thing before the thing.
        "curtain": "curtain", "curtains": "curtain", "blind": "blind", "blinds": "blind", "radiator": "radiator",
        "awning": "awning", "signboard": "signboard", "sign": "signboard", "billboard": "signboard", "flag": "flag",
        "bunting": "flag", "banner": "flag", "poster": "poster", "painting": "painting", "picture": "painting",
        "pillow": "pillow", "cushion": "cushion", "blanket": "blanket", "towel": "towel", "rug": "rug",
        "carpet": "rug", "mirror": "mirror", "clock": "clock", "chandelier": "chandelier", "sconce": "sconce",
        "pendant": "chandelier", "doorstep": "step", "step": "step", "steps": "stairs", "stairs": "stairs",
        "staircase": "stairway", "railing": "railing", "bannister": "bannister", "skirting": "wall",
        "gutter": "building", "walls": "wall", "chest": "chest of drawers",
        "frame": "windowpane", "window": "windowpane", "door": "door", "gate": "fence",
        # Furniture.
        "sofa": "sofa", "couch": "sofa", "armchair": "armchair", "chair": "chair", "stool": "stool", "bench": "bench",
        "ottoman": "ottoman", "table": "table", "desk": "desk", "nightstand": "chest of drawers",
        "dresser": "chest of drawers", "sideboard": "buffet", "bed": "bed", "cradle": "cradle", "wardrobe": "wardrobe",
        "bookcase": "bookcase", "bookshelf": "bookcase", "shelf": "shelf", "shelves": "shelf", "cabinet": "cabinet",
        "cupboard": "cabinet", "counter": "counter", "countertop": "countertop", "worktop": "countertop",
        "sink": "sink", "basin": "sink", "bathtub": "bathtub", "bath": "bathtub", "toilet": "toilet",
        "shower": "shower", "fridge": "refrigerator", "refrigerator": "refrigerator", "stove": "stove",
        "cooker": "stove", "oven": "oven", "hood": "hood", "microwave": "microwave", "dishwasher": "dishwasher",
        "washer": "washer", "fireplace": "fireplace", "television": "television", "tv": "television",
        "monitor": "monitor", "screen": "screen", "laptop": "computer", "computer": "computer", "radio": "box",
        "telephone": "box", "book": "book", "books": "book", "vase": "vase", "plate": "plate", "cup": "plate",
        "tray": "tray", "bowl": "plate", "pot": "pot", "kettle": "pot", "jar": "bottle", "bottle": "bottle",
        "glass": "glass", "lamp": "lamp", "lantern": "lamp", "candle": "sconce", "lampion": "lamp", "light": "light",
        "fan": "fan", "toaster": "oven", "piano": "table", "guitar": "plaything", "chessboard": "plaything",
        "bar": "bar", "column": "column", "pillar": "column", "stage": "stage", "escalator": "escalator",
        # Out of doors.
        "streetlight": "streetlight", "streetlamp": "streetlight", "bollard": "pole", "bollards": "pole",
        "pole": "pole", "post": "pole", "mast": "pole", "hydrant": "pole", "barrier": "fence", "fence": "fence",
        "hedge": "plant", "wall": "wall", "ceiling": "ceiling", "floor": "floor", "house": "building",
        "building": "building", "church": "building", "landmark": "building", "shop": "building", "barn": "house",
        "cottage": "house", "cabin": "house", "shed": "hovel", "hut": "hovel", "tower": "tower",
        "skyscraper": "skyscraper", "bridge": "bridge", "pier": "pier", "jetty": "pier", "booth": "booth",
        "kiosk": "booth", "stall": "booth", "tent": "tent", "canopy": "canopy", "parasol": "canopy",
        "umbrella": "canopy", "fountain": "fountain", "statue": "sculpture", "sculpture": "sculpture",
        "monument": "sculpture", "tree": "tree", "trees": "tree", "shrub": "plant", "bush": "plant", "bushes": "plant",
        "plant": "plant", "plants": "plant", "tub": "plant", "tubs": "plant", "cactus": "plant", "tulips": "flower",
        "flower": "flower", "flowers": "flower", "grass": "grass", "palm": "palm", "rock": "rock", "rocks": "rock",
        "boulder": "rock", "pebbles": "rock", "mountain": "mountain", "hill": "hill", "river": "river",
        "lake": "lake", "pond": "lake", "sea": "sea", "ocean": "sea", "waterfall": "waterfall", "water": "water",
        "logs": "tree", "log": "tree", "stump": "tree",
        # What drives, flies and is carried.
        "car": "car", "taxi": "car", "bus": "bus", "truck": "truck", "lorry": "truck", "forklift": "truck",
        "van": "van", "bicycle": "bicycle", "bike": "bicycle", "scooter": "minibike", "motorbike": "minibike",
        "skateboard": "plaything", "boat": "boat", "ship": "ship", "biplane": "airplane", "airplane": "airplane",
        "train": "bus", "tram": "bus", "container": "box", "cart": "truck", "wheelbarrow": "truck",
        "wheelchair": "chair", "stroller": "cradle", "bin": "ashcan", "mailbox": "box", "crate": "box", "box": "box",
        "case": "case", "suitcase": "bag", "briefcase": "bag", "backpack": "bag", "bag": "bag", "barrel": "barrel",
        "basket": "basket", "ball": "ball", "football": "ball", "basketball": "ball", "toy": "plaything",
        "ladder": "stairs", "pallet": "box", "cone": "pole", "extinguisher": "tank", "tank": "tank",
        "apples": "food", "bread": "food", "cupcake": "food", "hamburger": "food", "fruit": "food", "food": "food",
        "goods": "food", "cat": "animal", "dog": "animal", "horse": "animal", "rabbit": "animal",
        "chicken": "animal", "bird": "animal", "cow": "animal", "sheep": "animal", "deer": "animal", "fox": "animal",
        "animal": "animal", "person": "person", "man": "person", "woman": "person", "child": "person",
        "people": "person", "crowd": "person", "coat": "apparel", "hat": "apparel",
    }
)  # fmt: skip
"""Words of a thing's name to the class of the whole thing."""

_PANES: Final = ("glass", "frosted-glass", "window-glow")
_BUILT: Final = ("building", "house", "hovel", "tower", "skyscraper")


def ade20k_class(thing: str, material: str, *, person: bool = False) -> int:
    """Row of ``CLASSES`` for a surface of kind ``material`` of the thing called ``thing`` ("street/tree-12").

    The last part of the name decides by the words in it; the panes of a building are windows, its flowers plants. A
    name that says nothing leaves it to the material. person: whether the thing is known to be somebody.
    Errors: ``ValueError`` for a word that is no material.
    """
    if material not in OF_MATERIAL:
        raise ValueError(f"{material!r} is not a material: use one of {', '.join(OF_MATERIAL)}")
    return PERSON if person else _class(thing, material)


def ade20k(thing: str, material: str, *, person: bool = False) -> tuple[int, tuple[int, int, int]]:
    """:func:`ade20k_class` and its colour, sRGB bytes."""
    row = ade20k_class(thing, material, person=person)
    r, g, b = (int(c) for c in PALETTE[row])
    return row, (r, g, b)


@lru_cache(maxsize=8192)
def _class(thing: str, material: str) -> int:
    *place, last = thing.casefold().split("/")
    name = _named(_words(last), any("street" in part or "square" in part for part in place))
    if name in _BUILT and material in _PANES:
        name = "windowpane"
    elif name in _BUILT and material in ("foliage", "leaves", "flower"):
        name = "plant"
    return CLASSES.index(OF_MATERIAL[material] if name is None else name)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[^a-z]+", text) if word]


def _named(words: list[str], outdoors: bool) -> str | None:
    pairs = {f"{a} {b}" for a in words for b in words if a != b}
    for known, name in OF_NAME.items():
        if known in pairs or known in words:
            return "streetlight" if name == "lamp" and outdoors else name
    return None
