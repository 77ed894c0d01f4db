"""A bundle -> its engine set in the user's cache, built when there is none that fits."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from diffusiontalker.errors import EngineError
from diffusiontalker.spec import bundles
from diffusiontalker.trt_build.engine import timing
from diffusiontalker.trt_build.engine.build_plan import build_plan, prepare_graph
from diffusiontalker.trt_build.engine.library import Library, choose_library
from diffusiontalker.trt_build.engine.lock import building
from diffusiontalker.trt_build.engine.plan_spec import PlanSpec, plan_specs
from diffusiontalker.trt_build.sets.cache import engines_folder, new_set
from diffusiontalker.trt_build.sets.identity import (
    DEFAULT_BATCHES,
    EngineOptions,
    Gpu,
    Identity,
    bundle_hash,
    bundle_windows,
)
from diffusiontalker.trt_build.sets.sidecar import NAME, Engine, EngineSet, file_problem, read
from diffusiontalker.version import __version__

TURING = "7.5"

Report = Callable[[float, int, str], None]  # plans done, plans in all (0: not known yet), what is being done


@dataclass(frozen=True)
class Wanted:
    """What to build. library: None takes the one that can build here. profiles: latency profiles, () all of them."""

    bundle: Path
    library: str | None = None
    profiles: Sequence[str] = ()
    batches: Sequence[int] = DEFAULT_BATCHES
    precision: str = "f16"
    options: EngineOptions = EngineOptions()


@dataclass(frozen=True)
class Outcome:
    """reason: why it was built, "" when an existing set was taken."""

    engines: EngineSet
    reason: str


def ensure_engines(
    wanted: Wanted, folder: Path | None = None, force: bool = False, report: Report | None = None
) -> Outcome:
    """The engine set of `wanted`: the one that is there when it fits and is whole, or a new one in its place.
    folder: instead of the place in the user's cache. force: build in any case.
    Where another process builds the same set, waits for it: `report` is told (0, 0, "waiting for ..").
    Raises BundleError, EngineError, OutputError; a set that was there is kept then."""
    description = bundles.checked_description(wanted.bundle)
    library, gpu = choose_library(wanted.library)
    identity = _identity(wanted, description, library, gpu)
    target = folder or engines_folder() / identity.key
    if not force and not why_not(target, identity):
        return Outcome(read(target), "")
    specs = _fitting(plan_specs(description, identity.windows, identity.batches, identity.precision), wanted)
    tell = report or (lambda *_: None)
    with building(target, lambda: tell(0, 0, "waiting for another process that builds them")):
        reason = "it was asked for" if force else why_not(target, identity)
        if reason:
            with new_set(target) as place:
                built = {"bundle": description.get("name"), "bundle_version": description.get("version")}
                _build(wanted.bundle, identity, specs, library, place, built, tell)
        return Outcome(read(target), reason)


def _fitting(specs: list[PlanSpec], wanted: Wanted) -> list[PlanSpec]:
    """For Turing everything is float16: TensorRT-RTX has no float32 products for it."""
    if TURING not in wanted.options.compute_capabilities:
        return specs
    if wanted.precision != "f16":
        raise EngineError(f"tensorrt-rtx has no float32 products for compute capability {TURING}: use precision f16")
    return [replace(spec, precision="f16") for spec in specs]


def why_not(folder: Path, identity: Identity) -> str:
    """Why the set of a folder cannot be used as `identity`, "" when it can."""
    if not (folder / NAME).exists():
        return "there was none"
    try:
        found = read(folder)
    except EngineError as e:
        return str(e)
    return difference(found.identity, identity) or file_problem(found)


def difference(found: Identity, wanted: Identity) -> str:
    """The first thing in which two identities differ, as a clause; "" when they are equal."""
    if found.bundle_sha256 != wanted.bundle_sha256:
        return "the bundle has changed"
    for name, value in asdict(wanted).items():
        was = asdict(found)[name]
        if was != value:
            return f"{name.replace('_', ' ')} was {_said(was)} and is {_said(value)} now"
    return ""


def _said(value: object) -> str:
    return "none" if value is None else json.dumps(value) if isinstance(value, dict | tuple | list) else str(value)


def _identity(wanted: Wanted, description: dict, library: Library, gpu: Gpu | None) -> Identity:
    return Identity(
        bundle_sha256=bundle_hash(wanted.bundle), library=library.name, library_version=library.version, gpu=gpu,
        precision=wanted.precision, windows=bundle_windows(description, wanted.profiles),
        batches=tuple(sorted(set(wanted.batches))), options=wanted.options,
    )  # fmt: skip


def _build(
    bundle: Path, identity: Identity, specs: list[PlanSpec], library: Library, place: Path, about: dict, report: Report
) -> None:
    """Builds every plan into the folder `place`, engines.json last."""
    started, engines = time.perf_counter(), []
    kernels = timing.read(identity)
    for n, spec in enumerate(specs):
        begun = time.perf_counter()
        report(n, len(specs), spec.label)
        graph = prepare_graph(bundles.read_file(bundle, spec.graph), spec, library.strongly_typed)
        inner = _within(report, n, len(specs), spec.label)
        plan = build_plan(library, graph, spec, identity.options, inner, kernels)
        kernels = plan.timing or kernels
        (place / spec.file).write_bytes(plan.data)
        if spec.precision == "f16" and library.strongly_typed and plan.precision.fp16_matrix_layers == 0:
            raise EngineError(f"{spec.label} was built without any float16 layer: report this, or use precision f32")
        engines.append(
            Engine(
                spec.network,
                spec.file,
                hashlib.sha256(plan.data).hexdigest(),
                len(plan.data),
                spec.window,
                spec.listed,
                round(time.perf_counter() - begun, 3),
                **asdict(plan.precision),
                tensors=plan.tensors,
            )
        )
    timing.write(identity, kernels)
    about = about | {
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"), "diffusiontalker": __version__,
        "build_s": round(time.perf_counter() - started, 3),
    }  # fmt: skip
    text = json.dumps(EngineSet(place, identity, engines, about).as_dict(), indent=1)
    (place / NAME).write_text(text + "\n", encoding="utf-8")
    report(len(specs), len(specs), "")


def _within(report: Report, n: int, total: int, label: str) -> Callable[[float], None]:
    """Progress of plan n alone -> progress of all."""
    return lambda done: report(n + done, total, label)
