"""What `animate` promises: formats, standard streams, stable JSON, quiet terminals."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import termios

import numpy as np
import pytest
from cli_support import COMMAND


@pytest.mark.slow
def test_animate_several_outputs_agree(place):
    place.wav(seconds=1)
    result = place.animate("in.wav", "-o", "a.npz", "-o", "a.csv", "-o", "a.json", "-o", "a.glb")
    assert result.returncode == 0, result.stderr.decode()
    assert sorted(p.name for p in place.folder.iterdir()) == ["a.csv", "a.glb", "a.json", "a.npz", "in.wav"]
    saved = np.load(place.folder / "a.npz")
    assert sorted(saved.files) == ["channels", "fps", "times", "weights"]
    assert saved["weights"].shape == (30, 52)
    assert saved["weights"].dtype == np.float32
    assert not list(place.tmp.iterdir())


@pytest.mark.slow
def test_animate_same_seed_same_bytes(place):
    place.wav(seconds=1)
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert place.animate("in.wav", "-o", f"{name}.csv", "--seed", seed).returncode == 0
    a, b, c = ((place.folder / f"{name}.csv").read_bytes() for name in "abc")
    assert a == b
    assert a != c


@pytest.mark.slow
def test_animate_stdin_equals_file(place):
    path = place.wav(seconds=1)
    assert place.animate("in.wav", "-o", "file.csv").returncode == 0
    result = place.animate("-", "-o", "-", "--format", "csv", stdin=path.read_bytes())
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout == (place.folder / "file.csv").read_bytes()
    assert not list(place.tmp.iterdir())


@pytest.mark.slow
def test_animate_stdin_that_is_no_sound_is_refused(place):
    line = place.refused(3, "-", "-o", "out.npz", stdin=b"not a sound")
    assert "standard input" in line
    place.refused(3, "-", "-o", "out.npz", stdin=b"")


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["json", "npz"])
def test_animate_stdout_is_only_the_document(place, file_format):
    place.wav(seconds=1)
    result = place.animate("in.wav", "-o", "-", "--format", file_format)
    assert result.returncode == 0
    if file_format == "json":
        assert json.loads(result.stdout)
    else:
        assert np.load(io.BytesIO(result.stdout))["weights"].shape == (30, 52)


@pytest.mark.slow
def test_animate_json_has_the_documented_keys(place):
    place.wav(seconds=1)
    result = place.animate("in.wav", "-o", "out.npz", "--json", "--seed", 3, "--quiet")
    document = json.loads(result.stdout)
    assert result.stderr == b""
    assert document["schema"] == "diffusiontalker.animate/1"
    assert document["outputs"] == ["out.npz"]
    assert (document["n_frames"], document["seed"], document["fps_num"], document["fps_den"]) == (30, 3, 30, 1)
    assert document["backend"] == "reference"
    expected = {"input", "bundle", "precision", "identity", "profile", "duration_s", "load_s", "compute_s", "rtf"}
    assert expected <= set(document)


@pytest.mark.slow
def test_animate_conflicting_stdout_is_a_usage_error(place):
    place.wav()
    place.refused(2, "in.wav", "-o", "-", "--json", says="--json")
    place.refused(2, "in.wav", "-o", "-", "-o", "-", says="twice")
    place.refused(2, "in.wav", "-o", "a.npz", "--format", "csv", says="--format")


@pytest.mark.slow
def test_animate_no_progress_and_no_colour_without_a_terminal(place):
    place.wav(seconds=1)
    result = place.animate("in.wav", "-o", "out.npz")
    assert result.stdout == b""
    assert b"\r" not in result.stderr
    assert b"\x1b" not in result.stderr


def on_terminal(place, *args, **environment) -> bytes:
    """Standard error of the command when that is a terminal."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *map(str, args)],
        cwd=place.folder,
        env={**place.environment(), "TERM": "xterm", **environment},
        stderr=follower,
        stdout=subprocess.DEVNULL,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        shown += block
    os.close(leader)
    process.wait(timeout=60)
    return shown


@pytest.mark.slow
def test_animate_progress_on_a_terminal(place):
    place.wav(seconds=20)
    args = ("animate", "in.wav", "-o", "out.npz", "--bundle", place.bundle, "--backend", "reference", "--force")
    assert b"animating" in on_terminal(place, *args)
    assert b"animating" not in on_terminal(place, *args, "--quiet")


@pytest.mark.slow
def test_animate_colour_on_a_terminal_unless_no_color(place):
    args = ("animate", "missing.wav", "-o", "out.npz", "--bundle", place.bundle, "--backend", "reference")
    assert b"\x1b[31m" in on_terminal(place, *args)
    assert b"\x1b[31m" not in on_terminal(place, *args, NO_COLOR="1")


@pytest.mark.slow
def test_animate_broken_pipe_is_silent(place):
    place.wav(seconds=60, rate=8000)
    command = [*COMMAND, "animate", "in.wav", "-o", "-", "--format", "csv", "--quiet", "--backend", "reference"]
    process = subprocess.Popen(
        [*command, "--bundle", str(place.bundle)],
        cwd=place.folder,
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_animate_output_is_the_input_is_refused(place):
    path = place.wav()
    os.link(path, place.folder / "in.npz")
    place.refused(6, "in.wav", "-o", "in.npz", "--force", says="is the input")
