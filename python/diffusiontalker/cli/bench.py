"""`diffusiontalker bench`: speed, latency and memory on this machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diffusiontalker.bench.compare import SCHEMA, SCHEMA_VERSION, compare, read_document
from diffusiontalker.bench.environment import stamp, usable_cores
from diffusiontalker.cli import arguments
from diffusiontalker.cli.bench_report import show, show_devices
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import BackendError
from diffusiontalker.names import chosen
from diffusiontalker.native import native
from diffusiontalker.spec import bundles

SCENARIOS = ("offline", "live", "crowd")
DEFAULT_STREAMS = 8
# As DT_CPU_ISA names them -> the precision of their products. The best one of a machine is first.
ISAS = {
    "amx": "bf16", "avx512bf16": "bf16", "avx512": "f32", "avx2": "f32", "sse2": "f32", "neon": "f32",
    "wasm-simd": "f32", "baseline": "f32", "portable": "f32",
}  # fmt: skip


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "bench",
        help="measure speed, latency and memory",
        description="Measures every backend that runs here, each in its own process; offline runs are interleaved. The "
        "audio encoder is included. docs/benchmarks.md says what lies inside each number.",
        examples="""diffusiontalker bench
        diffusiontalker bench --backend openvino --precision f32 --precision bf16 --json > bench.json
        diffusiontalker bench --compare bench.json
        diffusiontalker bench --scenario crowd --backend openvino --streams 8 --duration 60""",
    )
    add_options(parser, SCENARIOS)
    arguments.add_common(parser)
    return parser


def add_options(parser: arguments.Parser, scenarios: tuple[str, ...]) -> None:
    """All but --json, --quiet and --debug. scenarios: the choices of --scenario."""
    parser.add_argument("input", nargs="?", metavar="IN", help="sound file (default: a synthetic clip)")
    parser.add_argument(
        "--seconds", type=arguments.whole_number(2, 600), default=20, metavar="N", help="synthetic clip (default: 20)"
    )
    _add_scenarios(parser, scenarios)
    group = parser.add_argument_group("model")
    group.add_argument("--bundle", default="base", metavar="NAME|PATH", help="bundle to use (default: base)")
    group.add_argument(
        "--profile", metavar="NAME", help="latency profile (default: the bundle's, and live for the paced scenarios)"
    )
    group.add_argument(
        "--backend",
        action="append",
        choices=arguments.backend_choices(),
        help="repeatable (default: all that run here)",
    )
    group.add_argument(
        "--precision",
        action="append",
        choices=arguments.precision_choices(),
        help="repeatable (default: auto, f16 on GPUs, else f32)",
    )
    group.add_argument(
        "--isa",
        action="append",
        choices=(*ISAS, "all"),
        help="instruction set of the backend cpu, for a row of its own; repeatable; all: those that run here (default: "
        "the best one)",
    )
    group.add_argument("--threads", type=arguments.whole_number(1, 256), default=2, metavar="N", help="default: 2")
    group = parser.add_argument_group("comparison")
    group.add_argument(
        "--report", action="store_true", help="print a line for each row, for the table of devices in docs/speed.md"
    )
    group.add_argument("--compare", metavar="FILE", help="saved --json document to give ratios against")


def _add_scenarios(parser: arguments.Parser, scenarios: tuple[str, ...]) -> None:
    group = parser.add_argument_group("scenarios")
    group.add_argument(
        "--scenario",
        action="append",
        choices=scenarios,
        help="repeatable (default: offline and live). offline: the whole clip; live: one stream in real time; crowd: "
        "many streams in real time through one scheduler",
    )
    group.add_argument(
        "--rounds",
        type=arguments.whole_number(1, 1000),
        default=5,
        metavar="N",
        help="timed offline runs per row (default: 5)",
    )
    group.add_argument(
        "--duration",
        type=arguments.whole_number(1, 3600),
        default=10,
        metavar="N",
        help="seconds of each live and crowd run (default: 10)",
    )
    group.add_argument(
        "--streams", type=arguments.whole_number(1, 256), metavar="N", help=f"of a crowd (default: {DEFAULT_STREAMS})"
    )
    group.add_argument(
        "--find-streams", action="store_true", help="crowd: look for the greatest number of streams that is sustained"
    )
    group.add_argument(
        "--workers",
        type=arguments.whole_number(1, 256),
        metavar="N",
        help="crowd: threads that step the scheduler side by side, --threads / N for the networks of each (default: as "
        "--threads)",
    )
    group.add_argument(
        "--max-wait",
        type=arguments.whole_number(0, 1000),
        metavar="MS",
        help="crowd: how long a stream that is ready waits for others to share its batch (default: 0)",
    )


def run(args, console: Console) -> int:
    return run_bench(args, console, chosen_scenarios(args), stream_rows)


def chosen_scenarios(args) -> tuple[str, ...]:
    """In the order of the document, whatever the order of the options."""
    order = (*SCENARIOS, *(s for s in args.scenario or () if s not in SCENARIOS))
    return tuple(s for s in dict.fromkeys(order) if s in (args.scenario or ("offline", "live")))


def run_bench(
    args, console: Console, scenarios: tuple[str, ...], rows_of: Callable[[Any, Path], list[dict]], **plan: Any
) -> int:
    """Measures the rows of rows_of(args, bundle) and shows them. plan: further fields of Plan."""
    from diffusiontalker.bench.clip import recording, synthetic_speech

    check_scenarios(args, scenarios)
    saved = read_document(Path(args.compare)) if args.compare else None
    bundle = bundles.resolve(args.bundle)
    rows = rows_of(args, bundle)
    audio = recording(Path(args.input)) if args.input else synthetic_speech(args.seconds)
    document = _measured(args, scenarios, bundle, rows, audio, console, plan)
    if saved is not None:
        document["compare"] = compare(document, saved, args.compare)
    if args.json:
        console.json(document)
    elif args.report:
        show_devices(document, console)
    else:
        show(document, console)
    return 0


def _measured(
    args, scenarios: tuple[str, ...], bundle: Path, rows: list[dict], audio, console: Console, more: dict
) -> dict:
    """The document, with nothing compared yet."""
    from diffusiontalker.bench.measure import Plan, run_rows
    from diffusiontalker.bench.numbers import percentiles
    from diffusiontalker.spec.rates import SAMPLE_RATE_HZ

    plan = Plan(
        scenarios,
        args.rounds,
        args.duration,
        args.streams or DEFAULT_STREAMS,
        args.find_streams,
        args.max_wait or 0,
        min(args.workers or args.threads, args.threads, usable_cores()),
        **more,
    )
    environment = stamp()  # now: the load average is to be that of others
    n_total = plan.n_runs(rows)
    console.notice(f"{n_total} runs of {len(rows)} rows, {len(audio) / SAMPLE_RATE_HZ:.1f} s of audio")
    with console.progress(n_total, "measuring", "runs") as progress:
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            progress(done)

        results, peaks = run_rows(rows, audio, plan, tick)
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "environment": environment,
        "bundle": _bundle(bundle),
        "audio_s": len(audio) / SAMPLE_RATE_HZ,
        "plan": {
            "scenarios": list(plan.scenarios),
            "rounds": plan.n_rounds,
            "seconds": plan.seconds,
            "streams": plan.n_streams,
            "find_streams": plan.find_streams,
            "max_wait_ms": plan.max_wait_ms,
            "workers": plan.n_workers,
            "batches": list(plan.batches),
            "calls": plan.n_calls,
            "profile": rows[0]["profile"],
            "live_profile": rows[0]["live_profile"],
        },
        "peak": {"threads": args.threads, "gflops": percentiles(peaks)} if peaks else None,
        "rows": results,
        "compare": None,
    }


def check_scenarios(args, scenarios: tuple[str, ...]) -> None:
    """Raises UsageError for options that the chosen scenarios do not use."""
    for option, given in (
        ("--streams", args.streams),
        ("--find-streams", args.find_streams),
        ("--max-wait", args.max_wait),
        ("--workers", args.workers),
    ):
        if given and "crowd" not in scenarios:
            raise arguments.UsageError(f"{option} is for crowds: add --scenario crowd")


def _bundle(path: Path) -> dict:
    """What tells one bundle from another; the description holds the hashes of all other files."""
    description = bundles.read_description(path)
    text = bundles.read_file(path, bundles.DESCRIPTION)
    name, version = (str(description.get(key)) for key in ("name", "version"))
    return {"name": name, "version": version, "sha256": hashlib.sha256(text).hexdigest()}


def stream_rows(args, bundle: Path) -> list[dict]:
    """One description per row: every backend that runs here, in each precision.
    Raises BackendError when an asked backend cannot run or none can, InputError for an unknown profile.
    """
    rows = []
    known = {backend["name"]: backend for backend in native().backends()}
    for backend in dict.fromkeys(args.backend or known):
        usable, reason = native().probe_backend(backend)
        if not usable:
            if args.backend:
                raise BackendError(reason)
            continue
        auto = known[backend]["default_precision"]
        for precision in dict.fromkeys(auto if p == "auto" else p for p in args.precision or ["auto"]):
            if precision not in known[backend]["precisions"] and not args.backend:
                continue  # a row that was not asked for by name needs no excuse
            forced = _instruction_sets(args, backend, precision)
            rows += [row_of(args, bundle, "stream", backend, precision, isa=isa) for isa in forced]
    if not rows:
        raise BackendError("no backend can run here with the asked precision: diffusiontalker doctor tells why")
    return rows


def _instruction_sets(args, backend: str, precision: str) -> list[str]:
    """Of the rows of a backend; "" leaves the choice to it. Raises BackendError for an asked one that is not here."""
    if backend != "cpu" or not args.isa:
        return [""]
    here = [name for name, of in ISAS.items() if of == precision and _runs(name)]
    asked = [name for name in dict.fromkeys(args.isa) if name != "all" and ISAS[name] == precision]
    for name in asked:
        if name not in here:
            raise BackendError(f"this processor and this build have no {name}: there are {', '.join(here) or 'none'}")
    return (here if "all" in args.isa else asked) or [""]


def _runs(isa: str) -> bool:
    before = os.environ.get("DT_CPU_ISA")
    os.environ["DT_CPU_ISA"] = isa
    try:
        return native().probe_backend("cpu")[0]
    finally:
        if before is None:
            del os.environ["DT_CPU_ISA"]
        else:
            os.environ["DT_CPU_ISA"] = before


def _profiles(args, bundle: Path) -> tuple[str, str]:
    """(offline, paced)"""
    description = bundles.read_description(bundle)
    known = description.get("profiles", {})
    asked = chosen("profile", args.profile, known, bundle.name)
    default = description.get("default_profile", "")
    return asked or default, asked or ("live" if "live" in known else default)


def row_of(args, bundle: Path, kind: str, backend: str, precision: str, **more: str) -> dict:
    """The description of a row. more: what its runner wants besides. Raises InputError for an unknown profile."""
    profiles = _profiles(args, bundle)
    return more | {
        "kind": kind,
        "bundle": str(bundle),
        "backend": backend,
        "precision": precision,
        "threads": args.threads,
        "profile": profiles[0],
        "live_profile": profiles[1],
    }
