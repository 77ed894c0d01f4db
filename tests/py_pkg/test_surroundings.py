"""What a command is started in: closed and full standard streams, a folder that is gone, names of any kind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from cli_support import COMMAND

from diffusiontalker.cli import console
from diffusiontalker.cli.main import main
from diffusiontalker.errors import OutputError
from diffusiontalker.paths import cache_folder

if sys.platform != "linux":
    pytest.skip("closes and fills streams by their number", allow_module_level=True)


def run(place, *args, closed=(), full=(), cwd=None, env=None) -> subprocess.CompletedProcess:
    """The command with some of the streams 0, 1, 2 closed or full; what goes to the others is kept."""

    def prepare():
        for number in full:
            os.dup2(os.open("/dev/full", os.O_WRONLY), number)
        os.closerange(3, 64)
        for number in closed:
            os.close(number)

    return subprocess.run(
        [*COMMAND, *map(str, args)], cwd=cwd or place.folder, env=env or place.environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, preexec_fn=prepare, timeout=120, close_fds=False,
    )  # fmt: skip


@pytest.fixture
def animate(place):
    place.wav()
    return ("animate", "in.wav", "--bundle", place.bundle, "--backend", "reference")


@pytest.mark.slow
@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_a_file_is_written_whatever_is_closed(place, animate, closed):
    done = run(place, *animate, "-o", "a.csv", closed=closed)
    assert done.returncode == 0
    assert (place.folder / "a.csv").read_text().startswith("Timecode")


@pytest.mark.slow
def test_a_file_is_written_while_standard_error_is_full(place, animate):
    assert run(place, *animate, "-o", "a.csv", full=[2]).returncode == 0
    assert run(place, *animate, "-o", "a.csv", full=[2]).returncode == 6  # exists: the code tells, where no line can
    assert run(place, "nonsense", full=[2]).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("args", [("info", "--json"), ("animate", "--help")])
def test_data_that_standard_output_does_not_take_is_an_output_error(place, args):
    for streams in ({"full": [1]}, {"closed": [1]}):
        done = run(place, *args, **streams)
        assert (done.returncode, done.stderr.count("\n")) == (6, 1), done.stderr
        assert "standard output cannot be written" in done.stderr


@pytest.mark.slow
def test_an_animation_for_a_closed_standard_output_is_an_output_error(place, animate):
    done = run(place, *animate, "-o", "-", closed=[1])
    assert done.returncode == 6 and "standard output" in done.stderr


@pytest.mark.slow
def test_a_closed_standard_input_is_an_input_error(place):
    model = ("--bundle", place.bundle, "--backend", "reference")
    done = run(place, "animate", "-", "-o", "a.csv", *model, closed=[0])
    assert done.returncode == 3 and "standard input" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("args", ["--help", "info --json"])
def test_a_reader_that_goes_away_ends_the_command_without_a_word(place, args):
    command = f"{' '.join(COMMAND)} {args} | true; exit ${{PIPESTATUS[0]}}"  # true has ended before we write
    done = subprocess.run(["bash", "-c", command], cwd=place.folder, env=place.environment(), capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (141, b"", b"")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "code"), [(("-o", "a.csv"), 6), ((), 6), (("-o", "{}/a.csv"), 0)], ids=["relative", "default", "absolute"]
)
def test_a_working_folder_that_is_gone(place, tmp_path, args, code):
    gone = tmp_path / "gone"
    gone.mkdir()
    sound = place.wav()
    command = [*COMMAND, "animate", sound, "--bundle", place.bundle, "--backend", "reference"]
    command += [a.format(place.folder) for a in args]
    program = f"import os, sys; os.rmdir({str(gone)!r}); os.execv(sys.executable, {list(map(str, command))!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=gone, env=place.environment(), capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert "internal" not in done.stderr


def test_no_home_folder_is_a_sentence(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.home", no_home)
    with pytest.raises(OutputError, match="XDG_CACHE_HOME"):
        cache_folder()
    assert main(["engine", "list"]) == 6


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied", "x"), OSError(24, "Too many"), MemoryError()]
)
def test_what_the_system_refuses_is_no_internal_error(monkeypatch, capsys, error):
    def refuse(*_args):
        raise error

    monkeypatch.setattr("diffusiontalker.cli.info.run", refuse)
    assert main(["info"]) == 71
    line = capsys.readouterr().err
    assert line.startswith("error: ") and line.count("\n") == 1 and "internal" not in line


@pytest.mark.slow
def test_a_bundle_in_a_folder_that_is_no_utf8(place, tmp_path, animate):
    strange = os.fsencode(tmp_path) + b"/b\xfcndel"
    shutil.copytree(place.bundle, os.fsdecode(strange))
    done = subprocess.run(
        [*COMMAND, *map(str, animate[:2]), "-o", "a.csv", "--backend", "reference", "--bundle", strange, "--json"],
        cwd=place.folder, env=place.environment(), capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert os.fsencode(json.loads(done.stdout)["bundle"]) == strange


def test_commands_of_terminals_in_names_are_shown_and_not_obeyed(place, capsys):
    evil = "\x1b]0;owned\x07\x9b31m\u202egnp.\r"
    shown = console.plain(evil)
    assert shown == r"\x1b]0;owned\x07\x9b31m\u202egnp.\r"
    assert main(["animate", f"{evil}.wav", "-o", "a.csv"]) == 3
    assert main(["info", f"{evil}"]) == 4
    printer = console.Console()
    printer.table([(evil, "a\nb")], ("name", "x"))
    printer.json({"name": evil})
    out, err = capsys.readouterr()
    assert not any(c in out + err for c in "\x1b\x07\x9b\u202e\r")
    assert json.loads(out[out.index("{") :])["name"] == evil
    assert "\na\n" not in out
