"""animate --head FILE and head inspect."""

from __future__ import annotations

import json
import subprocess

import pytest
from cli_support import check_refused
from own_head_support import Character, Spoken
from test_glb_validator import PACKAGE, SCRIPT, find_validator

from diffusiontalker.spec.channels import ARKIT_CHANNELS


def character(place, names=ARKIT_CHANNELS, name: str = "hero.glb"):
    made = Character()
    made.mesh(names)
    path = place.folder / name
    path.write_bytes(made.glb())
    return path


@pytest.mark.slow
def test_a_character_speaks_and_the_notice_says_what_moves(place):
    character(place)
    result = place.animate(place.wav(), "--head", "hero.glb", "-o", "spoken.glb", "-o", "a.npz")
    assert result.returncode == 0, result.stderr
    assert b"Face: 52 of 52 targets move (by ARKit)" in result.stderr
    spoken = Spoken((place.folder / "spoken.glb").read_bytes())
    assert spoken.animation["name"] == "Speech" and spoken.values(0).shape[1] == 52
    assert (place.folder / "a.npz").is_file()


@pytest.mark.slow
def test_the_report_of_json(place):
    character(place, ("jawOpen", "Hut"))
    result = place.animate(place.wav(), "--head", "hero.glb", "-o", "spoken.glb", "--json")
    head = json.loads(result.stdout)["head"]
    assert head["meshes"] == [
        {"name": "Face", "matched": {"jawOpen": {"by": "ARKit", "from": {"jawOpen": 1.0}}}, "still": ["Hut"]}
    ]
    assert head["animation"] == "Speech" and head["bone"] is None


@pytest.mark.slow
def test_a_saved_animation_moves_a_character(place):
    character(place)
    assert place.animate(place.wav(), "-o", "take.npz", "-o", "take.json").returncode == 0
    result = place.run("convert", "take.npz", "--head", "hero.glb", "-o", "spoken.glb", "-o", "take.csv", "--fps", "24")
    assert result.returncode == 0 and b"Face: 52 of 52 targets move" in result.stderr, result.stderr
    spoken = Spoken((place.folder / "spoken.glb").read_bytes())
    assert spoken.values(0).shape[1] == 52 and (place.folder / "take.csv").is_file()
    before = place.files()
    result = place.run("convert", "take.npz", "--head", "hero.glb", "-o", "a.csv")
    check_refused(result, 2, "is animated into a .glb", before, place.files())


@pytest.mark.slow
def test_a_character_that_spoke_before_is_read_with_what_it_says_last(place):
    character(place)
    for seconds, head, out in ((0.5, "hero.glb", "once.glb"), (1.0, "once.glb", "twice.glb")):
        sound = place.wav(f"{seconds}.wav", seconds=seconds)
        assert place.animate(sound, "--head", head, "-o", out).returncode == 0
    document = json.loads(place.run("convert", "twice.glb", "-o", "a.npz", "--json").stdout)
    assert document["n_frames"] == 30


@pytest.mark.slow
def test_a_rig_of_odd_names_by_a_drafted_and_edited_mapping(place):
    character(place, ("Gob", "Zwinker"))
    place.refused(3, place.wav(), "--head", "hero.glb", "-o", "spoken.glb", says="(Gob, Zwinker)")
    result = place.run("head", "inspect", "hero.glb", "-o", "map.tsv")
    assert result.returncode == 0, result.stderr
    text = (place.folder / "map.tsv").read_text(encoding="utf-8")
    assert "Gob\t-" in text
    (place.folder / "map.tsv").write_text(text.replace("Gob\t-", "Gob\tjawOpen"), encoding="utf-8")
    result = place.animate(place.wav(), "--head", "hero.glb", "--map", "map.tsv", "-o", "spoken.glb")
    assert result.returncode == 0 and b"1 of 2 targets move (by map)" in result.stderr
    assert place.run("head", "inspect", "hero.glb", "-o", "map.tsv").returncode == 6


