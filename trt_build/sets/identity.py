"""What decides whether an engine set fits: bundle, library, GPU, precision, sizes and options."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from diffusiontalker.errors import BundleError, InputError
from diffusiontalker.names import chosen
from diffusiontalker.spec import bundles

LIBRARIES = ("tensorrt", "tensorrt-rtx")
PRECISIONS = ("f16", "f32")
DEFAULT_BATCHES = (1, 8, 64)
MAX_BATCH = 1024  # of the graphs' export
KEY_DIGITS = 24


@dataclass(frozen=True)
class EngineOptions:
    """How engines are built.
    version_compatible: plans that newer TensorRT can run; they carry host code. tensorrt only.
    same_compute_capability: plans for every GPU of the same compute capability instead of this model. tensorrt only.
    opt_level: 0..5, more looks longer for faster kernels. 3 is the library's default.
    compute_capabilities: "8.6", ..: the GPUs that a tensorrt-rtx plan is for; none: its own choice."""

    version_compatible: bool = False
    same_compute_capability: bool = False
    opt_level: int = 3
    compute_capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gpu:
    """name as the driver says it, compute capability such as "9.0"."""

    name: str
    compute_capability: str


@dataclass(frozen=True)
class Identity:
    """Two sets of one identity are interchangeable. gpu: None for plans that were built ahead of time."""

    bundle_sha256: str
    library: str
    library_version: str
    gpu: Gpu | None
    precision: str
    windows: tuple[int, ...]
    batches: tuple[int, ...]
    options: EngineOptions = field(default_factory=EngineOptions)

    def as_dict(self) -> dict:
        """As in engines.json."""
        return json.loads(json.dumps(asdict(self)))

    @property
    def key(self) -> str:
        """Name of the set's folder: 24 hex digits of the SHA-256 of the canonical JSON."""
        text = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]

    @staticmethod
    def from_dict(content: dict) -> Identity:
        """Raises KeyError, TypeError or ValueError for content of another form."""
        gpu = content["gpu"]
        options = EngineOptions(**content["options"])
        return Identity(
            bundle_sha256=_text(content["bundle_sha256"]), library=_text(content["library"]),
            library_version=_text(content["library_version"]), gpu=Gpu(**gpu) if gpu is not None else None,
            precision=_text(content["precision"]), windows=_sizes(content["windows"]),
            batches=_sizes(content["batches"]),
            options=EngineOptions(**{**asdict(options), "compute_capabilities": tuple(options.compute_capabilities)}),
        )  # fmt: skip


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _sizes(values: Sequence) -> tuple[int, ...]:
    if not values or not all(isinstance(v, int) and v > 0 for v in values):
        raise ValueError(f"{values!r} is not a list of sizes")
    return tuple(values)


def bundle_hash(bundle: Path) -> str:
    """SHA-256 of bundle.json's bytes, which lists the hash of every other file. Raises BundleError."""
    return hashlib.sha256(bundles.read_file(bundle, bundles.DESCRIPTION)).hexdigest()


def bundle_windows(description: dict, profiles: Sequence[str] = ()) -> tuple[int, ...]:
    """Lengths of the windows of the named latency profiles, or of all, in animation frames.
    Raises BundleError for a name that the bundle lacks, or profiles that are not whole."""
    try:
        known = {
            name: p["past_frames"] + p["hop_frames"] + p["lookahead_frames"]
            for name, p in description["profiles"].items()
        }
    except (KeyError, TypeError, AttributeError) as e:
        raise BundleError(f"bundle.json has incomplete profiles: {e} is missing or wrong") from e
    try:
        names = [chosen("profile", name, known) for name in profiles] or list(known)
    except InputError as e:
        raise BundleError(str(e)) from e
    return tuple(sorted({known[name] for name in names}))
