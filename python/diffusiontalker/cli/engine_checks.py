"""The rows of `doctor` about TensorRT engines. Nothing here can fail the main job, which the CPU does."""

from __future__ import annotations

from diffusiontalker import trt_build
from diffusiontalker.cli.checks import Check
from diffusiontalker.errors import DiffusionTalkerError, EngineError
from diffusiontalker.extras import install_command

_RTX, _FULL = install_command("tensorrt-rtx"), install_command("tensorrt")


def all_checks() -> list[Check]:
    return [check_libraries(), check_engine_sets()]


def check_libraries() -> Check:
    """Loads what is installed, as a build would."""
    found, broken = [], ""
    for name in ("tensorrt", "tensorrt-rtx"):
        if trt_build.installed_version(name) is None:
            continue
        try:
            found.append(f"{name} {trt_build.load_library(name).version}")
        except EngineError as e:
            broken = broken or str(e)
    gpu, reason = trt_build.find_gpu()
    if broken:
        return Check("TensorRT", "note", broken, _FULL if gpu else _RTX)
    if not found:
        advice = f"to build engines for a GPU: {_FULL}, or {_RTX} for RTX cards" if gpu else (
            f"nothing, unless you build engines for another machine: {_RTX}"
        )  # fmt: skip
        return Check("TensorRT", "note", "not installed", advice)
    where = f"{gpu.name}, compute capability {gpu.compute_capability}" if gpu else reason
    if gpu is None and not any(name.startswith("tensorrt-rtx") for name in found):
        return Check("TensorRT", "note", f"{found[0]}; {where}", f"it builds on a GPU only; {_RTX} builds without one")
    return Check("TensorRT", "ok", f"{', '.join(found)}; {where}")


def check_engine_sets() -> Check:
    try:
        folder = trt_build.cache.engines_folder()
    except DiffusionTalkerError as e:
        return Check("engine sets", "note", "there is no home folder", str(e).partition(": ")[2])
    states = [trt_build.state_of(folder, whole=False) for folder in trt_build.cache.set_folders()]
    if not states:
        return Check(
            "engine sets",
            "note",
            f"none in {folder}",
            "diffusiontalker engine build makes one",
        )
    n_bytes = sum(s.engines.n_bytes for s in states if s.engines is not None)
    fitting = sum(s.word == "fits" for s in states)
    found = f"{fitting} of {len(states)} fit, {n_bytes / 1e6:.1f} MB, {folder}"
    if fitting == len(states):
        return Check("engine sets", "ok", found)
    return Check("engine sets", "note", found, "diffusiontalker engine clear --stale deletes the others")
