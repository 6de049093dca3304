"""Every mistake in a scene file is one sentence at its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from worldgen.errors import SceneError, listed
from worldgen.load import load_scene, scene_from_text
from worldgen.set_words import SetWords

SCENES = Path(__file__).resolve().parents[2] / "scenes"
EXAMPLE = (SCENES / "two-cuts.yaml").read_text(encoding="utf-8")
GOOD = """\
title: t
shots:
  - name: a
    duration: 1s
    camera: {body: {static: {at: [0, 0, 1]}}, aim: {look-at: [0, 5, 1]}}
"""
AT, AIM, TITLE, TIME = "static: {at: [0, 0, 1]}", "aim: {look-at: [0, 5, 1]}", "title: t", "duration: 1s"


def broken(text: str, folder: Path) -> SceneError:
    with pytest.raises(SceneError) as caught:
        scene_from_text(text, folder / "x.yaml")
    return caught.value


def test_the_good_scene_is_good(tmp_path):
    assert scene_from_text(GOOD, tmp_path / "x.yaml").shots[0].duration == 1.0


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "sentence"),
    [
        (TITLE, "titel: t", 1, 1, "unknown key `titel`; did you mean `title`?"),
        (TITLE, "world: {sets: [{streat: {}}]}", 1, 17, "unknown key `streat`; did you mean `street`?"),
        (
            TITLE,
            "world: {props: [{name: p, shape: {cylinder: {radious: 2m}}}]}",
            1,
            46,
            "unknown key `radious`; did you mean `radius`?",
        ),
        (AIM, "aim: {look_at: [0, 5, 1]}", 5, 53, "unknown key `look_at`; did you mean `look-at`?"),
        ("static", "statc", 5, 21, "unknown key `statc`; did you mean `static`?"),
        (AT, "static: {}", 5, 29, "`at` is missing here"),
        (
            TITLE,
            "world: {sets: [{ground: {size: 3}, street: {}}]}",
            1,
            36,
            f"exactly one of {listed(SetWords.words())} belongs here, not 2",
        ),
        ("shots:", "title: u\nshots:", 2, 1, "`title` stands twice here, first on line 1"),
        (TIME, "duration: 0s", 4, 15, "`0` must be greater than zero"),
        (TIME, "duration: -1s", 4, 15, "`-1` must be greater than zero"),
        (TIME, "duration: .nan", 4, 15, "`nan` is not a finite number: write a duration like `4s`"),
        (
            TIME,
            "duration: 1x",
            4,
            15,
            "`x` is not a unit of a duration: use `ms`, `s`, `min` or `h`, as in `4s`",
        ),
        (TIME, "duration: 1s\n    frames: 3", 5, 5, "say `duration` or `frames`, not both"),
        (TIME, "seed: 1", 3, 5, "the shot `a` needs a `duration`, or a number of `frames`"),
        (TIME, "frames: 0", 4, 13, "`0` is too little: it must be more than 0"),
        (TIME, "duration: 100h", 4, 15, "this is more than 1000000 frames: split the shot"),
        (
            TIME,
            "duration: 1s\n    prompt: {0s: a, 2s: b}",
            5,
            13,
            "words for 2 s are never seen: the shot ends at 1 s",
        ),
        (TIME, "duration: 1s\n    prompt: {x: b}", 5, 14, "`x` is not a duration: write it like `4s`"),
        (TITLE, "size: 0x720", 1, 7, "`0x720` is not a size from 16x16 to 8192x8192 pixels"),
        (TITLE, "size: 641x360", 1, 7, "`641x360` has an odd edge, which video cannot store: write `642x360`"),
        (AT, "static: {at: [0, .nan, 1]}", 5, 38, "`nan` is not a finite number: write a length like `2m`"),
        (AT, "static: {at: [0]}", 5, 34, "a list is not a place: write `[x, y]` on the ground or `[x, y, z]`"),
        (AIM, "aim: {pan: 90}", 5, 58, "`90` has no unit: write an angle like `90deg`"),
        (
            f", {AIM}",
            "",
            5,
            20,
            "nobody says where the camera looks: add `aim: {look-at: ...}` or `aim: {pan: 0deg}`",
        ),
        (
            AIM,
            "aim: {look-at: [0, 5, 1], pan: 0deg}",
            5,
            53,
            "an aim looks at something or has angles, not both: drop `look-at` or `pan` and `tilt`",
        ),
        (AIM, "aim: {look-at: mira}", 5, 62, "nothing here is called `mira`"),
        (
            TITLE,
            "world: {props: [{name: p, material: marbel, shape: {sphere: {radius: 1}}}]}",
            1,
            37,
            "`marbel` is not a material; did you mean `marble`?",
        ),
        (
            TITLE,
            "world: {sets: [{street: {style: oldtown}}]}",
            1,
            33,
            "`oldtown` is not a style of street; did you mean `old-town`?",
        ),
        (
            TITLE,
            "world: {sets: [{street: {length: 900m}}]}",
            1,
            34,
            "`900m` is too much: the most here is 300",
        ),
        (TITLE, "world: {props: [{name: p}]}", 1, 17, "the prop `p` needs one of `shape`, `asset` and `car`"),
        (
            TITLE,
            "world: {sets: [{ground: none}, {ground: none}]}",
            1,
            33,
            "there is already a `ground` in this world",
        ),
        (
            TITLE,
            "world: {sets: [{ground: non}]}",
            1,
            25,
            "`non` is no ground: write `none`, or a mapping like `{size: 100m}`",
        ),
        (
            TITLE,
            "characters: {m: {actions: [{walk: {along: [[0, 0]]}}]}}",
            1,
            43,
            "a walk needs at least two points to go along",
        ),
        (
            TITLE,
            "characters: {m: {actions: [{walk: {along: [[1, 2], [1, 2]]}}]}}",
            1,
            43,
            "this walk has no length: its points are one place",
        ),
        (
            TITLE,
            "characters: {m: {actions: [{idle: }, {wave: }]}}",
            1,
            38,
            "this never happens: the `idle` before it has no end, give it `for`",
        ),
        (
            TITLE,
            "characters: {m: {}}\nworld: {props: [{name: M, shape: {sphere: {radius: 1}}}]}",
            2,
            24,
            "another thing of the world is called `M`: names must differ",
        ),
        (
            TITLE,
            "world: {props: [{name: ground, shape: {sphere: {radius: 1}}}]}",
            1,
            24,
            "`ground` is what everything stands on: choose another name",
        ),
        ("name: a", "name: a/b", 3, 11, None),
        ("name: a", "name: ..", 3, 11, None),
        ("name: a", "name: memory", 3, 11, "`memory` cannot name a folder: choose another name"),
        ("name: a", "name: 5", 3, 11, "`5` stands where text is expected: put it in quotes"),
        (
            AT,
            "keyframes: [{t: 1, at: [0, 0, 1]}, {t: 1, at: [0, 0, 2]}]",
            5,
            60,
            "keyframes must come in order of time, each later than the one before",
        ),
        (AT, "keyframes: []", 5, 32, "a camera path needs at least one keyframe"),
        (TITLE, "a: [1", 2, 6, None),
        (TITLE, "a: &a [*a]", 1, 4, "this value contains itself through an alias"),
        (TITLE, "title: \x01", 1, 8, "a control character stands here, which YAML does not allow: delete it"),
    ],
)
def test_a_mistake_is_named_at_its_place(tmp_path, old, new, line, column, sentence):
    assert old in GOOD
    error = broken(GOOD.replace(old, new), tmp_path)
    assert (error.line, error.column) == (line, column)
    first, quote, caret = str(error).split("\n")
    assert first.startswith(f"{tmp_path / 'x.yaml'}:{line}:{column}: ")
    assert quote.endswith(error.quote)
    assert caret.index("^") - caret.index("|") == column + 1
    if sentence is not None:
        assert first.split(": ", 1)[1] == sentence


def test_the_first_of_two_mistakes_is_told(tmp_path):
    error = broken(GOOD.replace(TITLE, "title: t\nfps: 0").replace("1s", "1x"), tmp_path)
    assert error.line == 2


def test_two_shots_of_one_name(tmp_path):
    shot = GOOD.split("shots:\n")[1]
    error = broken(GOOD + shot.replace("name: a", "name: A"), tmp_path)
    assert (error.line, error.column) == (6, 11)
    assert error.sentence == "another shot is called `A`: names must differ"


def test_a_joint_is_suggested(tmp_path):
    error = broken(GOOD.replace(TITLE, "characters: {mara: {}}").replace("[0, 5, 1]", "mara.haed"), tmp_path)
    assert (error.line, error.column, error.suggestion) == (5, 62, "head")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty: a scene needs at least `shots`"),
        ("# only words\n", "the file is empty: a scene needs at least `shots`"),
        ("title: x\n", "`shots` is missing here"),
        ("shots: []\n", "a scene needs at least one shot"),
        ("- 1\n", "a list stands where a mapping with `title`, `size`, "),
        ("[" * 300, "the file is nested too deeply to be a scene"),
    ],
)
def test_a_file_that_is_no_scene(tmp_path, text, sentence):
    assert broken(text, tmp_path).sentence.startswith(sentence)


def test_aliases_of_aliases_are_refused(tmp_path):
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 9)]
    assert "unfold to more than" in broken("\n".join(rows), tmp_path).sentence


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(SceneError, match="there is no such scene file"):
        load_scene(tmp_path / "none.yaml")
    with pytest.raises(SceneError, match="this is a folder"):
        load_scene(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"title: a\nshots: \xe9\n")
    with pytest.raises(SceneError, match="2:8: the file is not UTF-8 text"):
        load_scene(tmp_path / "latin.yaml")


@pytest.mark.parametrize("asset", ["../secret.glb", "/etc/passwd", "link.glb", "a/../../secret.glb"])
def test_assets_stay_in_the_scene_folder(tmp_path, asset):
    folder = tmp_path / "scene"
    (folder / "a").mkdir(parents=True)
    (tmp_path / "secret.glb").write_bytes(b"x")
    (folder / "link.glb").symlink_to(tmp_path / "secret.glb")
    error = broken(GOOD.replace(TITLE, f"world: {{props: [{{name: p, asset: {asset}}}]}}"), folder)
    assert (error.line, error.column) == (1, 34)
    assert error.sentence == f"`{asset}` lies outside of the scene's folder: copy it next to the scene"


def test_assets_that_are_not_there(tmp_path):
    (tmp_path / "cart.glb").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    scene = GOOD.replace(TITLE, "world: {props: [{name: p, asset: ASSET}]}")
    assert broken(scene.replace("ASSET", "crat.glb"), tmp_path).sentence.endswith("is it `cart.glb`?")
    assert "is a folder" in broken(scene.replace("ASSET", "."), tmp_path).sentence
    assert "is not a mesh file" in broken(scene.replace("ASSET", "notes.txt"), tmp_path).sentence


def test_templates_anchors_and_merges(tmp_path):
    text = """\
