"""`diffusiontalker engine list`, `verify` and `clear`: engine sets as files. Needs no TensorRT."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.api import bundles
from diffusiontalker.cli.arguments import UsageError
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import DiffusionTalkerError, EngineError
from trt_build.engine.gpu import find_gpu
from trt_build.engine.installed import installed_version
from trt_build.manifest import cache
from trt_build.manifest.identity import bundle_hash
from trt_build.manifest.sidecar import EngineSet, file_problem, read


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


def run_list(args, console: Console) -> int:
    states = [state_of(folder, whole=False) for folder in cache.set_folders()]
    unfinished = [str(p) for p in cache.leftovers()]
    if args.json:
        console.json(
            {
                "schema": "diffusiontalker.engine-list/1",
                "folder": str(cache.engines_folder()),
                "sets": [s.as_dict() for s in states],
                "unfinished": unfinished,
            }
        )
        return 0
    if states:
        console.table(
            [_row(s) for s in states], ("set", "bundle", "library", "GPU", "type", "frames", "batches", "MB", "")
        )
    else:
        console.notice(f"no engine sets in {cache.engines_folder()}: diffusiontalker engine build makes one")
    if unfinished:
        console.notice(
            f"{len(unfinished)} builds run just now or were interrupted; clear --stale deletes what they left"
        )
    return 0


def _row(state: State) -> tuple[str, ...]:
    if state.engines is None:
        return (state.folder.name, "?", "?", "?", "?", "?", "?", "?", state.word)
    identity, built = state.engines.identity, state.engines.built
    return (
        state.folder.name, f"{built.get('bundle')} {built.get('bundle_version')}",
        f"{identity.library} {identity.library_version}", identity.gpu.name if identity.gpu else "any RTX",
        identity.precision, ",".join(map(str, identity.windows)), ",".join(map(str, identity.batches)),
        f"{state.engines.n_bytes / 1e6:.1f}", state.word,
    )  # fmt: skip


def _named(words: list[str], only_cache: bool) -> list[Path]:
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


def run_verify(args, console: Console) -> int:
    folders = _named(args.sets, only_cache=False) if args.sets else cache.set_folders()
    states = [state_of(folder, whole=True) for folder in folders]
    damaged = [s for s in states if s.damaged]
    if args.json:
        content = {"whole": not damaged, "sets": [s.as_dict() for s in states]}
        console.json({"schema": "diffusiontalker.engine-verify/1", **content})
    elif not states:
        console.notice(f"no engine sets in {cache.engines_folder()}: nothing to verify")
    else:
        for state in states:
            print(f"{state.word.ljust(7)}  {state.folder}")
            if reason := state.damaged or state.stale:
                print(f"         -> {reason}")
    return EngineError.exit_code if damaged else 0


def run_clear(args, console: Console) -> int:
    if bool(args.sets) == (args.all or args.stale):
        raise UsageError("name the sets to delete, or give --all or --stale")
    if args.sets:
        folders = _named(args.sets, only_cache=True)
    else:
        folders = [f for f in cache.set_folders() if args.all or state_of(f, whole=True).word != "fits"]
        folders += cache.leftovers()
    n_bytes = sum(cache.remove(folder) for folder in folders)
    if args.all and cache.timing_folder().is_dir():
        shutil.rmtree(cache.timing_folder(), ignore_errors=True)
    if args.json:
        content = {"deleted": [str(f) for f in folders], "bytes": n_bytes}
        console.json({"schema": "diffusiontalker.engine-clear/1", **content})
    else:
        console.notice(f"{len(folders)} sets deleted, {n_bytes / 1e6:.1f} MB")
    return 0
