"""Sets are reused while they fit, built anew when they do not, and never lost or left half-made."""

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from bundles import write_bundle
from conftest import tiny_wanted

from diffusiontalker.errors import BundleError, EngineError, OutputError
from diffusiontalker.trt_build.engine import timing
from diffusiontalker.trt_build.engine.build_set import ensure_engines
from diffusiontalker.trt_build.engine.lock import building
from diffusiontalker.trt_build.sets import cache as sets
from diffusiontalker.trt_build.sets.identity import EngineOptions, Gpu
from diffusiontalker.trt_build.sets.sidecar import file_problem, read

pytestmark = pytest.mark.usefixtures("rtx")


def state(folder):
    """What a rebuild would change."""
    return {p.name: (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.iterdir()}


@pytest.fixture
def own_set(tiny_set, tmp_path):
    return shutil.copytree(tiny_set.folder, tmp_path / "own")


def test_second_build_takes_the_first_ones_set(tiny, cache):
    first = ensure_engines(tiny_wanted(tiny))
    assert first.reason == "there was none" and first.engines.folder.parent == cache
    before = state(first.engines.folder)
    second = ensure_engines(tiny_wanted(tiny))
    assert second.reason == "" and second.engines == first.engines
    assert state(first.engines.folder) == before
    assert [p.name for p in cache.iterdir()] == [first.engines.identity.key]


def test_changed_bundle_is_built_anew(tiny, own_set, tmp_path):
    other = write_bundle(tmp_path / "other", seed=1)
    same = ensure_engines(tiny_wanted(tiny), own_set)
    assert same.reason == ""
    key = same.engines.identity.key
    outcome = ensure_engines(tiny_wanted(other), own_set)
    assert outcome.reason == "the bundle has changed"
    assert file_problem(outcome.engines) == "" and [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    assert outcome.engines.identity.key != key


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"batches": (1, 4)}, "batches was [1, 2] and is [1, 4] now"),
        ({"profiles": ("offline",)}, "windows was [30] and is [60] now"),
        ({"precision": "f32"}, "precision was f16 and is f32 now"),
    ],
)
def test_other_wishes_are_another_set(tiny, own_set, change, reason):
    assert ensure_engines(tiny_wanted(tiny, **change), own_set).reason == reason


def test_turing_gets_float16_everywhere(tiny, tmp_path):
    turing = EngineOptions(compute_capabilities=("7.5",))
    engines = ensure_engines(tiny_wanted(tiny, options=turing), tmp_path / "set").engines.engines
    assert all(e.fp16_matrix_layers == e.matrix_layers > 0 for e in engines)
    with pytest.raises(EngineError, match="no float32 products for compute capability 7.5: use precision f16"):
        ensure_engines(tiny_wanted(tiny, options=turing, precision="f32"), tmp_path / "other")