x-take: &take {duration: 1s, lens: {focal: 50mm}, camera: {body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}}
shots:
  - {<<: *take, name: a}
  - {<<: *take, name: b, duration: 2s}
"""
    scene = scene_from_text(text, tmp_path / "x.yaml")
    assert [(s.name, s.duration, s.lens.focal.to) for s in scene.shots] == [("a", 1, 50), ("b", 2, 50)]
    wrong = broken(text.replace("50mm", "50deg"), tmp_path)  # told where it is written, not where it is used
    assert (wrong.line, wrong.column) == (1, 44)


def test_names_in_any_script(tmp_path):
    text = GOOD.replace("name: a", "name: 開場-žofie").replace(TITLE, "characters: {žofie: {}}")
    scene = scene_from_text(text.replace("[0, 5, 1]", "žofie.left-hand"), tmp_path / "x.yaml")
    assert scene.shots[0].name == "開場-žofie"


def test_a_file_with_a_byte_order_mark_and_windows_lines(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_scene(file).title == "t"


JUNK = ["null", "[]", "{}", "-1", "0", "1e999", ".nan", "''", "true", "[1, 2]", "{a: b}", "2m", "&a 3", "*a", "!x y"]


@given(st.integers(0, 10**6), st.sampled_from(JUNK), st.integers(0, 10**6), st.text("{}[]:,&*!|>'\"#\t\n", max_size=2))
@settings(max_examples=50, deadline=None)
def test_whatever_stands_in_the_file_it_loads_or_says_why(word, junk, cut, noise):
    words = list(re.finditer(r"(?<=[\[\s])[^\s,\[\]{}:#]+", EXAMPLE))
    chosen = words[word % len(words)]
    text = EXAMPLE[: chosen.start()] + junk + EXAMPLE[chosen.end() :]
    cut %= len(text)
    try:
        scene_from_text(text[:cut] + noise + text[cut:], SCENES / "x.yaml")
    except SceneError as error:
        assert error.sentence  # noqa: PT017 - both loading and refusing are right


def test_only_words_of_the_language_are_taken(tmp_path):
    assert re.search("unknown key `from_`", str(broken(GOOD.replace(AT, "dolly: {from_: [0,0,1]}"), tmp_path)))


@pytest.mark.parametrize(
    ("look", "column", "sentence"),
    [
        ("reference: nowhere.png", 19, "the picture `nowhere.png` does not exist in the scene's folder"),
        ("reference: ../x.png", 19, "`../x.png` lies outside of the scene's folder"),
        ("reference: moods", 19, "the picture `moods` is a folder"),
        ("reference: words.png", 19, "`words.png` cannot be read as a picture"),
        ("reference: mod.png", 19, "is it `mood.png`?"),
        ("model: pocket, blocking: pocket", 33, "`pocket` paints the shots already"),
        ("strength: 0.5", 8, "`strength` is of a blocked film"),
        ("blocking: pocket, model: m, strength: 1.5", 46, "the most here is 1"),
    ],
)
def test_what_the_look_names_must_be_there(tmp_path: Path, look: str, column: int, sentence: str) -> None:
    (tmp_path / "moods").mkdir()
    (tmp_path / "words.png").write_text("not a picture")
    Image.new("RGB", (8, 8)).save(tmp_path / "mood.png")
    error = broken(GOOD.replace(TITLE, f"look: {{{look}}}"), tmp_path)
    assert (error.line, error.column) == (1, column)
    assert sentence in str(error)


def test_a_look_may_name_a_picture_and_a_ladder(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "Stimmung ü.png")
    look = "look: {reference: Stimmung ü.png, model: wan-vace-1.3b, blocking: pocket, strength: 0.4}"
    found = scene_from_text(GOOD.replace(TITLE, look), tmp_path / "x.yaml").look
    assert (found.reference, found.blocking, found.strength) == ("Stimmung ü.png", "pocket", 0.4)
