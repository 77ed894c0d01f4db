"""The text that `bench` prints without --json: one table per scenario."""

from __future__ import annotations

from collections.abc import Callable

from diffusiontalker.cli.console import Console

Cell = tuple[str, Callable[[dict], object], str]  # heading, value of a row, how to write it

_OFFLINE: list[Cell] = [
    ("ms/frame p50", lambda r: r["offline"]["ms_per_frame"]["p50"], ".3f"),
    ("p95", lambda r: r["offline"]["ms_per_frame"]["p95"], ".3f"),
    ("p99", lambda r: r["offline"]["ms_per_frame"]["p99"], ".3f"),
    ("max", lambda r: r["offline"]["ms_per_frame"]["max"], ".3f"),
    ("x real time", lambda r: r["offline"]["times_real_time"], ".1f"),
    ("load s", lambda r: r["load_s"], ".2f"),
    ("build s", lambda r: r["build_s"], ".2f"),
    ("first window ms", lambda r: 1000 * r["first_window_s"], ".0f"),
    ("GFLOP/s", lambda r: r["offline"]["gflops"], ".0f"),
    ("MB to load", lambda r: (r["memory"]["loaded_rss_bytes"] - r["memory"]["start_rss_bytes"]) / 1e6, ".0f"),
    ("peak MB", lambda r: r["memory"]["peak_rss_bytes"] / 1e6, ".0f"),
    ("% stolen", lambda r: 100 * r["offline"]["steal_share"], ".0f"),
]
_LIVE: list[Cell] = [
    ("first frame ms", lambda r: r["live"]["first_frame_ms"], ".0f"),
    ("compute ms", lambda r: r["live"]["first_frame_compute_ms"], ".1f"),
    ("ms/hop p50", lambda r: r["live"]["ms_per_hop"]["p50"], ".1f"),
    ("p99", lambda r: r["live"]["ms_per_hop"]["p99"], ".1f"),
    ("% of hop", lambda r: 100 * r["live"]["hop_share"], ".1f"),
    ("late ms p99", lambda r: r["live"]["lateness_ms"]["p99"], ".1f"),
    ("jitter ms", lambda r: r["live"]["jitter_ms"], ".1f"),
    ("late frames", lambda r: r["live"]["n_late_frames"], "d"),
    ("of", lambda r: r["live"]["n_frames_due"], "d"),
    ("% stolen", lambda r: 100 * r["live"]["steal_share"], ".0f"),
]
_CROWD: list[Cell] = [
    ("streams", lambda r: r["crowd"]["streams"], "d"),
    ("workers", lambda r: r["crowd"]["workers"], "d"),
    ("sustained", lambda r: {True: "yes", False: "no"}[r["crowd"]["sustained"]], "s"),
    ("most", lambda r: r["crowd"]["sustained_streams"], "d"),
    ("ms/frame p50", lambda r: r["crowd"]["ms_per_frame"]["p50"], ".3f"),
    ("% busy", lambda r: 100 * r["crowd"]["busy_share"], ".1f"),
    ("batch", lambda r: r["crowd"]["windows_per_batch"], ".1f"),
    ("deadline misses", lambda r: r["crowd"]["n_deadline_misses"], "d"),
    ("late frames", lambda r: r["crowd"]["n_late_frames"], "d"),
    ("late ms p99", lambda r: r["crowd"]["lateness_ms"]["p99"], ".1f"),
    ("KB/stream", lambda r: r["crowd"]["stream_bytes"] / 1e3, ".0f"),
    ("% stolen", lambda r: 100 * r["crowd"]["steal_share"], ".0f"),
]


def show(document: dict, console: Console) -> None:
    """The results as tables on standard output."""
    env, plan = document["environment"], document["plan"]
    console.show(f"{env['cpu']}, {env['cores']} cores, {env['os']}, Python {env['python']}, {env['time_utc']}")
    if gpu := env["gpu"]:
        clocks = f"SM clock {gpu['sm_clock_mhz']} of {gpu['max_sm_clock_mhz']} MHz"
        console.show(f"{gpu['name']}, driver {gpu['driver']}, {clocks}")
    whole = f"offline: {document['audio_s']:.1f} s of audio, profile {plan['profile']}, {plan['rounds']} rounds"
    _table(document, "offline", whole, _OFFLINE + _against(document), console)
    paced = f"profile {plan['live_profile']}, {plan['seconds']} s in real time"
    waits = next((row[s] for s in ("live", "crowd") for row in document["rows"] if row[s]), None)
    if waits:
        paced += f", hop {waits['hop_ms']:.0f} ms, stated latency {waits['stated_latency_ms']:.1f} ms"
    _table(document, "live", f"live: {paced}", _LIVE, console)
    _table(document, "crowd", f"crowd: {paced}", _CROWD, console)
    hop = f"hop: profile {plan['live_profile']}, {plan['calls']} calls, milliseconds, p50"
    _table(document, "hop", hop, _hop_cells(document), console)
    if peak := document["peak"]:
        console.show(f"\nmultiply-adds without memory: {peak['gflops']['p50']:.0f} GFLOP/s, {peak['threads']} threads")
    for row in document["rows"]:
        if row["error"]:
            console.show(f"\n{_label(row)} did not run: {row['error']}")
    if document["compare"]:
        _show_comparison(document["compare"], console)