def test_a_head_is_looked_at_before_the_work(place):
    """The sentence about the head comes although the sound cannot be read."""
    character(place, ("Gob",))
    (place.folder / "no.wav").write_bytes(b"no sound")
    place.refused(3, "no.wav", "--head", "hero.glb", "-o", "a.glb", says="a name that is known (Gob)")


@pytest.mark.slow
def test_inspect_lists_targets_on_standard_output(place):
    character(place, ("jawOpen", "mouthSmile", "Hut"))
    result = place.run("head", "inspect", "hero.glb")
    lines = [line.split() for line in result.stdout.decode().splitlines()]
    assert ["jawOpen", "jawOpen", "ARKit"] in lines and ["Hut", "-"] in lines
    assert ["mouthSmile", "0.5", "mouthSmileLeft", "+", "0.5", "mouthSmileRight", "alias"] in lines
    document = json.loads(place.run("head", "inspect", "hero.glb", "--json").stdout)
    assert document["schema"] == "diffusiontalker.head-inspect/1" and document["targets"]["Hut"] is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "args", "says"),
    [
        (3, ["--head", "none.glb", "-o", "a.glb"], "none.glb does not exist"),
        (3, ["--head", "in.wav.glb", "-o", "a.glb"], "neither .glb nor .gltf"),
        (6, ["--head", "hero.glb", "-o", "hero.glb", "--force"], "hero.glb is the head: name another output"),
        (2, ["--head", "hero.glb", "-o", "a.npz"], "is animated into a .glb"),
        (2, ["--head", "hero.obj", "-o", "a.glb"], "there is no 'hero.obj': the faces are default"),
        (2, ["--map", "map.tsv", "-o", "a.glb"], "--map is for a character of your own"),
        (2, ["--fit", "-o", "a.glb"], "--fit is for a character of your own"),
        (3, ["--head", "hero.glb", "--map", "no.tsv", "-o", "a.glb"], "no.tsv cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_no_file(place, code, args, says):
    character(place)
    (place.folder / "in.wav.glb").write_bytes(place.wav().read_bytes())
    place.refused(code, "in.wav", *args, says=says)


@pytest.mark.slow
def test_inspect_of_what_is_no_character(place):
    (place.folder / "a.glb").write_bytes(b"nothing")
    before = place.files()
    check_refused(place.run("head", "inspect", "a.glb"), 3, "a.glb: the head is neither", before, place.files())
    check_refused(place.run("head", "inspect", "b.glb"), 3, "b.glb does not exist", before, place.files())
    check_refused(place.run("head", "inspect", "a.glb", "-o", "m.txt"), 2, ".tsv or .json", before, place.files())


def issues(place, package: str, name: str) -> dict:
    command = ["node", "-e", SCRIPT, package, str(place.folder / name)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(result.stdout)["issues"]


@pytest.mark.slow
def test_the_khronos_validator_finds_nothing_new(place):
    package = find_validator()
    assert PACKAGE
    character(place)
    before = issues(place, package, "hero.glb")
    assert place.animate(place.wav(), "--head", "hero.glb", "-o", "spoken.glb").returncode == 0
    after = issues(place, package, "spoken.glb")
    assert {k: v for k, v in after.items() if k.startswith("num")} == {
        k: v for k, v in before.items() if k.startswith("num")
    }, after["messages"][:5]


@pytest.mark.slow
def test_control_characters_of_names_are_shown_not_sent(place):
    character(place, ("jawOpen", "evil\x1b[2J"))
    for args in (["head", "inspect", "hero.glb"], ["animate", place.wav(), "--head", "hero.glb", "-o", "a.glb"]):
        if args[0] == "animate":
            args += ["--bundle", place.bundle, "--backend", "reference"]
        result = place.run(*args)
        assert result.returncode == 0 and b"\x1b" not in result.stdout + result.stderr
