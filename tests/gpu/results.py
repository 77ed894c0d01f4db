"""What tests/gpu/run.sh measured: one file, and its table.

python3 tests/gpu/results.py add RESULTS.json STEP STATUS SECONDS FOLDER COMMIT SAID   (run.sh, after a step)
python3 tests/gpu/results.py table RESULTS.json...                                     (Markdown, to standard output)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = "diffusiontalker.gpu-results/1"
SKIPPED, OUT_OF_TIME = 77, (124, 137)
# Ways of the rows of dt_gpu_bench and of `benchmarks.baselines --scenario hop`, in the order of the table.
WAYS = {
    "one graph": "our engines, one CUDA graph",
    "enqueued piece by piece": "our engines, piece by piece",
    "host loop, a step at a time": "our engines, host loop",
    "torch-eager": "PyTorch eager",
    "torch-graph": "PyTorch, CUDA graph",
}


def gtest_summary(report: dict) -> dict:
    """Counts, failures, reasons of skipping and recorded properties of a GoogleTest report."""
    tests = [one for suite in report.get("testsuites", []) for one in suite.get("testsuite", [])]
    plain = {"name", "file", "line", "status", "result", "timestamp", "time", "classname", "failures", "skipped",
             "value_param", "type_param"}  # fmt: skip
    return {
        "tests": len(tests),
        "failed": {one["name"]: one["failures"][0]["failure"][:2000] for one in tests if one.get("failures")},
        "skipped": sorted(one["name"] for one in tests if one.get("result") == "SKIPPED"),
        "properties": {f"{t['name']}.{k}": v for t in tests for k, v in t.items() if k not in plain},
        "seconds": report.get("time"),
    }


def read_parts(folder: Path) -> dict:
    """Name of the file -> content, GoogleTest's reports summed up; a file that is not whole is told as such."""
    found: dict[str, dict] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text())
        except ValueError:
            content = {"error": f"{path.name} is not whole"}
        found[path.stem] = gtest_summary(content) if "testsuites" in content else content
    return found


def verdict_of(status: int, parts: dict) -> tuple[str, str]:
    """(passed, failed, skipped or out of time; the reason). A skipped test is a failure: with a GPU all must run."""
    if status == SKIPPED:
        return "skipped", ""
    for name, part in parts.items():
        if part.get("failed"):
            return "failed", f"{name}: {', '.join(part['failed'])}"
    if status in OUT_OF_TIME:
        return "out of time", ""
    if status:
        return "failed", f"status {status}"
    for name, part in parts.items():
        if part.get("error"):
            return "failed", part["error"]
        if part.get("skipped"):
            return "failed", f"{name}: {len(part['skipped'])} of {part['tests']} tests were skipped"
        if part.get("tests") == 0:
            return "failed", f"{name}: no test was run"
        for row in part.get("rows", []):
            if row.get("error"):
                return "failed", f"{name}: {row['name']}: {row['error']}"
    return "passed", ""


def machine() -> dict | None:
    sys.path.insert(0, str(ROOT / "python"))
    from diffusiontalker.bench.gpu import gpu_stamp

    return gpu_stamp()


def add(path: Path, step: str, status: int, seconds: int, folder: Path, commit: str, said: Path) -> int:
    content: dict = {"schema": SCHEMA, "commit": commit, "gpu": machine(), "steps": {}}
    if path.exists():
        content = json.loads(path.read_text())
    parts = read_parts(folder)
    verdict, reason = verdict_of(status, parts)
    row = {"verdict": verdict, "seconds": seconds, "reason": reason, "parts": parts}
    if verdict != "passed":
        row["said"] = said.read_text(errors="replace")[-4000:]
    content["steps"][step] = row
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"== {step}: {verdict} after {seconds} s{f' ({reason})' if reason else ''}")
    return 0 if verdict in ("passed", "skipped") else 1


def hops(content: dict) -> Iterator[tuple]:
    """(way, profile, batch, ms, device ms, frames/s) of every measured hop, of real and of toy networks."""
    for part_name, part in [p for step in content["steps"].values() for p in step["parts"].items()]:
        for one in part.get("hops", []):
            toy = " (toy networks)" if part.get("networks") == "toy" else ""
            name = WAYS.get(one["way"], one["way"])
            device = one.get("device_p50_ms")
            yield name + toy, one["profile"], one["batch"], one["p50_ms"], device, one["frames_per_s"]
        for row in part.get("rows", []) if part_name.startswith("torch") else []:
            for batch, one in (row["hop"] or {"batches": {}})["batches"].items():
                device = (one["device_ms"] or {}).get("p50")
                name = f"{WAYS[row['name']]} {row['precision'].upper()}"
                yield name, row["hop"]["profile"], int(batch), one["ms"]["p50"], device, one["frames_per_s"]


def table(content: dict) -> str:
    gpu = content["gpu"] or {}
    lines = [
        f"{gpu.get('name')}, driver {gpu.get('driver')}, SM clock up to {gpu.get('max_sm_clock_mhz')} MHz, commit "
        f"{content['commit'][:12] or 'unknown'}.",
        "",
        "| step | verdict | s |",
        "|---|---|---|",
    ]
    lines += [f"| {n} | {s['verdict']}{': ' + s['reason'] if s['reason'] else ''} | {s['seconds']} |"
              for n, s in content["steps"].items()]  # fmt: skip
    rows = sorted(hops(content), key=lambda r: (r[1], r[2], r[0]))
    if rows:
        lines += ["", "| hop | profile | streams | ms p50 | device ms p50 | frames/s |", "|---|---|---|---|---|---|"]
        lines += [f"| {w} | {p} | {b} | {ms:.3f} | {'' if d is None else f'{d:.3f}'} | {f:,.0f} |"
                  for w, p, b, ms, d, f in rows]  # fmt: skip
    updates = [
        u for s in content["steps"].values() for part in s["parts"].values() for u in part.get("update_kernel", [])
    ]
    if updates:
        lines += ["", "| update kernel, streams | GB/s | copy GB/s | share |", "|---|---|---|---|"]
        lines += [f"| {u['batch']} | {u['update_gb_per_s']:.0f} | {u['copy_gb_per_s']:.0f} | {u['share_of_copy']:.2f} |"
                  for u in updates]  # fmt: skip
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    if len(arguments) == 8 and arguments[0] == "add":
        _, path, step, status, seconds, folder, commit, said = arguments
        return add(Path(path), step, int(status), int(seconds), Path(folder), commit, Path(said))
    if len(arguments) >= 2 and arguments[0] == "table":
        try:
            print("\n\n".join(table(json.loads(Path(name).read_text())) for name in arguments[1:]))
        except (OSError, ValueError, KeyError) as e:
            print(f"error: these are no results of run.sh: {e!r}", file=sys.stderr)
            return 1
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
