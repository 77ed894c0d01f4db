"""Output files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from export_support import random_animation

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.outputs import OutputSet
from diffusiontalker.errors import OutputError
from diffusiontalker.io import atomic_writer, save_animation, temporary
from diffusiontalker.io.atomic import atomic_folder, atomic_path, write_text


def animation(n_frames: int) -> Animation:
    made = random_animation(n_frames)
    return Animation(made.weights, made.channels, made.fps_num)


def names(folder) -> list[str]:
    return sorted(os.listdir(folder))


def test_atomic_writer_shows_the_file_at_the_end_only(tmp_path):
    with atomic_writer(tmp_path / "a.bin") as f:
        f.write(b"half")
        assert "a.bin" not in names(tmp_path)
        f.write(b" and half")
    assert names(tmp_path) == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"half and half"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o666 & ~mask


def test_atomic_writer_removes_everything_on_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic_writer(tmp_path / "a.bin") as f:
        f.write(b"x")
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_atomic_writer_keeps_the_old_file_on_an_error(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), atomic_writer(tmp_path / "a.bin", force=True) as f:
        f.write(b"new")
        raise KeyboardInterrupt
    assert names(tmp_path) == ["a.bin"] and (tmp_path / "a.bin").read_bytes() == b"old"


def test_atomic_writer_overwrites_with_force_only(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(OutputError, match="exists already.*force"), atomic_writer(tmp_path / "a.bin"):
        pass
    with atomic_writer(tmp_path / "a.bin", force=True) as f:
        f.write(b"new")
    assert (tmp_path / "a.bin").read_bytes() == b"new"


def test_atomic_writer_does_not_overwrite_what_appeared_meanwhile(tmp_path):
    with pytest.raises(OutputError, match="exists already"), atomic_writer(tmp_path / "a.bin"):
        (tmp_path / "a.bin").write_bytes(b"other")
    assert (tmp_path / "a.bin").read_bytes() == b"other" and names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "cannot be written"),
    ],
)
def test_atomic_writer_full_disk_is_one_sentence(tmp_path, code, says):
    with pytest.raises(OutputError, match=says), atomic_writer(tmp_path / "a.bin") as f:
        f.write(b"x")
        raise OSError(code, os.strerror(code))
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".json", ".glb"])
def test_export_to_a_full_disk_leaves_nothing(tmp_path, suffix, monkeypatch):
    """A limit on the size of files stands in for a full disk: the write itself fails."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, old[1]))
        with pytest.raises(OutputError, match="cannot be written"):
            save_animation(random_animation(400), tmp_path / f"a{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []


def test_atomic_writer_folder_errors(tmp_path):
    with pytest.raises(OutputError, match="does not exist"), atomic_writer(tmp_path / "no" / "a.bin"):
        pass
    with pytest.raises(OutputError, match="is a folder"), atomic_writer(tmp_path, force=True):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="folder"), atomic_writer(tmp_path / "file" / "a.bin"):
        pass


@pytest.mark.parametrize("call", ["fsync", "chmod", "fchmod", "link"])
@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS])
def test_what_a_network_disk_cannot_do_loses_no_file(tmp_path, monkeypatch, call, code):
    def cannot(*_args, **_options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, cannot)
    animation(5).save(tmp_path / "a.csv", tmp_path / "a.npz")
    animation(5).save(tmp_path / "a.csv", tmp_path / "a.npz", force=True)
    with pytest.raises(OutputError, match="exists already"):
        animation(5).save(tmp_path / "a.csv")
    with atomic_folder(tmp_path / "set") as place:
        (place / "a").write_text("1")
    assert names(tmp_path) == ["a.csv", "a.npz", "set"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fails_while_it_syncs_is_an_error(tmp_path, monkeypatch, code):
    """A network disk tells only then that it is full."""

    def fails(_number):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OutputError, match="cannot be written"), atomic_writer(tmp_path / "a.bin") as f:
        f.write(b"x")
    assert names(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EBUSY, errno.EXDEV, errno.EACCES])
def test_a_file_that_keeps_its_place_gets_the_content(tmp_path, monkeypatch, code):
    """A file that is mounted alone into a container can be written and not replaced."""
    (tmp_path / "a.bin").write_bytes(b"old")

    def cannot(*_args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "replace", cannot)
    with atomic_writer(tmp_path / "a.bin", force=True) as f:
        f.write(b"new")
    assert names(tmp_path) == ["a.bin"] and (tmp_path / "a.bin").read_bytes() == b"new"


def test_the_longest_name_of_the_disk_is_taken_and_a_longer_one_refused_before_the_work(tmp_path):
    longest = os.pathconf(tmp_path, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
    animation(2).save(tmp_path / ("a" * (longest - 4) + ".csv"))
    with atomic_writer(tmp_path / ("b" * longest)) as f:
        f.write(b"x")
    assert [len(name) for name in names(tmp_path)] == [longest, longest]
    with pytest.raises(OutputError, match="name is too long"):
        OutputSet([tmp_path / ("c" * (longest - 3) + ".csv")])


@pytest.mark.slow
def test_files_of_many_threads_have_the_mode_that_the_umask_gives(tmp_path):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    mask = os.umask(0o022)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: write_text(tmp_path / f"{i}", "x"), range(800)))
    finally:
        os.umask(mask)
        sys.setswitchinterval(interval)
    assert {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()} == {0o644}


