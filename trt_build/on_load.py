"""Opening a model whose TensorRT engines may be missing: they are built then, announced, unless the user forbids it."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.errors import BackendError, DiffusionTalkerError, EngineError, UnsupportedError
from diffusiontalker.io.temporary import spool_prefix
from diffusiontalker.native import native
from diffusiontalker.trt_build.builder import load_builder
from diffusiontalker.trt_build.engine import gpu
from diffusiontalker.trt_build.sets.identity import PRECISIONS, EngineOptions

ENVIRONMENT_VARIABLE = "DIFFUSIONTALKER_BUILD_ENGINES"
TURING = "7.5"  # tensorrt-rtx has plans of their own for it

Announce = Callable[[int, str], None]  # level as in the log, line
EngineProgress = Callable[[float, int, str], None]  # plans done, plans in all (0: not known), what is being done


@dataclass(frozen=True)
class Wish:
    """What load() was asked for. bundle: folder, packed bundle, or the bytes of one. build: None asks the environment.
    progress: told how far a build is; it may raise, which stops the build and comes out of load()."""

    bundle: Path | bytes
    backend: str
    precision: str
    device: int
    own_folder: bool  # the user named one, which is not ours to fill
    build: bool | None
    log: Announce | None
    progress: EngineProgress | None

    @property
    def may_build(self) -> bool:
        allowed = os.environ.get(ENVIRONMENT_VARIABLE, "1") != "0" if self.build is None else self.build
        fits = self.backend in ("tensorrt", "auto") and self.precision in ("auto", *PRECISIONS)
        return allowed and not self.own_folder and fits

    def announce(self, level: int, line: str) -> None:
        """To the log that load() was given; without one to Python's, since it can take minutes."""
        if self.log is not None:
            self.log(level, line)
        elif self.progress is None or level > 1:
            logging.getLogger("diffusiontalker").warning(line)


def open_model(open_native: Callable[[str], object], wish: Wish):
    """The native model of open_native(backend), after building the engines that it lacks.
    Nothing is built where the package has no TensorRT backend, or no GPU with a driver that it can use.
    Raises what open_native raises; EngineError also for engines that could not be built, where `backend` is
    "tensorrt". With "auto" that is announced, and open_native falls back."""
    library = getattr(native(), "tensorrt_library", "")
    if not (wish.may_build and library and native().probe_backend("tensorrt")[0]):
        return open_native(wish.backend)
    try:
        return open_native("tensorrt")
    except (BackendError, UnsupportedError) as e:  # none that fit, or none for the bundle's usual window
        wish.announce(1, str(e))
        try:
            build_missing(wish, library)
        except DiffusionTalkerError as why:
            if wish.backend == "tensorrt":
                raise EngineError(f"{e}; that was tried, and {why}") from why
            wish.announce(2, f"no TensorRT engines were built: {why}")
    return open_native(wish.backend)


def build_missing(wish: Wish, library: str) -> None:
    """The set that `engine build BUNDLE` makes, into the user's cache, if it is not there.
    Raises EngineError, BundleError, OutputError."""
    builder = load_builder(library)
    options = EngineOptions()
    if library == "tensorrt-rtx" and _compute_capability(wish.device) == TURING:
        options = EngineOptions(compute_capabilities=(TURING,))
    if library == "tensorrt" and wish.device > 0:
        _check_same_gpu(wish.device)
    precision = "f16" if wish.precision == "auto" else wish.precision
    told = _Told(wish, library)
    with _bundle_path(wish.bundle) as bundle:
        outcome = builder.ensure_engines(
            builder.Wanted(bundle, library, precision=precision, options=options), report=told
        )
    if told.started is not None:
        took, found = time.perf_counter() - told.started, outcome.engines
        wish.announce(1, f"engines built in {took:.0f} s, {found.n_bytes / 1e6:.0f} MB: {found.folder}")


class _Told:
    """Announces a build when it begins, and each of its plans."""

    def __init__(self, wish: Wish, library: str):
        self.wish, self.library, self.label = wish, library, ""
        self.started: float | None = None

    def __call__(self, done: float, total: int, label: str) -> None:
        if total and self.started is None:
            self.started = time.perf_counter()
            usual = "ten seconds each" if self.library == "tensorrt-rtx" else "minutes in all the first time"
            self.wish.announce(
                1,
                f"building {total} engines with {self.library}, about {usual}; build_engines=False or "
                f"{ENVIRONMENT_VARIABLE}=0 prevents that",
            )
        if label and label != self.label:
            self.label = label
            self.wish.announce(1, f"building {label}, {int(done) + 1} of {total}" if total else label)
        if self.wish.progress is not None:
            self.wish.progress(done, total, label)


@contextlib.contextmanager
def _bundle_path(bundle: Path | bytes) -> Iterator[Path]:
    """A path for the builder, which reads files."""
    if isinstance(bundle, Path):
        yield bundle
        return
    with tempfile.TemporaryDirectory(prefix=spool_prefix()) as folder:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(bundle)
        yield path


def _compute_capability(device: int) -> str:
    found, _ = gpu.find_gpu(device=device)
    return found.compute_capability if found is not None else ""


def _check_same_gpu(device: int) -> None:
    """tensorrt measures on the first GPU; its engines are for that model. Raises EngineError for another one."""
    first, other = gpu.find_gpu()[0], gpu.find_gpu(device=device)[0]
    if first != other:
        raise EngineError(
            f"GPU {device} is another model than GPU 0, on which engines are built: run `diffusiontalker engine build` "
            f"with CUDA_VISIBLE_DEVICES={device}"
        )
