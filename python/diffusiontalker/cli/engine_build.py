"""`diffusiontalker engine build`."""

from __future__ import annotations

from diffusiontalker.api import bundles
from diffusiontalker.cli.console import Console
from diffusiontalker.cli.engine_bar import EngineBar
from diffusiontalker.errors import EngineError


def run(args, console: Console) -> int:
    try:
        from trt_build.engine.build_set import Wanted, ensure_engines
        from trt_build.manifest.identity import EngineOptions
    except ModuleNotFoundError as e:
        raise EngineError(
            f"building engines needs {e.name}: pip install 'diffusiontalker[tensorrt-rtx]', or [tensorrt] on a GPU"
        ) from e
    options = EngineOptions(
        args.version_compatible,
        args.same_compute_capability,
        args.opt_level,
        tuple(sorted(set(args.compute_capability))),
    )
    wanted = Wanted(
        bundles.resolve(args.bundle), args.library, tuple(args.profile), args.batches, args.precision, options
    )
    with EngineBar(console) as report:
        outcome = ensure_engines(wanted, args.folder, args.force, report)
    found = outcome.engines
    if args.json:
        console.json(
            {
                "schema": "diffusiontalker.engine-build/1",
                "path": str(found.folder),
                "key": found.identity.key,
                "built": bool(outcome.reason),
                "reason": outcome.reason,
                "set": found.as_dict(),
            }
        )
        return 0
    if not outcome.reason:
        console.notice(f"{found.folder}: built before and whole, {found.n_bytes / 1e6:.1f} MB")
        return 0
    rows = [
        (
            e.network,
            str(e.window or ""),
            ",".join(str(p["batch"]) for p in e.profiles),
            f"{e.bytes / 1e6:.1f}",
            f"{e.build_s:.1f}",
            f"{e.fp16_matrix_layers} of {e.matrix_layers}",
        )
        for e in found.engines
    ]
    console.table(rows, ("network", "frames", "batches", "MB", "s", "float16 products"))
    print(
        f"\n{found.folder}: {found.n_bytes / 1e6:.1f} MB with {found.identity.library} {found.identity.library_version}"
    )
    return 0
