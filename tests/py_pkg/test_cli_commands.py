"""info, doctor, render, and the program itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_help_starts_with_examples(place):
    for args in (["--help"], ["animate", "--help"], ["bench", "--help"]):
        result = place.run(*args)
        assert result.returncode == 0
        assert result.stdout.startswith(b"examples:\n  diffusiontalker")
        assert b"exit codes" in result.stdout


@pytest.mark.slow
def test_version_agrees_everywhere(place):
    import diffusiontalker
    from diffusiontalker import _native

    assert place.run("--version").stdout.decode().split() == ["diffusiontalker", diffusiontalker.__version__]
    assert _native.version() == diffusiontalker.__version__


@pytest.mark.slow
@pytest.mark.parametrize("args", [[], ["foo"], ["animate"], ["animate", "a.wav", "-o", "b.npz", "--seed", "-1"]])
def test_usage_errors_end_with_2(place, args):
    result = place.run(*args)
    assert result.returncode == 2
    assert result.stderr.startswith(b"error: ")
    assert result.stderr.count(b"\n") == 1


def test_info_json_holds_the_bundle(place):
    document = json.loads(place.run("info", place.bundle, "--json").stdout)
    assert document["schema"] == "diffusiontalker.info/1"
    assert document["whole"] is True
    assert document["bundle"]["format"] == "diffusiontalker-bundle"


def test_info_text_names_licence_and_latency(place):
    text = place.run("info", place.bundle).stdout.decode()
    assert "licence" in text
    assert "lookahead" in text


@pytest.mark.slow
def test_info_states_the_latency_that_streams_have(place):
    import diffusiontalker as dt

    text = place.run("info", place.bundle).stdout.decode()
    stated = re.findall(r"^profile (\S+).* at most (\d+) ms late", text, re.MULTILINE)
    profiles = dt.load(place.bundle, backend="reference").profiles
    assert {name: int(ms) for name, ms in stated} == {name: round(p.latency_ms) for name, p in profiles.items()}


@pytest.mark.slow
def test_doctor_json_lists_every_check(place):
    result = place.run("doctor", "--json")
    document = json.loads(result.stdout)
    names = {check["name"] for check in document["checks"]}
    assert {"python", "native library", "backend openvino", "backend tensorrt", "bundle base", "GPU"} <= names
    assert (result.returncode == 0) == document["works"]
    assert b"warning" not in result.stderr and b"no speech" not in result.stderr, result.stderr  # of its own check


@pytest.mark.slow
def test_doctor_without_the_native_library_says_so(place):
    hide = "import sys; sys.modules['diffusiontalker._native'] = None\n"
    program = hide + "from diffusiontalker.cli.main import main; sys.exit(main(['doctor']))"
    result = subprocess.run([sys.executable, "-c", program], cwd=place.folder, capture_output=True)
    assert result.returncode == 5
    assert b"FAIL  native library" in result.stdout
    assert b"Traceback" not in result.stderr


@pytest.mark.slow
def test_render_audio_and_saved_animation(place):
    place.wav(seconds=0.4)
    model = ("--bundle", place.bundle, "--backend", "reference")
    assert place.animate("in.wav", "-o", "a.npz", "-o", "a.json").returncode == 0
    result = place.run("render", "in.wav", "-o", "direct.png", "-o", "direct.mp4", *model)
    assert result.returncode == 0, result.stderr.decode()
    for saved in ("a.npz", "a.json"):
        result = place.run("render", saved, "-o", f"{saved}.png", "--audio", "in.wav")
        assert result.returncode == 0, result.stderr.decode()
        assert (place.folder / f"{saved}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (place.folder / "direct.mp4").stat().st_size > 1000
    assert (place.folder / "direct.png").read_bytes() == (place.folder / "a.npz.png").read_bytes()


@pytest.mark.slow
def test_render_refuses_damaged_animations(place):
    (place.folder / "bad.npz").write_bytes(b"PK not really")
    for name in ("bad.npz", "missing.npz"):
        before = place.files()
        result = place.run("render", name, "-o", "out.png")
        assert result.returncode == 3, (name, result.stderr.decode())
        assert b"Traceback" not in result.stderr
        assert place.files() == before
