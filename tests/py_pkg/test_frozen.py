"""Programs that are frozen with PyInstaller: the hook finds what such a program needs, and tells nobody a lie."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import diffusiontalker as dt
from diffusiontalker.frozen import hook_folders

HOOK = "hook-diffusiontalker.py"


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))


@pytest.fixture
def collected(monkeypatch):
    """What the hook collects, with stand-ins for PyInstaller's functions: names -> lists of file names."""

    def files(package, patterns=("**/*",), excludes=(), subdir=None):
        folder = package_folder(package) / (subdir or "")
        found = {p for pattern in patterns for p in folder.rglob(pattern.removeprefix("**/")) if p.is_file()}
        found -= {p for pattern in excludes for p in folder.glob(pattern)}
        return [(str(p), str(p.parent)) for p in found]

    hooks: Any = ModuleType("PyInstaller.utils.hooks")
    hooks.collect_data_files = lambda package, subdir=None, excludes=(): [
        f for f in files(package, subdir=subdir, excludes=excludes) if not f[0].endswith((".py", ".pyc"))
    ]
    hooks.collect_dynamic_libs = lambda package, search_patterns: files(package, search_patterns)
    hooks.collect_submodules = lambda package, on_error: [f"{package}.errors"]
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "PyInstaller.utils.hooks", hooks)
    made = runpy.run_path(str(Path(hook_folders()[0]) / HOOK))
    return {key: {Path(f[0]).name for f in made[key]} for key in ("datas", "binaries")}


def test_pyinstaller_finds_the_hook_by_the_entry_point():
    points = importlib.metadata.entry_points(group="pyinstaller40")
    ours = [point for point in points if point.value.startswith("diffusiontalker.")]
    assert len(ours) == 1
    assert (Path(ours[0].load()()[0]) / HOOK).is_file()


def test_the_hook_collects_bundles_head_and_libraries(collected):
    assert {"bundle.json", "denoiser.onnx", "head_arkit52.npz"} <= collected["datas"]
    endings = {"win32": ".dll", "darwin": ".dylib"}
    library = "diffusiontalker" + endings.get(sys.platform, ".so")
    assert any(name.endswith(library) for name in collected["binaries"])
    if importlib.util.find_spec("openvino"):
        assert any("diffusiontalker_openvino" in name for name in collected["binaries"])
        assert any("openvino_onnx_frontend" in name for name in collected["binaries"])


@pytest.mark.slow
def test_a_warning_of_a_load_without_a_log_goes_to_logging(tiny_bundle, tmp_path, caplog):
    """An unknown instruction set is a fault of the built-in backend, after which the next one is announced."""
    copy = tmp_path / "diffusiontalker"
    shutil.copytree(package_folder("diffusiontalker"), copy, ignore=shutil.ignore_patterns("*openvino*", "bundles"))
    program = f"import diffusiontalker as dt; m = dt.load({str(tiny_bundle)!r}); print(m.backend, *m.opening_warnings)"
    environment = os.environ | {"DT_CPU_ISA": "abacus"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env=environment
    )
    name, _, warning = done.stdout.partition(" ")
    assert name == "reference" and warning.startswith("using the slow") and "DT_CPU_ISA" in warning, done.stderr
    assert "DT_CPU_ISA" in done.stderr and done.stderr.count("\n") == 1
    with caplog.at_level(logging.INFO, "diffusiontalker"):
        dt.load(tiny_bundle, backend="reference", log=lambda *_record: None)
    assert not caplog.records


PROGRAM = """
import sys
import numpy as np
import diffusiontalker as dt
model = dt.load("base")
print(model.backend, model.animate(np.zeros(8000, np.float32), 16000).n_frames)
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("PyInstaller") is None, reason="runs where PyInstaller is installed")
def test_a_frozen_program_runs(tmp_path):
    (tmp_path / "talk.py").write_text(PROGRAM)
    build = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "talk.py"]
    subprocess.run(build, cwd=tmp_path, check=True, timeout=900)
    done = subprocess.run([tmp_path / "dist" / "talk" / "talk"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "cpu 15\n", "")
