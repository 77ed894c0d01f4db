"""`diffusiontalker bench`: speed, latency and memory on this machine."""

from __future__ import annotations

from pathlib import Path

from diffusiontalker.api import bundles
from diffusiontalker.api.native import native
from diffusiontalker.bench.environment import cpu_flags, stamp
from diffusiontalker.cli import arguments
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import BackendError

SCHEMA = "diffusiontalker.bench/1"
COLUMNS = "row|thr|ms/frame p50|p95|p99|x real time|load s|peak MB|first frame ms|+ audio ms".split("|")


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "bench",
        help="measure speed, latency and memory",
        description="Measures every backend that runs here, interleaved, each in its own process. The audio encoder "
        "is included. docs/benchmarks.md says what lies inside each number.",
        examples="""diffusiontalker bench
        diffusiontalker bench --backend openvino --precision f32 --precision bf16 --json > bench.json
        PYTHONPATH=. diffusiontalker bench --compare-torch""",
    )
    parser.add_argument("input", nargs="?", metavar="IN", help="sound file (default: a synthetic clip)")
    parser.add_argument(
        "--seconds", type=arguments.whole_number(2, 600), default=20, metavar="N", help="synthetic clip (default: 20)"
    )
    parser.add_argument(
        "--rounds", type=arguments.whole_number(1, 1000), default=5, metavar="N", help="timed runs (default: 5)"
    )
    group = parser.add_argument_group("model")
    group.add_argument("--bundle", default="base", metavar="NAME|PATH", help="bundle to use (default: base)")
    group.add_argument(
        "--profile", metavar="NAME", help="latency profile (default: the bundle's, and live for the live part)"
    )
    group.add_argument(
        "--backend", action="append", choices=arguments.BACKENDS[1:], help="repeatable (default: all that run here)"
    )
    group.add_argument("--precision", action="append", choices=arguments.PRECISIONS, help="repeatable (default: f32)")
    group.add_argument("--threads", type=arguments.whole_number(1, 256), default=2, metavar="N", help="default: 2")
    group.add_argument("--compare-torch", action="store_true", help="also time this student in PyTorch eager")
    arguments.add_common(parser)
    return parser


def run(args, console: Console) -> int:
    from diffusiontalker.bench.clip import RATE_HZ, recording, synthetic_speech
    from diffusiontalker.bench.measure import n_runs, run_rows

    bundle = bundles.resolve(args.bundle)
    audio = recording(Path(args.input)) if args.input else synthetic_speech(args.seconds)
    rows = chosen_rows(args, bundle)
    n_total = n_runs(rows, args.rounds)
    console.notice(f"{n_total} runs of {len(audio) / RATE_HZ:.1f} s of audio")
    with console.progress(n_total, "measuring", "runs") as progress:
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            progress(done)

        results = run_rows(rows, audio, args.rounds, tick)
    document = {
        "schema": SCHEMA,
        "environment": stamp(),
        "audio_s": len(audio) / RATE_HZ,
        "bundle": bundle.name,
        "profile": rows[0]["profile"],
        "rounds": args.rounds,
        "rows": results,
    }
    if args.json:
        console.json(document)
    else:
        show(document, console)
    return 0


def chosen_rows(args, bundle: Path) -> list[dict]:
    """One description per row. Raises BackendError when an asked backend cannot run or none can."""
    rows = []
    for backend in args.backend or arguments.BACKENDS[1:]:
        usable, reason = native().probe_backend(backend)
        if not usable:
            if args.backend:
                raise BackendError(reason)
            continue
        for precision in dict.fromkeys(args.precision or ["f32"]):
            if precision == "bf16" and not (backend == "openvino" and cpu_flags() & {"amx_bf16", "avx512_bf16"}):
                continue
            rows.append(_row(args, bundle, backend, precision))
    if not rows:
        raise BackendError("no backend can run here with the asked precision: diffusiontalker doctor tells why")
    if args.compare_torch:
        rows.append(_row(args, bundle, "torch", "f32"))
    return rows


def _row(args, bundle: Path, backend: str, precision: str) -> dict:
    description = bundles.read_description(bundle)
    return {
        "kind": "torch" if backend == "torch" else "stream",
        "bundle": str(bundle),
        "backend": backend,
        "precision": precision,
        "threads": args.threads,
        "profile": args.profile or description["default_profile"],
        "live_profile": args.profile
        or ("live" if "live" in description["profiles"] else description["default_profile"]),
    }


def show(document: dict, console: Console) -> None:
    """The results as a table."""
    env = document["environment"]
    print(f"{env['cpu']}, {env['cores']} cores, {env['os']}, Python {env['python']}, {env['time_utc']}")
    print(f"{document['audio_s']:.1f} s of audio, profile {document['profile']}, {document['rounds']} rounds")
    live = [row["live"] for row in document["rows"] if row["live"]]
    print(f"first frame in profile {live[0]['profile']}: compute, and the audio it waits for\n")
    header = list(COLUMNS)
    compared = any("speed_against_torch" in row for row in document["rows"])
    table = []
    for row in document["rows"]:
        per_frame, live = row["offline"]["ms_per_frame"], row["live"]
        cells = [f"{row['name']} {row['precision']}", str(row["threads"])]
        cells += [f"{per_frame[p]:.3f}" for p in ("p50", "p95", "p99")]
        cells += [f"{row['offline']['times_real_time']:.1f}", f"{row['load_s']:.2f}"]
        cells += [f"{row['peak_rss_bytes'] / 1e6:.0f}" if row["peak_rss_bytes"] else "?"]
        cells += [f"{live['first_frame_compute_ms']:.1f}" if live else "-"]
        cells += [f"{live['hop_ms'] + live['lookahead_ms']:.0f}" if live else "-"]
        if compared:
            cells += [f"{row['speed_against_torch']:.2f}", f"{row['max_difference_to_torch']:.1e}"]
        table.append(cells)
    console.table(table, header + (["x torch", "difference"] if compared else []))
