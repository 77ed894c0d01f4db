"""Outputs that cannot be written: nothing is left behind and nothing is lost."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time

import pytest
from cli_support import COMMAND

FORMATS = ("npz", "csv", "json", "glb")


def limit_file_size(n_bytes: int):
    """A real error of the operating system: writing beyond n_bytes gives EFBIG."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))

    return limit


def test_output_folder_missing_is_refused_before_the_work(place):
    place.refused(6, "nothing.wav", "-o", "nowhere/out.npz", says="nowhere")  # the missing input is not even looked at


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.xyz", "out", "out.png"])
def test_output_ending_unknown_is_a_usage_error(place, name):
    place.wav()
    assert ".npz" in place.refused(2, "in.wav", "-o", name)


@pytest.mark.slow
def test_output_exists_is_refused_without_force(place):
    place.wav()
    (place.folder / "out.npz").write_text("precious")
    place.refused(6, "in.wav", "-o", "out.csv", "-o", "out.npz", says="--force")
    assert (place.folder / "out.npz").read_text() == "precious"
    assert place.animate("in.wav", "-o", "out.npz", "--force").returncode == 0
    assert (place.folder / "out.npz").read_bytes()[:2] == b"PK"


@pytest.mark.slow
def test_output_is_a_folder_is_refused(place):
    place.wav()
    (place.folder / "out.npz").mkdir()
    place.refused(6, "in.wav", "-o", "out.npz", "--force", says="out.npz")


@pytest.mark.slow
def test_output_is_a_device_is_refused(place):
    place.wav()
    place.refused(2, "in.wav", "-o", "/dev/full", "--force")
    os.symlink("/dev/full", place.folder / "full.csv")
    place.refused(6, "in.wav", "-o", "full.csv", "--force", says="regular file")


def test_output_named_twice_is_refused(place):
    place.wav()
    place.refused(6, "in.wav", "-o", "out.npz", "-o", "./out.npz", says="twice")


@pytest.mark.slow
@pytest.mark.parametrize("ending", FORMATS)
def test_output_disk_full_leaves_nothing(place, ending):
    place.wav(seconds=4)
    place.refused(6, "in.wav", "-o", f"out.{ending}", preexec_fn=limit_file_size(4000), says=f"out.{ending}")


@pytest.mark.slow
def test_output_disk_full_while_spooling_frames_leaves_nothing(place):
    # 130 s of frames pass the part that is kept in memory.
    place.wav(seconds=130, rate=8000)
    place.refused(6, "in.wav", "-o", "out.npz", preexec_fn=limit_file_size(4000), says="temporary folder")


@pytest.mark.slow
def test_output_second_fails_first_is_not_left(place):
    # The CSV fits into the limit, the GLB with the head's mesh does not.
    place.wav(seconds=0.1)
    place.refused(6, "in.wav", "-o", "out.csv", "-o", "out.glb", preexec_fn=limit_file_size(20000), says="out.glb")


@pytest.mark.slow
def test_output_disk_full_keeps_the_old_file(place):
    place.wav(seconds=4)
    (place.folder / "out.csv").write_text("precious")
    place.refused(6, "in.wav", "-o", "out.csv", "--force", preexec_fn=limit_file_size(4000), says="out.csv")
    assert (place.folder / "out.csv").read_text() == "precious"


@pytest.mark.slow
def test_stdout_disk_full_is_refused(place):
    place.wav()
    args = ["animate", "in.wav", "-o", "-", "--format", "csv", "--bundle", str(place.bundle), "--backend", "reference"]
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [*COMMAND, *args], cwd=place.folder, env=place.environment(), stdout=full, stderr=subprocess.PIPE
        )
    assert result.returncode == 6
    assert b"Traceback" not in result.stderr
    assert b"standard output" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupt_leaves_nothing(place, sent, code):
    args = ["animate", "-", "-o", "out.npz", "--bundle", str(place.bundle), "--backend", "reference"]
    process = subprocess.Popen(
        [*COMMAND, *args],
        cwd=place.folder,
        env=place.environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A test run in the background inherits an ignored SIGINT; a person's command does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    # The sound never ends, so the command is at work as soon as its copy of the sound is there.
    deadline = time.monotonic() + 60
    while not place.files() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert place.files()
    process.send_signal(sent)
    _, text = process.communicate(timeout=60)
    assert process.returncode == code, text
    assert b"Traceback" not in text
    assert not place.files()


if sys.platform != "linux":
    pytest.skip("uses limits of the operating system", allow_module_level=True)
