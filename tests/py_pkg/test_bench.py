"""The benchmark on a tiny bundle: the document's form, the baselines' results, and refusals. No time is judged."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.baselines.onnx_runtime import OnnxRuntimeRunner
from diffusiontalker.api.model import load
from diffusiontalker.bench import environment
from diffusiontalker.bench.clip import synthetic_speech
from diffusiontalker.bench.compare import COMPARED, compare
from diffusiontalker.cli.bench import _instruction_sets, _runs
from diffusiontalker.cli.bench_report import show_devices

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs" / "benchmarks.md"
MAPS = {"against", "ratios", "packages"}  # objects whose keys are names, not part of the form


def run_baselines(place, *args):
    """`python -m benchmarks.baselines` as in a checkout, but in the folder of the workplace."""
    command = [sys.executable, "-m", "benchmarks.baselines", *map(str, args)]
    environment = place.environment() | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=place.folder, env=environment, capture_output=True, timeout=300)


def bench(place, *args, run=None):
    command = ("bench",) if run is None else (place,)
    options = ("--bundle", place.bundle, "--backend", "reference", *args, "--json", "--quiet")
    result = (run or place.run)(*command, *options)
    assert result.returncode == 0, result.stderr.decode()
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def measured(tmp_path_factory, tiny_bundle):
    """A run with everything in it."""
    from cli_support import Workplace

    folder = tmp_path_factory.mktemp("bench")
    place = Workplace(folder / "here", tiny_bundle)
    place.folder.mkdir()
    place.tmp.mkdir()
    scenarios = ("--scenario", "live", "--scenario", "offline", "--scenario", "crowd")
    size = ("--seconds", 2, "--rounds", 2, "--duration", 2, "--streams", 2)
    return bench(place, *scenarios, *size, "--baseline", "onnxruntime", "--peak", run=run_baselines)


def keys(value) -> set[str]:
    """All keys of a document."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    return set(value) | set().union(*(keys(v) for k, v in value.items() if k not in MAPS))


@pytest.mark.slow
def test_every_key_is_documented(measured):
    words = set(re.findall(r"`([a-z0-9_.]+)`", DOCS.read_text()))
    documented = {part for word in words for part in word.split(".")}
    assert keys(measured) <= documented
    assert (measured["schema"], measured["schema_version"]) == ("diffusiontalker.bench/2", 2)


@pytest.mark.slow
def test_all_scenarios_have_their_numbers(measured):
    ours, ort = measured["rows"]
    assert [row["name"] for row in measured["rows"]] == ["reference", "onnxruntime"]
    assert [row["error"] for row in measured["rows"]] == [None, None]
    for row in (ours, ort):
        spread = row["offline"]["ms_per_frame"]
        assert 0 < spread["p50"] <= spread["p95"] <= spread["p99"] <= spread["max"]
        assert row["offline"]["n_frames"] == 60
        assert row["load_s"] > 0 and row["build_s"] > 0
        assert row["memory"]["peak_rss_bytes"] > 10e6
    assert all(value >= 0 for value in ours["offline"]["phases_ms_per_frame"].values())
    assert ort["live"] is None and ort["crowd"] is None
    assert ort["offline"]["phases_ms_per_frame"]["front_end"] is None


@pytest.mark.slow
def test_paced_scenarios_wait_for_their_audio(measured):
    live, crowd = measured["rows"][0]["live"], measured["rows"][0]["crowd"]
    for part in (live, crowd):
        # Half of a 25 ms window, less half of a mel frame, is the front end; hop and lookahead are 6 frames each.
        assert (part["hop_ms"], part["lookahead_ms"], part["front_end_ms"]) == (200, 200, 2.5)
        assert part["stated_latency_ms"] == 402.5
        assert part["n_frames_due"] > 0
        assert part["stream_bytes"] > 0
    assert live["first_frame_ms"] >= live["stated_latency_ms"]
    assert crowd["first_frame_ms"]["p50"] >= crowd["stated_latency_ms"]
    assert crowd["streams"] == 2 and crowd["max_wait_ms"] == 0
    assert crowd["trials"] == [] and crowd["sustained_streams"] is None


