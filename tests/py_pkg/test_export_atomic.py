"""Output files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import stat

import pytest
from export_support import random_animation

from diffusiontalker.errors import OutputError
from diffusiontalker.io import atomic_writer, save_animation
from diffusiontalker.io.atomic import atomic_folder, atomic_path


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
