"""`diffusiontalker engine list`, `verify` and `clear`: engine sets as files. Needs no TensorRT."""

from __future__ import annotations

import shutil

from diffusiontalker.cli.arguments import UsageError
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build import State, cache, named_sets, state_of


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


def run_verify(args, console: Console) -> int:
    folders = named_sets(args.sets, only_cache=False) if args.sets else cache.set_folders()
    states = [state_of(folder, whole=True) for folder in folders]
    damaged = [s for s in states if s.damaged]
    if args.json:
        content = {"whole": not damaged, "sets": [s.as_dict() for s in states]}
        console.json({"schema": "diffusiontalker.engine-verify/1", **content})
    elif not states:
        console.notice(f"no engine sets in {cache.engines_folder()}: nothing to verify")
    else:
        for state in states:
            console.show(f"{state.word.ljust(7)}  {state.folder}")
            if reason := state.damaged or state.stale:
                console.show(f"         -> {reason}")
    return EngineError.exit_code if damaged else 0


def run_clear(args, console: Console) -> int:
    if bool(args.sets) == (args.all or args.stale):
        raise UsageError("name the sets to delete, or give --all or --stale")
    if args.sets:
        folders = named_sets(args.sets, only_cache=True)
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