def test_time_that_neighbours_take(tmp_path, monkeypatch):
    counts = tmp_path / "stat"
    monkeypatch.setattr(environment, "PROC_STAT", counts)
    counts.write_text("cpu 100 10 50 9000 70 5 5 20 3 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n")
    meter = environment.StealMeter()
    counts.write_text("cpu 140 20 70 9500 99 8 7 45 5 0\n")
    assert meter.share() == 25 / (40 + 10 + 20 + 3 + 2 + 25)
    counts.unlink()
    assert meter.share() is None and environment.StealMeter().share() is None


@pytest.mark.slow
def test_onnx_runtime_does_the_same_work(measured, tiny_bundle):
    """Our backend and the loop around ONNX Runtime agree, bundle by bundle."""
    against = measured["rows"][0]["against"]["onnxruntime"]
    assert 0 <= against["rms_difference"] <= against["max_difference"] < 1e-4
    audio = synthetic_speech(2)
    runner = OnnxRuntimeRunner({"bundle": str(tiny_bundle), "threads": 1, "profile": "offline"})
    timing = runner.offline(audio)
    ours = load(tiny_bundle, backend="reference").animate(audio, 16000, seed=0, profile="offline").weights
    assert runner.frames.shape == ours.shape
    np.testing.assert_allclose(runner.frames[:-5], ours[:-5], atol=1e-4)
    assert len(timing.hop_s) == 2


def test_the_encoder_of_every_step_is_counted(tiny_bundle):
    runner = OnnxRuntimeRunner({"bundle": str(tiny_bundle), "threads": 1, "profile": "live"})
    n_calls = []
    encode = runner.encode
    runner.encode = lambda mel: n_calls.append(1) or encode(mel)
    for each_step, expected in ((False, 5), (True, 5 * 8)):
        runner._loop.encode_each_step = each_step
        n_calls.clear()
        runner.offline(synthetic_speech(2)[:16000])  # 30 frames, 5 hops
        assert len(n_calls) == expected


def test_search_of_streams():
    from diffusiontalker.bench.crowd import greatest_sustained

    for limit in (0, 1, 5, 8, 13, 64, 255, 256, 1000):
        for first in (1, 8, 256):
            trials = [{"streams": first, "sustained": first <= limit}]
            greatest_sustained(lambda n, limit=limit: n <= limit, trials)
            best = max((t["streams"] for t in trials if t["sustained"]), default=0)
            assert best == min(limit, 256), (limit, first, trials)
            assert len({t["streams"] for t in trials}) == len(trials)


@pytest.mark.slow
def test_compare_gives_ratios(place, measured):
    (place.folder / "then.json").write_text(json.dumps(measured))
    now = bench(place, "--seconds", 2, "--rounds", 1, "--scenario", "offline", "--compare", "then.json")
    comparison = now["compare"]
    (row,) = comparison["rows"]
    expected = now["rows"][0]["offline"]["frames_per_s"] / measured["rows"][0]["offline"]["frames_per_s"]
    assert row["ratios"]["offline.frames_per_s"] == expected
    assert not any(key.startswith("live") for key in row["ratios"])
    assert comparison["different_conditions"] == ["plan"]
    same = compare(measured, measured, "itself")
    assert same["different_conditions"] == []
    assert set(same["rows"][0]["ratios"].values()) <= {1.0}
    assert "live.first_frame_ms" in same["rows"][0]["ratios"]
    assert set(same["rows"][0]["ratios"]) <= set(COMPARED)


