"""What an engine set is worth here: whether it fits, is stale or damaged. Needs no TensorRT."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.errors import DiffusionTalkerError, EngineError
from diffusiontalker.spec import bundles
from diffusiontalker.trt_build.engine.gpu import find_gpu
from diffusiontalker.trt_build.engine.installed import installed_version
from diffusiontalker.trt_build.sets import cache
from diffusiontalker.trt_build.sets.identity import bundle_hash
from diffusiontalker.trt_build.sets.sidecar import EngineSet, file_problem, read


@dataclass(frozen=True)
class State:
    """What is known of a set. damaged: why it cannot be used anywhere, stale: why not here; "" when it can."""

    folder: Path
    engines: EngineSet | None
    damaged: str
    stale: str

    @property
    def word(self) -> str:
        return "damaged" if self.damaged else "stale" if self.stale else "fits"

    def as_dict(self) -> dict:
        return {
            "key": self.folder.name, "path": str(self.folder), "state": self.word,
            "reason": self.damaged or self.stale, "set": self.engines.as_dict() if self.engines else None,
        }  # fmt: skip


def known_bundles() -> dict[str, str]:
    """SHA-256 of bundle.json -> name, of the bundles that can be loaded by name."""
    found = {}
    for name, folder in bundles.available_bundles().items():
        try:
            found[bundle_hash(folder)] = name
        except DiffusionTalkerError:
            continue  # a damaged bundle makes no set fit
    return found


def state_of(folder: Path, whole: bool) -> State:
    """whole: also read every plan and compare its hash."""
    try:
        found = read(folder)
    except EngineError as e:
        return State(folder, None, str(e), "")
    return State(folder, found, file_problem(found) if whole else "", _stale(found))


def _stale(found: EngineSet) -> str:
    """Why the set fits nothing that is here, as far as that can be told without the libraries."""
    identity = found.identity
    if identity.bundle_sha256 not in known_bundles():
        return "its bundle is not among those that can be loaded by name, or has changed"
    version = installed_version(identity.library)
    if version is not None and version != identity.library_version and not identity.options.version_compatible:
        return f"it was built with {identity.library} {identity.library_version}, and {version} is installed"
    if identity.gpu is not None:
        gpu, reason = find_gpu()
        if gpu is None:
            return f"it is for {identity.gpu.name}, and here is {reason}"
        same = gpu.compute_capability == identity.gpu.compute_capability
        if not same or (gpu.name != identity.gpu.name and not identity.options.same_compute_capability):
            return f"it is for {identity.gpu.name}, and here is {gpu.name}"
    return ""


def named_sets(words: list[str], only_cache: bool) -> list[Path]:
    """Folders of sets named by key or, unless only_cache, by path."""
    folders = {f.name: f for f in cache.set_folders()}
    found = []
    for word in words:
        if word in folders:
            found.append(folders[word])
        elif not only_cache and Path(word).is_dir():
            found.append(Path(word))
        else:
            raise EngineError(f"there is no engine set {word}: diffusiontalker engine list shows those of your cache")
    return found
