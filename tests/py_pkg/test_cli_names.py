"""Commands as an impatient person types them: little, in any case of letters, and nearly right."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

import diffusiontalker as dt
from diffusiontalker.cli.main import main
from diffusiontalker.names import chosen


@pytest.fixture
def typed(place, monkeypatch, capsys):
    """Runs a command in the place with the tiny bundle: (exit code, standard error)."""
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("DIFFUSIONTALKER_BUNDLES", str(place.bundle.parent))
    place.wav()

    def run(*args):
        code = main([*map(str, args)])
        return code, capsys.readouterr().err

    return run


MODEL = ("--bundle", "Tiny", "--backend", "REFERENCE")


def test_a_recording_alone_gets_a_file_of_its_name_here(typed, place):
    (place.folder / "recordings").mkdir()
    place.wav("recordings/hello.wav")
    assert typed("animate", "recordings/hello.wav", *MODEL)[0] == 0
    assert (place.folder / "hello.glb").read_bytes()[:4] == b"glTF"
    code, text = typed("animate", "recordings/hello.wav", *MODEL)
    assert code == 6 and "--force" in text
    assert typed("animate", "recordings/hello.wav", "-f", "-q", *MODEL) == (0, "")
    code, text = typed("animate", "-", *MODEL)
    assert code == 2 and "-o speech.glb" in text


def test_outputs_may_stand_behind_the_recording(typed, place):
    assert typed("animate", "in.wav", "a.csv", "b.npz", *MODEL, "-o", "c.json")[0] == 0
    assert {"a.csv", "b.npz", "c.json"} < set(os.listdir(place.folder))


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("in.wav", "b.wav"), 3, "b.wav does not exist"),
        (("in.wav", "b.fbx"), 2, "b.fbx is not there to be read, and no output"),
        (("in.wav", "-o", "a.csv", "b.wav"), 2, "one argument too many: b.wav; see diffusiontalker animate --help"),
        (("*.flac", "-o", "a.csv"), 3, "no file fits *.flac"),
        (("http://x.org/a.wav", "-o", "a.csv"), 3, "http://x.org/a.wav is an address"),
        (("https://x.org/a.wav?x=1",), 3, "curl -L https://x.org/a.wav?x=1 |"),
        (("imn.wav", "-o", "a.csv"), 3, "did you mean 'in.wav'?"),
        (("in.wav", "-o", "x.mp4"), 2, "`diffusiontalker render in.wav -o x.mp4`"),
        (("in.wav", "-o", "outdir/"), 6, "outdir/ is a folder: name a file in it, such as outdir/in.glb"),
        (("in.wav", "--identiti", "ada"), 2, "did you mean '--identity'?; see diffusiontalker animate --help"),
        (("in.wav", "-o", "a.csv", "--backend", "refrence"), 2, "did you mean 'reference'?"),
        (("in.wav", "-o", "a.csv", "--precision", "f23"), 2, "did you mean 'f32'?"),
        (("in.wav", "-o", "a.csv", "--head", "rond"), 2, "did you mean 'round'?"),
        (("in.wav", "-o", "a.csv", "--bundle", "tinny"), 4, "did you mean 'tiny'?"),
        (("in.wav", "-o", "a.csv", *MODEL, "--identity", "addda"), 3, "did you mean 'ada'?"),
        (("in.wav", "-o", "a.csv", *MODEL, "--profile", "ofline"), 3, "did you mean 'offline'?"),
    ],
)
def test_what_is_nearly_right_is_answered_with_what_to_do(typed, place, args, code, says):
    got, text = typed("animate", *args)
    assert (got, text.count("\n")) == (code, 1), text
    assert says in text
    assert os.listdir(place.folder) == ["in.wav"]


def test_render_knows_its_sibling_and_says_that_a_video_is_silent(typed, place):
    code, text = typed("render", "in.wav", "-o", "x.glb")
    assert code == 2 and "`diffusiontalker animate in.wav -o x.glb`" in text
    code, text = typed("anmate", "in.wav")
    assert code == 2 and "did you mean 'animate'?" in text
    assert typed("animate", "in.wav", "s.npz", *MODEL)[0] == 0
    pytest.importorskip("av")
    code, text = typed("render", "s.npz", "-o", "s.mp4")
    assert code == 0 and "silent: --audio" in text


def test_a_missing_recording_is_told_before_the_model_is_loaded(typed, monkeypatch):
    def load(*_args, **_options):
        raise AssertionError("loaded")

    monkeypatch.setattr("diffusiontalker.cli.sources.load", load)
    assert typed("animate", "nothing.wav", "-o", "a.csv")[0] == 3


def test_help_names_what_the_options_take_and_version_is_everywhere(capsys):
    for command in ("animate", "render"):
        assert main([command, "--help"]) == 0
        text = capsys.readouterr().out
        assert "surprised" in text and "low-latency" in text and "ada" in text
    for args in (["-V"], ["--version"], ["animate", "-V"], ["engine", "list", "--version"]):
        assert main(args) == 0
        assert capsys.readouterr().out == f"diffusiontalker {dt.__version__}\n"


def test_verbose_shows_what_the_library_tells(typed):
    quiet = typed("animate", "in.wav", "a.csv", "--bundle", "tiny", "--backend", "auto")[1]
    told = typed("animate", "in.wav", "b.csv", "--bundle", "tiny", "--backend", "auto", "-v")[1]
    assert len(told.splitlines()) > len(quiet.splitlines())


def test_names_of_the_library_are_taken_in_any_case(model, tiny_bundle, monkeypatch):
    monkeypatch.setenv("DIFFUSIONTALKER_BUNDLES", str(tiny_bundle.parent))
    assert dt.load("TINY", backend="Reference", precision="F32").precision == "f32"
    np.testing.assert_array_equal(model.style("ADA"), model.style("ada"))
    assert model.profile("Offline") == model.profile("offline")
    sound = np.zeros(8000, np.float32)
    anim = model.animate(sound, 16000, identity="Ben", profile="LIVE")
    np.testing.assert_array_equal(anim.weights, model.animate(sound, 16000, identity="ben", profile="live").weights)
    np.testing.assert_array_equal(anim.channel("JAWOPEN"), anim.channel(anim.channels[anim.channels.index("jawOpen")]))
    for call in (
        lambda: model.stream(identity="bem"),
        lambda: model.stream(profile="ofline"),
        lambda: anim.channel("jawOpne"),
    ):
        with pytest.raises(dt.InputError, match="did you mean"):
            call()


def test_a_name_that_two_are_spelled_like_is_neither():
    assert chosen("name", "a", ["a", "A"]) == "a"
    with pytest.raises(dt.InputError, match="unknown name"):
        chosen("name", "aA", ["aa", "AA"])
    assert chosen("name", None, ["a"]) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("link.wav", "-o", "a.npz"),
        ("in.wav", "-o", "a.npz", "--dials", "link.wav"),
        ("in.wav", "-o", "a.npz", "--timeline", "link.wav"),
        ("in.wav", "-o", "a.glb", "--head", "link.glb"),
    ],
)
def test_a_link_to_nothing_is_told_from_a_wrong_name(typed, place, arguments):
    for name in ("link.wav", "link.glb"):
        (place.folder / name).symlink_to("nothing")
    code, text = typed("animate", *arguments, *MODEL)
    assert code == 3
    assert re.search(r"link\.\w+ is a symbolic link to nothing, which does not exist", text)


def test_a_link_to_no_animation_is_told_from_a_wrong_name(typed, place):
    (place.folder / "link.npz").symlink_to("nothing")
    code, text = typed("render", "link.npz", "-o", "a.png")
    assert code == 3
    assert "link.npz is a symbolic link to nothing, which does not exist" in text
