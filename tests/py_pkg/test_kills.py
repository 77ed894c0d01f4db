"""Commands that are killed: a short run of kill_at_random.py, and two processes at one output."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from cli_support import COMMAND
from kill_at_random import Place, kill_often

if sys.platform == "win32":
    pytest.skip("kills processes by a signal", allow_module_level=True)


@pytest.mark.slow
def test_a_killed_command_leaves_no_broken_output_and_the_next_run_is_right(tmp_path, tiny_bundle):
    place = Place(tmp_path, tiny_bundle)
    told: list[str] = []
    for job in place.jobs()[:3]:
        kill_often(place, job, 3, random.Random(1), told.append)
    assert len(told) == 3


@pytest.mark.slow
def test_of_two_commands_with_one_output_one_wins(place):
    place.wav(seconds=2)
    arguments = ["animate", "in.wav", "a.npz", "--bundle", str(place.bundle), "--backend", "reference", "--seed"]
    both = [
        subprocess.Popen([*COMMAND, *arguments, str(k)], cwd=place.folder, stderr=subprocess.PIPE, text=True)
        for k in range(2)
    ]
    texts = [process.communicate(timeout=120)[1] for process in both]
    codes = [process.returncode for process in both]
    assert sorted(codes) == [0, 6]
    assert "exists already" in texts[codes.index(6)]
    winner = (place.folder / "a.npz").read_bytes()
    assert place.animate("in.wav", "b.npz", "--seed", codes.index(0)).returncode == 0
    assert (place.folder / "b.npz").read_bytes() == winner
    assert sorted(p.name for p in place.folder.iterdir()) == ["a.npz", "b.npz", "in.wav"]