_DEVICE: list[Cell] = [
    ("x real time", lambda r: r["offline"]["times_real_time"], ".0f"),
    ("live hop, ms", lambda r: r["live"]["ms_per_hop"]["p50"], ".1f"),
    ("open, ms", lambda r: 1000 * r["load_s"], ".0f"),
    ("first window, ms", lambda r: 1000 * r["first_window_s"], ".0f"),
    ("MB of the model", lambda r: (r["memory"]["streaming_rss_bytes"] - r["memory"]["start_rss_bytes"]) / 1e6, ".0f"),
]


def show_devices(document: dict, console: Console) -> None:
    """The rows as lines of a Markdown table, each with the machine it was measured on."""
    env, bundle = document["environment"], document["bundle"]
    machine = f"{env['cpu']}, {env['cores']} cores"
    what = f"{bundle['name']} {bundle['version']}, {env['diffusiontalker']}"
    headings = ["machine", "system", "model, version", "row", *(heading for heading, _, _ in _DEVICE)]
    console.show(f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}")
    for row in document["rows"]:
        if not row["error"] and (row["offline"] or row["live"]):
            cells = [machine, env["os"], what, _label(row), *(_cell(value, form, row) for _, value, form in _DEVICE)]
            console.show(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")


def _hop_cells(document: dict) -> list[Cell]:
    """Columns of every batch that any row has."""
    batches = {n for row in document["rows"] if row["hop"] for n in row["hop"]["batches"]}
    return [cell for n in sorted(batches, key=int) for cell in _hop_batch(n)]


def _hop_batch(n: str) -> list[Cell]:
    return [
        (f"{n}: ms", lambda r: r["hop"]["batches"][n]["ms"]["p50"], ".3f"),
        ("device", lambda r: r["hop"]["batches"][n]["device_ms"]["p50"], ".3f"),
        ("frames/s", lambda r: r["hop"]["batches"][n]["frames_per_s"], ".0f"),
    ]


def _label(row: dict) -> str:
    forced = f" by {row['isa']}" if row.get("isa") else ""
    return f"{row['name']} {row['precision']}{forced}, {row['threads']} threads"


def _cell(value: Callable[[dict], object], form: str, row: dict) -> str:
    try:
        found = value(row)
    except (KeyError, TypeError):  # a part of the row that was not measured is None
        return "-"
    return "-" if found is None else format(found, form)


def _table(document: dict, scenario: str, title: str, columns: list[Cell], console: Console) -> None:
    rows = [row for row in document["rows"] if row[scenario]]
    if not rows:
        return
    console.show(f"\n{title}")
    table = [[_label(row), *(_cell(value, form, row) for _, value, form in columns)] for row in rows]
    console.table(table, ["row", *(heading for heading, _, _ in columns)])


def _against(document: dict) -> list[Cell]:
    """Columns of the baselines that ran beside."""
    names = dict.fromkeys(name for row in document["rows"] for name in row["against"])
    return [cell for name in names for cell in _against_one(name)]


def _against_one(name: str) -> list[Cell]:
    return [
        (f"x {name}", lambda r: r["against"][name]["speed"], ".2f"),
        ("difference", lambda r: r["against"][name]["max_difference"], ".1e"),
        ("rms", lambda r: r["against"][name]["rms_difference"], ".1e"),
    ]


def _show_comparison(comparison: dict, console: Console) -> None:
    console.show(f"\nnow / {comparison['baseline']}")
    if comparison["different_conditions"]:
        console.show(f"not the same conditions: {', '.join(comparison['different_conditions'])} differ")
    table = [[_label(row), key, f"{ratio:.3f}"] for row in comparison["rows"] for key, ratio in row["ratios"].items()]
    if table:
        console.table(table, ["row", "number", "ratio"])
    else:
        console.show("no row is in both")
