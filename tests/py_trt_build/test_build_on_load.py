"""load() builds the engines that are missing. A stand-in for the native module says that there is a GPU, and accepts a
set as the real one does: one of the user's cache that fits and is whole. The engines are really built."""

import contextlib
import importlib
import json
import logging
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from diffusiontalker.api.model import load
from diffusiontalker.cli.main import main
from diffusiontalker.errors import BackendError, EngineError, OutputError
from diffusiontalker.trt_build import on_load
from diffusiontalker.trt_build.engine import build_set
from diffusiontalker.trt_build.engine import gpu as gpu_query
from diffusiontalker.trt_build.sets import cache as sets
from diffusiontalker.trt_build.sets.identity import Gpu, bundle_hash
from diffusiontalker.trt_build.sets.sidecar import file_problem, read

real = importlib.import_module("diffusiontalker._native")
MISSING = "there are no tensorrt-rtx engines for this bundle: build them"


class Machine(SimpleNamespace):
    """What the native module says on a machine with a GPU. opened: the backends asked for, in order."""

    def __init__(self, bundle, library="tensorrt-rtx", usable=True):
        super().__init__(
            opened=[], tensorrt_library=library, usable=usable, digest=bundle_hash(bundle), Stream=real.Stream,
            bundle_read=real.bundle_read, bundle_check=real.bundle_check,
        )  # fmt: skip

    def backends(self):
        return real.backends()

    def probe_backend(self, name):
        return (self.usable, "" if self.usable else "this machine has no NVIDIA GPU")

    def Model(self, source, backend, precision, log, **options):
        self.opened.append(backend)
        fits = self.usable and any(map(self.is_fit, sets.set_folders()))
        if backend == "tensorrt" and not fits:
            raise BackendError(MISSING)
        if backend == "auto" and not fits and log:
            log(2, f"using the CPU: {MISSING}")
        return real.Model(source, backend="reference", precision="f32", log=None, **options)

    def is_fit(self, folder):
        with contextlib.suppress(EngineError):
            found = read(folder)
            return found.identity.bundle_sha256 == self.digest and not file_problem(found)
        return False


@pytest.fixture
def machine(tiny, monkeypatch, cache):
    machine = Machine(tiny)
    monkeypatch.setitem(sys.modules, "diffusiontalker._native", machine)
    monkeypatch.delenv(on_load.ENVIRONMENT_VARIABLE, raising=False)
    return machine


@pytest.fixture
def builds(monkeypatch, tiny_set, cache):
    """Instead of the builder: puts the session's set into the cache. What was wanted, in order."""
    wanted = []

    def ensure(wish, folder=None, force=False, report=None):
        assert wish.bundle.exists()
        wanted.append(wish)
        report(0, 4, "denoiser")
        report(4, 4, "")
        target = cache / tiny_set.identity.key
        shutil.copytree(tiny_set.folder, target, dirs_exist_ok=True)
        return build_set.Outcome(tiny_set, "there was none")

    monkeypatch.setattr(build_set, "ensure_engines", ensure)
    return wanted


