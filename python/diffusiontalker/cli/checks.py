"""The single checks of `doctor`; each finds out one thing and says what to do when it is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffusiontalker.bench.environment import cpu_flags, cpu_model
from diffusiontalker.errors import DiffusionTalkerError
from diffusiontalker.extras import install_command
from diffusiontalker.native import native
from diffusiontalker.paths import cache_folder
from diffusiontalker.spec import bundles
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from diffusiontalker.version import __version__

if TYPE_CHECKING:
    from diffusiontalker._native import BackendDescription


@dataclass(frozen=True)
class Check:
    """status: "ok", "note" (the main job works without it) or "FAIL"."""

    name: str
    status: str
    found: str
    advice: str = ""
    exit_code: int = 5  # what a FAIL ends the command with


def all_checks() -> list[Check]:
    return [
        check_python(),
        check_native(),
        *check_backends(),
        *check_bundles(),
        check_main_job(),
        check_soundfile(),
        check_video(),
        check_cache(),
        check_cpu(),
        check_gpu(),
    ]


def check_python() -> Check:
    found = f"diffusiontalker {__version__} on Python {platform.python_version()}, {sys.executable}"
    return Check("python", "ok", found)


def check_native() -> Check:
    try:
        module = native()
        return Check("native library", "ok", f"{module.version()}, {module.__file__}")
    except DiffusionTalkerError as e:
        return Check("native library", "FAIL", str(e))


def check_backends() -> list[Check]:
    try:
        found = native().backends()
    except DiffusionTalkerError:
        return [Check("backends", "note", "not asked: the native library is missing")]
    return [_check_backend(backend) for backend in found]


def _check_backend(backend: BackendDescription) -> Check:
    row = f"backend {backend['name']}"
    usable, reason = native().probe_backend(backend["name"])
    if usable:
        return Check(row, "ok", "can run here")
    # Another backend may still do the job; check_main_job tells whether any does.
    reason = reason.removesuffix(f"; {backend['remedy']}")
    return Check(row, "note", reason, backend["remedy"])


def check_bundles() -> list[Check]:
    checks = []
    for name, folder in bundles.available_bundles().items():
        try:
            description = bundles.read_description(folder)
            problems = bundles.file_problems(folder, description)
        except DiffusionTalkerError as e:
            problems = [str(e)]
            description = {}
        if problems:
            status = "FAIL" if name == "base" else "note"
            checks.append(Check(f"bundle {name}", status, problems[0], "reinstall, or get the bundle again", 4))
        else:
            n = len(description.get("files", {}))
            text = f"version {description.get('version')}, {n} files whole, {folder}"
            checks.append(Check(f"bundle {name}", "ok", text))
    if not any(c.name == "bundle base" for c in checks):
        folder = bundles.bundle_folders()[0]
        advice = f"reinstall, or set {bundles.ENVIRONMENT_VARIABLE} to a folder that holds it"
        checks.append(Check("bundle base", "FAIL", f"not found in {folder}", advice, 4))
    return checks


def check_main_job() -> Check:
    """Really loads the base bundle and animates half a second."""
    from diffusiontalker.api.model import load
    from diffusiontalker.bench.clip import synthetic_speech

    notices: list[str] = []
    try:
        started = time.perf_counter()
        model = load("base", log=lambda *record: notices.append(str(record[-1])), build_engines=False)
        loaded = time.perf_counter()
        anim = model.animate(synthetic_speech(0.5), SAMPLE_RATE_HZ)
        ended = time.perf_counter()
    except DiffusionTalkerError as e:
        return Check("animating", "FAIL", str(e), exit_code=e.exit_code)
    times = f"loaded in {loaded - started:.2f} s, ran in {ended - loaded:.2f} s"
    text = f"{anim.n_frames} frames with {model.backend}: {times}"
    return Check("animating", "ok", text, "; ".join(notices) if model.backend == "reference" else "")


def check_soundfile() -> Check:
    try:
        import soundfile

        formats = soundfile.available_formats()
    except (ImportError, OSError) as e:
        return Check("sound files", "FAIL", f"soundfile cannot be loaded: {e}", "pip install soundfile", 3)
    wanted = [name for name in ("WAV", "FLAC", "OGG", "MP3") if name in formats]
    return Check("sound files", "ok", f"libsndfile {soundfile.__libsndfile_version__}: {', '.join(wanted)}")


def check_video() -> Check:
    found = []
    if importlib.util.find_spec("av"):
        found.append(f"PyAV {importlib.metadata.version('av')}")
    if path := shutil.which("ffmpeg"):
        found.append(path)
    if found:
        return Check("video", "ok", ", ".join(found))
    return Check(
        "video", "note", "neither PyAV nor ffmpeg: no .mp4, and no MP4, M4A or WebM as sound", install_command("video")
    )


def check_cache() -> Check:
    try:
        folder = cache_folder()
    except DiffusionTalkerError as e:
        return Check("cache folder", "note", "there is no home folder", str(e).partition(": ")[2])
    existing = next((p for p in (folder, *folder.parents) if os.path.exists(p)), folder)
    if os.access(existing, os.W_OK):
        return Check("cache folder", "ok", f"{folder} can be written")
    return Check("cache folder", "note", f"{folder} cannot be written", "set XDG_CACHE_HOME to a folder of yours")


def check_cpu() -> Check:
    flags = cpu_flags()
    names = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX-512 bf16", "amx_bf16": "AMX bf16"}
    parts = [f"{label} {'yes' if flag in flags else 'no'}" for flag, label in names.items()]
    found = f"{cpu_model()}, {os.cpu_count()} cores, " + (", ".join(parts) if flags else "features unknown")
    if "amx_bf16" in flags or "avx512_bf16" in flags:
        return Check("processor", "ok", found, "--precision bf16 is faster here, at an rms error of about 0.0025")
    return Check("processor", "ok", found)


def check_gpu() -> Check:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Check(
            "GPU",
            "note",
            "no nvidia-smi, so no NVIDIA driver is assumed",
            "no action is needed: everything runs on the processor",
        )
    query = [tool, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        result = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as e:
        return Check("GPU", "note", f"nvidia-smi fails: {e}", "no action is needed: everything runs on the processor")
    return Check("GPU", "ok", "; ".join(result.stdout.split("\n")).strip("; "))
