"""`diffusiontalker bench`: speed, latency and memory on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

from diffusiontalker.api import bundles
from diffusiontalker.api.native import native
from diffusiontalker.bench.compare import SCHEMA, SCHEMA_VERSION, compare, read_document
from diffusiontalker.bench.environment import stamp, usable_cores
from diffusiontalker.bench.results import BASELINES
from diffusiontalker.cli import arguments, hop_rows
from diffusiontalker.cli.bench_report import show
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import BackendError, InputError

SCENARIOS = ("offline", "live", "crowd", "hop")
DEFAULT_STREAMS = 8


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "bench",
        help="measure speed, latency and memory",
        description="Measures every backend that runs here, each in its own process; offline runs are interleaved. The "
        "audio encoder is included. docs/benchmarks.md says what lies inside each number.",
        examples="""diffusiontalker bench
        diffusiontalker bench --backend openvino --precision f32 --precision bf16 --json > bench.json
        diffusiontalker bench --compare bench.json
        diffusiontalker bench --scenario crowd --backend openvino --streams 8 --duration 60
        PYTHONPATH=. diffusiontalker bench --scenario hop --hop-program build/gpu/tests/gpu/dt_gpu_bench
        PYTHONPATH=. diffusiontalker bench --baseline all""",
    )
    parser.add_argument("input", nargs="?", metavar="IN", help="sound file (default: a synthetic clip)")
    parser.add_argument(
        "--seconds", type=arguments.whole_number(2, 600), default=20, metavar="N", help="synthetic clip (default: 20)"
    )
    _add_scenarios(parser)
    group = parser.add_argument_group("model")
    group.add_argument("--bundle", default="base", metavar="NAME|PATH", help="bundle to use (default: base)")
    group.add_argument(
        "--profile", metavar="NAME", help="latency profile (default: the bundle's, and live for the paced scenarios)"
    )
    group.add_argument(
        "--backend", action="append", choices=arguments.BACKENDS[1:], help="repeatable (default: all that run here)"
    )
    group.add_argument(
        "--precision", action="append", choices=arguments.PRECISIONS, help="repeatable (default: f16 on GPUs, else f32)"
    )
    group.add_argument("--threads", type=arguments.whole_number(1, 256), default=2, metavar="N", help="default: 2")
    group = parser.add_argument_group("comparison")
    group.add_argument(
        "--baseline",
        action="append",
        choices=(*BASELINES, "all"),
        help="also time this student so, offline; repeatable. torch: PyTorch eager; torch-reencode: with the encoder "
        "run in every step; onnxruntime: the bundle's graphs",
    )
    group.add_argument("--compare", metavar="FILE", help="saved --json document to give ratios against")
    hop_rows.add_arguments(parser)
    arguments.add_common(parser)
    return parser


def _add_scenarios(parser: arguments.Parser) -> None:
    group = parser.add_argument_group("scenarios")
    group.add_argument(
        "--scenario",
        action="append",
        choices=SCENARIOS,
        help="repeatable (default: offline and live). offline: the whole clip; live: one stream in real time; crowd: "
        "many streams in real time through one scheduler; hop: single hops on an NVIDIA GPU, in PyTorch and on engines",
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
    from diffusiontalker.bench.clip import recording, synthetic_speech

    scenarios = tuple(s for s in SCENARIOS if s in (args.scenario or ("offline", "live")))
    _check_scenarios(args, scenarios)
    saved = read_document(Path(args.compare)) if args.compare else None
    bundle = bundles.resolve(args.bundle)
    rows = chosen_rows(args, bundle, scenarios)
    audio = recording(Path(args.input)) if args.input else synthetic_speech(args.seconds)
    document = _measured(args, scenarios, bundle, rows, audio, console)
    if saved is not None:
        document["compare"] = compare(document, saved, args.compare)
    if args.json:
        console.json(document)
    else:
        show(document, console)
    return 0


def _measured(args, scenarios: tuple[str, ...], bundle: Path, rows: list[dict], audio, console: Console) -> dict:
    """The document, with nothing compared yet."""
    from diffusiontalker.bench.clip import RATE_HZ
    from diffusiontalker.bench.measure import Plan, run_rows

    plan = Plan(
        scenarios,
        args.rounds,
        args.duration,
        args.streams or DEFAULT_STREAMS,
        args.find_streams,
        args.max_wait or 0,
        min(args.workers or args.threads, args.threads, usable_cores()),
        args.batches or hop_rows.DEFAULT_BATCHES,
        args.calls or hop_rows.DEFAULT_CALLS,
    )
    environment = stamp()  # now: the load average is to be that of others
    n_total = plan.n_runs(rows)
    console.notice(f"{n_total} runs of {len(rows)} rows, {len(audio) / RATE_HZ:.1f} s of audio")
    with console.progress(n_total, "measuring", "runs") as progress:
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            progress(done)

        results = run_rows(rows, audio, plan, tick)
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "environment": environment,
        "bundle": _bundle(bundle),
        "audio_s": len(audio) / RATE_HZ,
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
        "rows": results,
        "compare": None,
    }


def _check_scenarios(args, scenarios: tuple[str, ...]) -> None:
    """Raises UsageError for options that the chosen scenarios do not use."""
    for option, given in (
        ("--streams", args.streams),
        ("--find-streams", args.find_streams),
        ("--max-wait", args.max_wait),
        ("--workers", args.workers),
    ):
        if given and "crowd" not in scenarios:
            raise arguments.UsageError(f"{option} is for crowds: add --scenario crowd")
    hop_rows.check(args, scenarios)
    if args.baseline and "offline" not in scenarios:
        raise arguments.UsageError("--baseline rows are measured offline only: add --scenario offline")


def _bundle(path: Path) -> dict:
    """What tells one bundle from another; the description holds the hashes of all other files."""
    description = bundles.read_description(path)
    text = bundles.inside(path, bundles.DESCRIPTION).read_bytes()
    name, version = (str(description.get(key)) for key in ("name", "version"))
    return {"name": name, "version": version, "sha256": hashlib.sha256(text).hexdigest()}


def chosen_rows(args, bundle: Path, scenarios: tuple[str, ...]) -> list[dict]:
    """One description per row: the backends, then the baselines, then those of hops.
    Raises BackendError when an asked backend cannot run or none can, InputError for an unknown profile.
    """
    profiles = _profiles(args, bundle)
    hops = [_row(args, bundle, **row, profiles=profiles) for row in hop_rows.chosen(args, scenarios)]
    return ([] if scenarios == ("hop",) else _stream_rows(args, bundle, profiles)) + hops


def _stream_rows(args, bundle: Path, profiles: tuple[str, str]) -> list[dict]:
    rows = []
    for backend in dict.fromkeys(args.backend or arguments.BACKENDS[1:]):
        usable, reason = native().probe_backend(backend)
        if not usable:
            if args.backend:
                raise BackendError(reason)
            continue
        for precision in dict.fromkeys(args.precision or ["f16" if backend == "tensorrt" else "f32"]):
            if precision == "bf16" and backend != "openvino" and not args.backend:
                continue  # only OpenVINO has it; a row that was not asked for by name needs no excuse
            if precision == "f16" and backend != "tensorrt" and not args.backend:
                continue
            rows.append(_row(args, bundle, "stream", backend, precision, profiles))
    if not rows:
        raise BackendError("no backend can run here with the asked precision: diffusiontalker doctor tells why")
    wanted = args.baseline or []
    for baseline in BASELINES:
        if baseline in wanted or "all" in wanted:
            rows.append(_row(args, bundle, baseline, baseline, "f32", profiles))
    return rows


def _profiles(args, bundle: Path) -> tuple[str, str]:
    """(offline, paced)"""
    description = bundles.read_description(bundle)
    known = description.get("profiles", {})
    if args.profile is not None and args.profile not in known:
        raise InputError(f"there is no profile '{args.profile}': {bundle.name} has {', '.join(known)}")
    default = description.get("default_profile", "")
    return args.profile or default, args.profile or ("live" if "live" in known else default)


def _row(args, bundle: Path, kind: str, backend: str, precision: str, profiles: tuple[str, str], **more: str) -> dict:
    return more | {
        "kind": kind,
        "bundle": str(bundle),
        "backend": backend,
        "precision": precision,
        "threads": args.threads,
        "profile": profiles[0],
        "live_profile": profiles[1],
    }
