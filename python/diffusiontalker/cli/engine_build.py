"""`diffusiontalker engine build`."""

from __future__ import annotations

from diffusiontalker.cli.console import Console
from diffusiontalker.cli.engine_bar import EngineBar
from diffusiontalker.spec import bundles
from diffusiontalker.trt_build import EngineOptions, load_builder


def run(args, console: Console) -> int:
    builder = load_builder(args.library or "tensorrt-rtx")
    options = EngineOptions(
        args.version_compatible,
        args.same_compute_capability,
        args.opt_level,
        tuple(sorted(set(args.compute_capability))),
    )
    precision = "f16" if args.precision == "auto" else args.precision
    wanted = builder.Wanted(
        bundles.resolve(args.bundle), args.library, tuple(args.profile), args.batches, precision, options
    )
    with EngineBar(console) as report:
        outcome = builder.ensure_engines(wanted, args.folder, args.force, report)
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
    console.show(
        f"\n{found.folder}: {found.n_bytes / 1e6:.1f} MB with {found.identity.library} {found.identity.library_version}"
    )
    return 0