@pytest.mark.slow
def test_memory_by_phase_the_first_window_and_the_peak(measured):
    ours, ort = measured["rows"]
    memory = ours["memory"]
    assert 1e6 < memory["start_rss_bytes"] < memory["loaded_rss_bytes"] <= memory["streaming_rss_bytes"] + 1e6
    assert ours["crowd"]["rss_bytes"] > memory["loaded_rss_bytes"] / 2 and ort["memory"]["loaded_rss_bytes"] is None
    assert 0 < ours["first_window_s"] < 60 and ours["isa"] is None
    peak = measured["peak"]["gflops"]
    assert 0 < peak["p50"] <= peak["max"] and measured["peak"]["threads"] == 2
    # The same arithmetic for both rows: only their time differs.
    of_speed = [row["offline"]["gflops"] / row["offline"]["frames_per_s"] for row in measured["rows"]]
    assert 0 < of_speed[0] == pytest.approx(of_speed[1])


def test_report_prints_a_line_for_each_row(measured):
    lines = []
    show_devices(measured, SimpleNamespace(show=lambda text: lines.extend(text.splitlines())))
    assert len(lines) == 2 + len(measured["rows"])
    assert {line.count("|") for line in lines} == {10} and "reference f32, 2 threads" in lines[2]


def test_instruction_sets_are_asked_one_by_one(monkeypatch):
    monkeypatch.setenv("DT_CPU_ISA", "portable")
    assert _runs("portable") and not _runs("wasm-simd")
    assert os.environ["DT_CPU_ISA"] == "portable"
    monkeypatch.delenv("DT_CPU_ISA")
    args = SimpleNamespace(isa=["all"])
    here = _instruction_sets(args, "cpu", "f32")
    assert here[-1] == "portable" and len(here) > 1 and _instruction_sets(args, "openvino", "f32") == [""]
    assert _instruction_sets(SimpleNamespace(isa=["portable"]), "cpu", "bf16") == [""]


@pytest.mark.slow
def test_text_and_a_row_that_cannot_run(place):
    """PyTorch's row needs a student of the training code, which a tiny bundle is not: it says why, the others go on."""
    size = ("--seconds", 2, "--rounds", 1, "--scenario", "offline", "--scenario", "crowd")
    more = ("--duration", 1, "--streams", 1, "--baseline", "torch", "--quiet")
    result = run_baselines(place, "--bundle", place.bundle, "--backend", "reference", *size, *more)
    assert result.returncode == 0, result.stderr.decode()
    text = result.stdout.decode()
    assert "\noffline: " in text and "\ncrowd: " in text and "\nlive: " not in text
    (line,) = [line for line in text.splitlines() if "did not run" in line]
    assert line.startswith("torch f32")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["--streams", "4"], 2, "--scenario crowd"),
        (["--find-streams"], 2, "--scenario crowd"),
        (["--max-wait", "20"], 2, "--scenario crowd"),
        (["--scenario", "crowd", "--streams", "257"], 2, "outside 1..256"),
        (["--duration", "0"], 2, "outside 1..3600"),
        (["--profile", "fast"], 3, "low, live, offline"),
        (["--compare", "missing.json"], 3, "missing.json cannot be read"),
        (["--compare", "text.json"], 3, "is not JSON"),
        (["--compare", "old.json"], 3, "diffusiontalker.bench/1"),
        (["missing.wav"], 3, "missing.wav"),
        (["--precision", "bf16", "--backend", "reference"], 3, "bf16"),
        (["--backend", "cpu", "--isa", "wasm-simd"], 5, "have no wasm-simd: there are"),
    ],
)
def test_wrong_arguments_end_in_one_sentence(place, args, code, says):
    refuse(lambda *a: place.run("bench", *a), place, args, code, says)


def test_baselines_are_measured_offline_only(place):
    args = ["--scenario", "live", "--baseline", "torch"]
    refuse(lambda *a: run_baselines(place, *a), place, args, 2, "--scenario offline")


def refuse(run, place, args, code, says):
    (place.folder / "text.json").write_text("hello")
    (place.folder / "old.json").write_text('{"schema": "diffusiontalker.bench/1", "rows": []}')
    result = run("--bundle", place.bundle, *args)
    text = result.stderr.decode()
    assert result.returncode == code, text
    assert "Traceback" not in text and result.stdout == b""
    (line,) = [line for line in text.splitlines() if line.startswith("error: ")]
    assert says in line