def test_a_link_is_followed_and_counts_as_existing(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "t.csv")
    for _ in range(2):  # it leads nowhere, then to a file
        with pytest.raises(OutputError, match="exists already"):
            animation(3).save(tmp_path / "link.csv")
        animation(3).save(tmp_path / "link.csv", force=True)
        assert (tmp_path / "link.csv").is_symlink() and names(tmp_path / "real") == ["t.csv"]
    (tmp_path / "far.csv").symlink_to(tmp_path / "nowhere" / "t.csv")
    with pytest.raises(OutputError, match="nowhere does not exist"):
        animation(3).save(tmp_path / "far.csv", force=True)
    (tmp_path / "round.csv").symlink_to(tmp_path / "round.csv")
    with pytest.raises(OutputError, match="circle"):
        animation(3).save(tmp_path / "round.csv", force=True)
    with pytest.raises(OutputError, match="named twice"):
        animation(3).save(tmp_path / "link.csv", tmp_path / "real" / "t.csv", force=True)


def test_a_name_that_ends_like_a_folder_is_one(tmp_path):
    with pytest.raises(OutputError, match="is a folder"):
        animation(3).save(f"{tmp_path}/new.csv/")


def test_of_two_writers_of_one_file_one_wins(tmp_path):
    """Both find the name free, and finish at the same moment."""
    ready = threading.Barrier(8)

    def write(number: int) -> bool:
        try:
            with atomic_writer(tmp_path / "a.bin") as f:
                f.write(bytes([number]) * 1000)
                ready.wait()
        except OutputError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert won.count(True) == 1
    assert names(tmp_path) == ["a.bin"] and (tmp_path / "a.bin").read_bytes() == bytes([won.index(True)]) * 1000


@pytest.mark.skipif(os.name == "nt", reason="process numbers are asked for by signal 0")
def test_leftovers_of_processes_that_are_gone_are_swept(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = temporary.hidden_name()
    own = here.split("-")
    left = [
        f".dt-{own[1]}-{gone.pid}-0a1b2c3d.part",
        f".dt-{own[1]}-{gone.pid}-0a1b2c3d.csv",
        f".dt-{own[1]}-{gone.pid}-0a1b2c3d.partial",
        f"diffusiontalker-{own[1]}-{gone.pid}-x_y8z9ab",
    ]
    kept = [
        f".dt-{own[1]}-{os.getpid()}-0a1b2c3d.part",  # of a process that runs
        f".dt-01234567-{gone.pid}-0a1b2c3d.part",  # of another machine, which may run there
        ".dt-notes",
        "diffusiontalker-notes",
    ]
    for name in left + kept:
        (tmp_path / name).write_text("x")
    (tmp_path / left[2]).unlink()
    (tmp_path / left[2]).mkdir()
    (tmp_path / left[2] / "plan").write_text("x")
    old = tmp_path / f".dt-01234567-{gone.pid}-ffffffff.part"
    old.write_text("x")
    os.utime(old, (0, 0))
    temporary.sweep(tmp_path)
    assert names(tmp_path) == sorted(kept)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_atomic_writer_read_only_folder(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="not writable"), atomic_writer(tmp_path / "locked" / "a.bin"):
        pass


def test_atomic_folder_comes_whole_or_not_at_all(tmp_path):
    target = tmp_path / "set"
    with atomic_folder(target) as place:
        (place / "a").write_text("1")
        assert not target.exists()
    assert [p.name for p in target.iterdir()] == ["a"]
    with pytest.raises(ZeroDivisionError), atomic_folder(target) as place:
        (place / "b").write_text("2")
        raise ZeroDivisionError
    assert [p.name for p in target.iterdir()] == ["a"]
    with atomic_folder(target) as place:
        (place / "b").write_text("2")
    assert [p.name for p in target.iterdir()] == ["b"] and list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(sys.platform != "linux", reason="exchanges folders by a call of Linux")
def test_a_folder_is_replaced_in_one_step(tmp_path, monkeypatch):
    """A kill between two renamings would leave no folder at all."""

    def never(*_args):
        raise AssertionError("renamed")

    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a").write_text("1")
    monkeypatch.setattr(Path, "rename", never)
    with atomic_folder(tmp_path / "set") as place:
        (place / "b").write_text("2")
    assert names(tmp_path) == ["set"] and names(tmp_path / "set") == ["b"]


def test_a_link_to_a_folder_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in "ab":
        with atomic_folder(tmp_path / "link") as place:
            (place / name).write_text("1")
    assert (tmp_path / "link").is_symlink() and names(tmp_path / "real") == ["b"]


def test_a_system_that_exchanges_nothing_replaces_a_folder_in_two_steps(tmp_path, monkeypatch):
    monkeypatch.setattr("diffusiontalker.io.atomic._swap", lambda *_args: False)
    for name in "ab":
        with atomic_folder(tmp_path / "set") as place:
            (place / name).write_text("1")
    assert names(tmp_path) == ["set"] and names(tmp_path / "set") == ["b"]


def test_atomic_folder_does_not_take_the_place_of_a_file(tmp_path):
    (tmp_path / "set").write_text("mine")
    with pytest.raises(OutputError, match="is a file"), atomic_folder(tmp_path / "set"):
        pass
    assert (tmp_path / "set").read_text() == "mine"


@pytest.mark.parametrize("way", [atomic_path, atomic_folder])
def test_what_cannot_be_read_meanwhile_is_not_blamed_on_the_output(tmp_path, way):
    (tmp_path / "out").mkdir()
    with pytest.raises(FileNotFoundError), way(tmp_path / "out" / "new"):
        (tmp_path / "elsewhere").read_text()
    assert list((tmp_path / "out").iterdir()) == []