@pytest.mark.parametrize("damage", ["flip", "truncate", "missing"])
def test_damaged_plan_is_found_and_built_anew(tiny, own_set, damage):
    plan = next(own_set.glob("denoiser*.plan"))
    data = bytearray(plan.read_bytes())
    data[len(data) // 2] ^= 1
    if damage == "missing":
        plan.unlink()
    else:
        plan.write_bytes(data if damage == "flip" else data[:-1])
    problem = file_problem(read(own_set))
    expected = {"flip": "is damaged: its SHA-256", "truncate": "bytes, expected", "missing": "cannot be read: No such"}
    assert plan.name in problem and expected[damage] in problem
    outcome = ensure_engines(tiny_wanted(tiny), own_set)
    assert outcome.reason == problem and file_problem(outcome.engines) == ""


def test_plan_of_another_builder_is_found(own_set):
    path = own_set / "engines.json"
    content = json.loads(path.read_text())
    version = content["identity"]["library_version"].split(".")
    content["identity"]["library_version"] = ".".join([version[0], str(int(version[1]) + 1), *version[2:]])
    path.write_text(json.dumps(content))
    assert "was built by version " in file_problem(read(own_set))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not valid JSON"),
        ("[]", "does not describe an engine set"),
        ('{"format": 99}', "is of format 99, expected 1"),
        ('{"format": 1}', "'engines' is missing or wrong"),
        ('{"format": 1, "engines": [{"file": "../x.plan"}]}', "missing or wrong"),
        ("[" * 500_000, "is not valid JSON"),
        (" " * (1 << 20) + "{}", "has more than 1048576 bytes"),
    ],
)
def test_damaged_sidecar_is_one_sentence_with_the_remedy(tiny, own_set, text, message):
    (own_set / "engines.json").write_text(text)
    with pytest.raises(EngineError, match="diffusiontalker engine build") as e:
        read(own_set)
    assert message in str(e.value)
    assert ensure_engines(tiny_wanted(tiny), own_set).reason == str(e.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_pipes_in_place_of_files_are_not_waited_for(own_set):
    found = read(own_set)
    plan = own_set / found.engines[0].file
    plan.unlink()
    os.mkfifo(plan)
    assert "it is no regular file" in file_problem(found)
    (own_set / "engines.json").unlink()
    os.mkfifo(own_set / "engines.json")
    with pytest.raises(EngineError, match="it is no regular file"):
        read(own_set)


def test_sidecar_cannot_name_files_elsewhere(own_set):
    content = json.loads((own_set / "engines.json").read_text())
    content["engines"][0]["file"] = "../outside.plan"
    (own_set / "engines.json").write_text(json.dumps(content))
    with pytest.raises(EngineError, match="outside.plan' is missing or wrong"):
        read(own_set)


def test_damaged_bundle_is_refused_and_the_set_stays(tiny, own_set, tmp_path):
    bundle = shutil.copytree(tiny, tmp_path / "bundle")
    (bundle / "denoiser.onnx").write_bytes(b"not a graph")
    before = state(own_set)
    with pytest.raises(BundleError, match=r"is not whole: .*denoiser\.onnx has 11 of"):
        ensure_engines(tiny_wanted(bundle), own_set)
    assert state(own_set) == before


def test_interrupted_build_leaves_the_old_set_and_nothing_else(tiny, own_set, tmp_path):
    before = state(own_set)

    def interrupt(done, total, label):
        if done > 1.1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_engines(tiny_wanted(tiny), own_set, force=True, report=interrupt)
    assert state(own_set) == before
    assert [p.name for p in tmp_path.iterdir()] == ["own"]


def test_progress_rises_to_the_number_of_plans(tiny, tmp_path):
    seen = []
    ensure_engines(tiny_wanted(tiny), tmp_path / "set", report=lambda done, total, label: seen.append((done, total)))
    done = np.array([d for d, _ in seen])
    assert {total for _, total in seen} == {4} and done[0] == 0 and done[-1] == 4
    assert (np.diff(done) >= 0).all() and len(np.unique(done)) > 8


def test_foreign_folder_is_not_touched(tiny, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="holds files that are no engine set: give another folder"):
        ensure_engines(tiny_wanted(tiny), folder)
    with pytest.raises(OutputError, match="delete it yourself"):
        sets.remove(folder)
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_what_the_runtime_left_beside_the_engines_belongs_to_the_set(tmp_path):
    """Kernels that TensorRT-RTX compiled, whole and half written."""
    folder = tmp_path / "set"
    for _ in range(2):
        with sets.new_set(folder) as place:
            (place / "engines.json").write_text("{}")
            (place / "denoiser-w27.plan").write_bytes(b"plan")
        (folder / "kernels.cache").write_bytes(b"kernels")
        (folder / "kernels.cache.7.part").write_bytes(b"ker")
    assert sets.remove(folder) == 2 + 4 + 7 + 3 and not folder.exists()


FULL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
from diffusiontalker.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
def test_full_disk_is_one_sentence_and_leaves_nothing(tiny, tmp_path):
    arguments = ["engine", "build", str(tiny), "--library", "tensorrt-rtx", "--profile", "low", "--batches", "1"]
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *arguments, "--folder", str(tmp_path / "set"), "--quiet"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.returncode == 6
    assert result.stderr.count("\n") == 1 and "cannot be written: the file is larger than this disk" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_two_builds_at_once_are_one(tiny, cache):
    command = [sys.executable, "-m", "diffusiontalker", "engine", "build", str(tiny), "--library", "tensorrt-rtx"]
    command += ["--profile", "low", "--batches", "1", "--quiet", "--json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    built = []
    for process in running:
        out, err = process.communicate(timeout=120)
        assert (err, process.returncode) == (b"", 0)
        built.append(json.loads(out)["built"])
    assert sorted(built) == [False, True]
    (folder,) = cache.iterdir()
    assert file_problem(read(folder)) == ""


def test_lock_is_waited_for_and_told_once(cache, tmp_path):
    told, entered = [], threading.Event()

    def second():
        with building(tmp_path / "set", lambda: told.append(1)):
            entered.set()

    with building(tmp_path / "set", lambda: told.append(0)), building(tmp_path / "other", lambda: told.append(0)):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.5)
    assert entered.wait(30) and told == [1]
    thread.join()


def test_cache_that_cannot_hold_a_lock_does_not_hinder(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("diffusiontalker.trt_build.engine.lock.cache_folder", lambda: tmp_path / "file" / "below")
    with building(tmp_path / "set", lambda: None):
        pass
    with pytest.raises(OSError, match="of the build"), building(tmp_path / "set", lambda: None):
        raise OSError("of the build")


def test_timing_cache_is_kept_per_version_and_gpu(tiny_set, cache):
    identity = replace(tiny_set.identity, library="tensorrt", library_version="11.1.0", gpu=Gpu("NVIDIA H200", "9.0"))
    assert timing.read(identity) is None
    timing.write(identity, b"what the builder measured")
    assert timing.read(identity) == b"what the builder measured"
    for other in (replace(identity, library_version="11.2.0"), replace(identity, gpu=Gpu("NVIDIA L4", "8.9"))):
        assert timing.read(other) is None
    assert timing.path_of(tiny_set.identity) is None  # tensorrt-rtx measures nothing
    assert [p.name for p in (cache.parent / "timing").iterdir()] == ["11.1.0-NVIDIA_H200-9.0.cache"]