def test_missing_engines_are_built_once_and_announced(machine, tiny, cache, rtx):
    lines, progress = [], []
    load(
        tiny, backend="tensorrt", log=lambda level, line: lines.append(line),
        engine_progress=lambda *told: progress.append(told),
    )  # fmt: skip
    (folder,) = sets.set_folders()
    found = read(folder)
    assert (
        file_problem(found) == "" and found.identity.library == "tensorrt-rtx" and found.identity.batches == (1, 8, 64)
    )
    assert machine.opened == ["tensorrt", "tensorrt"]
    assert any(line.startswith("building 6 engines with tensorrt-rtx") for line in lines), lines
    assert any(line.startswith("engines built in ") and str(folder) in line for line in lines)
    assert progress[0][:2] == (0, 6) and progress[-1][:2] == (6, 6)
    before = (folder / "engines.json").stat().st_mtime_ns
    for backend in ("tensorrt", "auto"):
        load(tiny, backend=backend)
    assert machine.opened[2:] == ["tensorrt", "tensorrt"]
    assert (folder / "engines.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["stale", "damaged"])
def test_engines_that_do_not_fit_are_built_anew(machine, builds, tiny, tiny_set, cache, damage):
    folder = shutil.copytree(tiny_set.folder, cache / "0")
    if damage == "damaged":
        (folder / "conditioner.plan").write_bytes(b"?")
    else:
        content = json.loads((folder / "engines.json").read_text())
        content["identity"]["bundle_sha256"] = "0" * 64
        (folder / "engines.json").write_text(json.dumps(content))
    load(tiny, backend="auto")
    assert len(builds) == 1 and machine.opened == ["tensorrt", "auto"]


@pytest.mark.parametrize(
    "options",
    [
        {"build_engines": False},
        {"engine_folder": "mine"},
        {"precision": "bf16"},
        {"backend": "reference"},
        {"backend": "openvino"},
    ],
)
def test_nothing_is_built_where_it_is_not_wanted(machine, builds, tiny, options):
    load(tiny, **options)
    assert builds == []


def test_environment_forbids_and_the_argument_wins(machine, builds, tiny, monkeypatch):
    monkeypatch.setenv(on_load.ENVIRONMENT_VARIABLE, "0")
    with pytest.raises(BackendError, match=MISSING):
        load(tiny, backend="tensorrt")
    assert builds == []
    load(tiny, backend="tensorrt", build_engines=True)
    assert len(builds) == 1


@pytest.mark.parametrize("lack", ["gpu", "backend"])
def test_nothing_is_built_without_gpu_or_backend(machine, builds, tiny, lack):
    machine.usable = lack != "gpu"
    machine.tensorrt_library = "" if lack == "backend" else "tensorrt-rtx"
    load(tiny)
    with pytest.raises(BackendError):
        load(tiny, backend="tensorrt")
    assert builds == [] and machine.opened == ["auto", "tensorrt"]


@pytest.mark.parametrize(
    ("hidden", "remedy"),
    # What imports onnx and filelock is hidden in their place: they are imported already.
    [
        ("tensorrt_rtx", "is not installed"),
        (
            "diffusiontalker.trt_build.engine.build_set",
            "building engines needs diffusiontalker.trt_build.engine.build_set",
        ),
    ],
)
def test_without_builder_one_sentence_names_the_command(machine, tiny, monkeypatch, hidden, remedy):
    monkeypatch.setitem(sys.modules, hidden, None)
    with pytest.raises(EngineError) as e:
        load(tiny, backend="tensorrt")
    assert MISSING in str(e.value) and remedy in str(e.value) and "\n" not in str(e.value)
    assert "pip install 'tensorrt-rtx>=" in str(e.value)
    lines = []
    assert load(tiny, log=lambda *record: lines.append(record)).backend == "reference"
    assert any(level == 2 and remedy in line for level, line in lines)


def test_full_disk_falls_back_in_auto_only(machine, tiny, monkeypatch):
    def full(*_, **__):
        raise OutputError("the cache cannot be written: no space left on device")

    monkeypatch.setattr(build_set, "ensure_engines", full)
    with pytest.raises(EngineError, match="no space left on device"):
        load(tiny, backend="tensorrt")
    assert load(tiny, log=lambda *_: None).backend == "reference"


def test_without_a_log_it_is_announced_in_python_logging(machine, builds, tiny, caplog):
    with caplog.at_level(logging.WARNING, "diffusiontalker"):
        load(tiny)
    assert any("building 4 engines" in r.message and on_load.ENVIRONMENT_VARIABLE in r.message for r in caplog.records)


def test_interruption_comes_out(machine, builds, tiny):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(tiny, engine_progress=stop)


def test_packed_bundle_and_its_bytes_are_built_from(machine, builds, tiny, tmp_path):
    packed = tmp_path / "tiny.dtb"
    assert main(["pack", str(tiny), "-o", str(packed), "--quiet"]) == 0
    load(packed.read_bytes(), backend="tensorrt")
    assert len(builds) == 1 and not builds[0].bundle.exists()  # a copy, gone by now
    shutil.rmtree(sets.engines_folder())
    load(packed, backend="tensorrt")
    assert builds[1].bundle == packed


def test_turing_gets_plans_of_its_own(machine, builds, tiny, monkeypatch):
    monkeypatch.setattr(gpu_query, "find_gpu", lambda device=0: (Gpu("NVIDIA T4", "7.5"), ""))
    load(tiny, backend="tensorrt")
    assert builds[0].options.compute_capabilities == ("7.5",)


def test_another_model_of_gpu_is_built_for_by_hand(machine, builds, tiny, monkeypatch):
    machine.tensorrt_library = "tensorrt"
    gpus = [Gpu("NVIDIA L4", "8.9"), Gpu("NVIDIA H200", "9.0"), Gpu("NVIDIA L4", "8.9")]
    monkeypatch.setattr(gpu_query, "find_gpu", lambda device=0: (gpus[device], ""))
    with pytest.raises(EngineError, match="with CUDA_VISIBLE_DEVICES=1"):
        load(tiny, backend="tensorrt", device=1)
    assert builds == []
    load(tiny, backend="tensorrt", device=2)
    assert builds[0].library == "tensorrt"


def test_command_shows_the_build_and_can_forbid_it(machine, builds, tiny, tmp_path, capsys):
    sound = tmp_path / "s.wav"
    soundfile.write(sound, np.zeros(8000, np.float32), 16000)
    command = ["animate", str(sound), "-o", str(tmp_path / "o.csv"), "--bundle", str(tiny), "--backend", "tensorrt"]
    assert main([*command, "--no-build-engines"]) == 5
    assert MISSING in capsys.readouterr().err and builds == []
    assert main(command) == 0
    err = capsys.readouterr().err
    assert "building denoiser" in err and "engines built in " in err
