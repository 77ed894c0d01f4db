"""Several inputs in one command: what is taken, how outputs are called, what fails, what an interrupt leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from cli_support import COMMAND
from export_support import random_animation

from diffusiontalker.cli import sources
from diffusiontalker.cli.main import main
from diffusiontalker.io import save_animation

MODEL = ("--backend", "reference")


@pytest.fixture
def folder(place, monkeypatch):
    """The working folder, empty, with the tiny bundle as `tiny`."""
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("DIFFUSIONTALKER_BUNDLES", str(place.bundle.parent))
    return place.folder


@pytest.fixture
def voices(place, folder):
    """Makes short recordings of these names, with their folders."""

    def make(*names):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            place.wav("one.wav", seconds=0.2)
            shutil.move(folder / "one.wav", folder / name)

    return make


def animate(*args) -> int:
    return main(["animate", "--bundle", "tiny", *MODEL, *map(str, args)])


def tree(folder) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def takes(folder, *names, n: int = 2) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        save_animation(random_animation(n), folder / name)


def events(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_several_recordings_use_one_model_and_give_the_bytes_of_single_runs(folder, voices, monkeypatch):
    voices("a.wav", "b.wav", "c.wav")
    opened = []
    load = sources.load
    monkeypatch.setattr(sources, "load", lambda *a, **k: opened.append(a) or load(*a, **k))
    assert animate("a.wav", "b.wav", "c.wav", "--out-dir", "out", "-o", ".npz", "-o", ".csv") == 0
    assert len(opened) == 1
    assert tree(folder / "out") == ["a.csv", "a.npz", "b.csv", "b.npz", "c.csv", "c.npz"]
    assert animate("b.wav", "-o", "alone.npz", "-o", "alone.csv") == 0
    for ending in ("npz", "csv"):
        assert (folder / f"alone.{ending}").read_bytes() == (folder / f"out/b.{ending}").read_bytes()


def test_a_pattern_in_quotes_is_the_one_without(folder, capsys):
    takes(folder, "s1/voice.npz", "s2/voice.npz", "s2/other.csv")
    assert main(["convert", "*/voice.npz", "--out-dir", "quoted"]) == 0
    assert main(["convert", "s1/voice.npz", "s2/voice.npz", "--out-dir", "plain"]) == 0
    assert tree(folder / "quoted") == tree(folder / "plain") == ["s1/voice.glb", "s2/voice.glb"]
    assert main(["convert", "**/*.npz", "--out-dir", "deep", "-o", ".bvh", "--quiet"]) == 0
    assert tree(folder / "deep") == ["s1/voice.bvh", "s2/voice.bvh"]


def test_outputs_keep_apart_what_inputs_keep_apart(folder):
    takes(folder, "a.npz", "a.csv", "b.npz", "one/t/c.npz", "two/t/c.npz")
    assert main(["convert", "a.npz", "a.csv", "b.npz", "one/t", "two/t", "--out-dir", "out", "-o", ".json"]) == 0
    assert tree(folder / "out") == ["a.csv.json", "a.npz.json", "b.json", "one/t/c.json", "two/t/c.json"]


def test_a_name_that_is_long_already_meets_no_other(folder):
    takes(folder, "a.npz", "a.csv", "a.npz.json")
    assert main(["convert", "a.npz", "a.csv", "a.npz.json", "--out-dir", "out", "-o", ".glb"]) == 0
    assert tree(folder / "out") == ["a.csv.glb", "a.npz.glb", "a.npz.json.glb"]


def test_inputs_without_a_folder_in_common_keep_their_names_where_they_may(folder, monkeypatch):
    """As of two disks, or of places that have the root of the disk in common only."""
    takes(folder, "x/a.npz", "x/b.npz", "y/b.npz")
    monkeypatch.setattr("os.path.commonpath", lambda _paths: folder.anchor)
    assert main(["convert", "x/a.npz", "x/b.npz", "y/b.npz", "--out-dir", "out", "-o", ".csv"]) == 0
    here = "/".join(folder.parts[1:])
    assert tree(folder / "out") == sorted(["a.csv", f"{here}/x/b.npz.csv", f"{here}/y/b.npz.csv"])


def test_a_folder_gives_its_files_and_with_recursive_those_below(folder, capsys):
    takes(folder, "takes/a.npz", "takes/deep/b.npz", "takes/.hidden.npz", "takes/deep/MySlate_1_iPhone_cal.csv")
    (folder / "takes/notes.txt").write_text("no animation")
    assert main(["convert", "takes", "--out-dir", "takes/out"]) == 0
    assert tree(folder / "takes/out") == ["a.glb"]
    # A second time, with its own outputs in the folder; deep is the folder of a take.
    assert main(["convert", "takes", "--recursive", "--out-dir", "takes/out", "--skip-existing", "--json"]) == 0
    assert [(e["event"], e.get("input")) for e in events(capsys)] == [
        ("skipped", "takes/a.npz"), ("begin", "takes/deep"), ("done", "takes/deep"), ("end", None),
    ]  # fmt: skip
    assert tree(folder / "takes/out") == ["a.glb", "deep.glb"]


def test_a_failure_leaves_the_others_alone_and_is_listed_at_the_end(folder, capsys):
    takes(folder, "a.npz", "c.npz")
    (folder / "b.npz").write_text("broken")
    assert main(["convert", "a.npz", "b.npz", "c.npz", "--out-dir", "out"]) == 1
    told = capsys.readouterr().err
    assert tree(folder / "out") == ["a.glb", "c.glb"]
    assert "2 of 3 inputs are done" in told and "error: 1 of 3 inputs failed\n  b.npz is not a saved animation" in told
    assert "Traceback" not in told
    assert main(["convert", "a.npz", "b.npz", "c.npz", "--out-dir", "out", "--skip-existing", "--json", "-q"]) == 1
    told = events(capsys)
    assert [e["event"] for e in told] == ["skipped", "begin", "failed", "skipped", "end"]
    assert {e["schema"] for e in told} == {"diffusiontalker.batch/1"} and {e["of"] for e in told} == {3}
    end = told[-1]
    assert (end["n_done"], end["n_skipped"], end["n_failed"], end["exit_code"]) == (0, 2, 1, 1)
    assert end["failed"][0]["input"] == "b.npz" and end["failed"][0]["exit_code"] == 3


def test_a_fault_of_ours_costs_one_input_too(folder, monkeypatch, capsys):
    takes(folder, "a.npz", "b.npz")
    read = __import__("diffusiontalker.cli.convert", fromlist=["read_motion"]).read_motion

    def fails(path):
        if path.name == "a.npz":
            raise RuntimeError("a fault")
        return read(path)

    monkeypatch.setattr("diffusiontalker.cli.convert.read_motion", fails)
    assert main(["convert", "a.npz", "b.npz", "--out-dir", "out"]) == 1
    assert "internal error, RuntimeError: a fault" in capsys.readouterr().err
    assert tree(folder / "out") == ["b.glb"]


def test_a_full_disk_ends_the_batch(folder, monkeypatch, capsys):
    takes(folder, "a.npz", "b.npz", "c.npz")

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diffusiontalker.cli.convert.save_animation", full)
    assert main(["convert", "a.npz", "b.npz", "c.npz", "--out-dir", "out"]) == 1
    told = capsys.readouterr().err
    assert "the disk is full" in told and "2 were not begun" in told
    assert tree(folder / "out") == []


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["a.npz", "b.npz", "--out-dir", "out", "-o", "x.glb"], 2, "2 inputs cannot all be written to x.glb"),
        (["a.npz", "b.npz", "--out-dir", "out", "-o", "out/"], 2, "out/ is a folder: --out-dir out/ writes into it"),
        (["a.npz", "b.npz", "--out-dir", "out", "-o", ".fbx"], 2, "the ending of .fbx names no format"),
        (["a.npz", "b.npz", "-o", ".json", "-f", "--skip-existing"], 2, "choose one"),
        (["a.npz", "-", "--out-dir", "out"], 2, "standard input and standard output are for one recording"),
        (["a.npz", "b.npz", "-o", ".json", "-o", "-"], 2, "standard input and standard output are for one recording"),
        (["a.npz", "b.npz", "-o", ".npz", "--force"], 6, "a.npz is an input"),
        (["a.npz", "b.npz", "--force"], 2, "--out-dir FOLDER if it is an input like a.npz"),
        (["a.npz", "b.npz", "--out-dir", "a.npz/out"], 1, "the folder a.npz/out cannot be made"),
        (["a.npz", "nothing.npz", "--out-dir", "out"], 3, "nothing.npz does not exist"),
        (["nothing*.npz", "--out-dir", "out"], 3, "no file fits nothing*.npz"),
        (["empty", "--out-dir", "out"], 3, "empty is a folder without animation files"),
        (["a.npz", "b.npz", "-o", ".glb", "-o", ".csv"], 6, "1 of 4 outputs, b.csv among them, exist already"),
        (["a.npz", "b.npz", "-o", ".glb", "--head", "no.glb"], 3, "no.glb does not exist"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_leaves_no_file(folder, capsys, args, code, says):
    takes(folder, "a.npz", "b.npz", "b.csv")
    (folder / "empty").mkdir()
    before = {name: (folder / name).read_bytes() for name in tree(folder)}
    assert main(["convert", *args]) == code
    out, err = capsys.readouterr()
    assert out == "" and says in err and "Traceback" not in err
    assert {name: (folder / name).read_bytes() for name in tree(folder)} == before


def test_what_all_recordings_share_fails_once_and_before_any_work(folder, voices, capsys):
    voices("a.wav", "b.wav")
    assert animate("a.wav", "b.wav", "--out-dir", "out", "--identity", "nobody") == 3
    assert main(["animate", "a.wav", "b.wav", "--out-dir", "out", "--bundle", "nothing"]) == 4
    err = capsys.readouterr().err
    assert err.count("error: ") == 2 and tree(folder) == ["a.wav", "b.wav"]


@pytest.mark.slow
def test_render_draws_sounds_and_animations_side_by_side(folder, voices, capsys):
    voices("a.wav")
    takes(folder, "b.npz", "c.npz")
    assert main(["render", "a.wav", "b.npz", "c.npz", "--out-dir", "out", "--bundle", "tiny", *MODEL]) == 0
    assert tree(folder / "out") == ["a.png", "b.png", "c.png"]
    assert main(["render", "b.npz", "c.npz", "--out-dir", "o2", "--audio", "a.wav"]) == 2
    assert main(["render", "a.wav", "c.npz", "--out-dir", "o2", "--identity", "ada"]) == 2
    assert "--identity is for sound: c.npz is drawn as it was saved" in capsys.readouterr().err


def test_links_to_one_file_are_two_inputs_and_one_name_twice_is_one(folder):
    takes(folder, "a.npz")
    os.symlink("a.npz", folder / "b.npz")
    assert main(["convert", "a.npz", "./a.npz", "b.npz", "--out-dir", "out"]) == 0
    assert tree(folder / "out") == ["a.glb", "b.glb"]


def test_skip_existing_makes_what_is_missing_of_one_input(folder):
    takes(folder, "a.npz")
    assert main(["convert", "a.npz", "-o", "out.glb"]) == 0
    (folder / "out.glb").write_bytes(b"mine")
    assert main(["convert", "a.npz", "-o", "out.glb", "-o", "out.json", "--skip-existing"]) == 0
    assert (folder / "out.glb").read_bytes() == b"mine" and (folder / "out.json").stat().st_size > 100


def test_an_interrupt_tells_how_to_go_on(folder, monkeypatch, capsys):
    takes(folder, "a.npz", "b.npz", "c.npz")
    converting = __import__("diffusiontalker.cli.convert", fromlist=["Converting"]).Converting
    one = converting.one

    def interrupted(self, args, console):
        if args.input == "b.npz":
            raise KeyboardInterrupt
        return one(self, args, console)

    monkeypatch.setattr(converting, "one", interrupted)
    assert main(["convert", "a.npz", "b.npz", "c.npz", "--out-dir", "out"]) == 130
    assert "1 of 3 inputs are done: the same command with --skip-existing goes on" in capsys.readouterr().err
    assert tree(folder / "out") == ["a.glb"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_whole_files_and_the_next_run_makes_the_rest(place, number):
    for name, seconds in (("a", 2), ("b", 90), ("c", 2)):  # the signal comes while the second is at work
        place.wav(f"{name}.wav", seconds=seconds)
    arguments = ["animate", "a.wav", "b.wav", "c.wav", "--bundle", str(place.bundle), *MODEL, "-o", ".csv"]
    assert place.run(*arguments, "--out-dir", "whole").returncode == 0
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--out-dir", "out"], cwd=place.folder, env=place.environment(), stderr=subprocess.PIPE
    )
    out = place.folder / "out"
    deadline = time.monotonic() + 60
    while not (out / "a.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    told = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 128 + number, told
    whole = {p.name: p.read_bytes() for p in (place.folder / "whole").iterdir()}
    there = {p.name: p.read_bytes() for p in out.iterdir()}
    assert there and len(there) < 3 and there.items() <= whole.items()
    assert place.run(*arguments, "--out-dir", "out", "--skip-existing").returncode == 0
    assert {p.name: p.read_bytes() for p in out.iterdir()} == whole
