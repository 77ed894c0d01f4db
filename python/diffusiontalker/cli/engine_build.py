"""`diffusiontalker engine build`."""

from __future__ import annotations

from diffusiontalker.api import bundles
from diffusiontalker.cli.console import Console, Progress
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
    with _Bar(console) as report:
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


class _Bar:
    """The progress bar, made at the first report, when the number of plans is known."""

    def __init__(self, console: Console):
        self.console, self.label, self.done = console, "", 0.0
        self.bar: Progress | None = None

    def __call__(self, done: float, total: int, label: str) -> None:
        if self.bar is None:
            self.bar = self.console.progress(total, "building engines", "plans")
        if label and label != self.label:
            self.label = label
            if not self.bar.shown:
                self.console.notice(f"building {label}")
        if done - self.done >= 0.02 or done >= total:  # libraries report thousands of steps
            self.done = done
            self.bar(done)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exc) -> None:
        if self.bar is not None:
            self.bar.__exit__(*exc)
