"""tests/gpu: what run.sh writes and prints, with stand-ins for the driver's tool and the programs. No GPU, no build."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GPU = Path(__file__).parents[1] / "gpu"
spec = importlib.util.spec_from_file_location("gpu_results", GPU / "results.py")
results = importlib.util.module_from_spec(spec)
spec.loader.exec_module(results)

SMI = """#!/bin/sh
case "$*" in
  -L) echo "GPU 0: NVIDIA H100 80GB HBM3" ;;
  *compute_cap*) echo "9.0" ;;
esac
"""
PASSED = {"name": "A", "result": "COMPLETED", "largest_error": "0.01", "file": "f", "line": 1}
SKIPPED = {"name": "B", "result": "SKIPPED", "skipped": [{"message": "no GPU"}]}
FAILED = {"name": "C", "result": "COMPLETED", "failures": [{"failure": "1 is not 2"}]}


def report(*tests):
    return {"testsuites": [{"testsuite": list(tests)}], "time": "1s"}


@pytest.mark.parametrize(
    ("status", "tests", "verdict"),
    [
        (0, [PASSED], ("passed", "")),
        (0, [PASSED, SKIPPED], ("failed", "t: 1 of 2 tests were skipped")),
        (1, [PASSED, FAILED], ("failed", "t: C")),
        (0, [], ("failed", "t: no test was run")),
        (77, [], ("skipped", "")),
        (124, [PASSED], ("out of time", "")),
        (139, [], ("failed", "status 139")),
    ],
)
def test_a_step_passes_only_when_every_test_ran(status, tests, verdict):
    assert results.verdict_of(status, {"t": results.gtest_summary(report(*tests))}) == verdict


def test_reports_are_summed_up_and_broken_ones_told(tmp_path):
    (tmp_path / "loop.json").write_text(json.dumps(report(PASSED, FAILED)))
    (tmp_path / "cut.json").write_text('{"testsuites": [')
    parts = results.read_parts(tmp_path)
    assert parts["loop"]["failed"] == {"C": "1 is not 2"} and parts["loop"]["properties"] == {"A.largest_error": "0.01"}
    assert results.verdict_of(0, {"cut": parts["cut"]}) == ("failed", "cut.json is not whole")


def test_table_has_every_way(tmp_path, capsys):
    hop = {
        "profile": "live",
        "batches": {"8": {"ms": {"p50": 4.0}, "device_ms": {"p50": 3.5}, "frames_per_s": 24000.0}},
    }
    torch = {"rows": [{"name": "torch-eager", "precision": "f16", "error": None, "hop": hop}]}
    engines = {"networks": "bundle", "hops": [
        {"way": "one graph", "profile": "live", "batch": 8, "p50_ms": 0.5, "frames_per_s": 192000.0}],
        "update_kernel": [
            {"batch": 64, "update_gb_per_s": 3000.0, "copy_gb_per_s": 3300.0, "share_of_copy": 0.91}]}  # fmt: skip
    content = {"commit": "0123456789abcdef", "gpu": {"name": "NVIDIA H100", "driver": "580", "max_sm_clock_mhz": 1980}}
    content["steps"] = {
        "bench": {"verdict": "passed", "reason": "", "seconds": 9, "parts": {"bench": engines}},
        "torch": {"verdict": "failed", "reason": "why", "seconds": 7, "parts": {"torch-live": torch}},
    }
    (tmp_path / "r.json").write_text(json.dumps(content))
    assert results.main(["table", str(tmp_path / "r.json")]) == 0
    text = capsys.readouterr().out
    for line in ("| our engines, one CUDA graph | live | 8 | 0.500 |  | 192,000 |",
                 "| PyTorch eager F16 | live | 8 | 4.000 | 3.500 | 24,000 |",
                 "| 64 | 3000 | 3300 | 0.91 |", "| torch | failed: why | 7 |"):  # fmt: skip
        assert line in text.splitlines()
    (tmp_path / "r.json").write_text("{}")
    assert results.main(["table", str(tmp_path / "r.json")]) == 1 and capsys.readouterr().err.startswith("error: ")


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def run(tmp_path):
    """run.sh with the given steps, on a machine of stand-ins whose test programs do nothing: (exit code, results)."""
    tools, build, out = tmp_path / "tools", tmp_path / "build", tmp_path / "out"
    for folder in (tools, build / "tests" / "gpu", build / "tests" / "kernels"):
        folder.mkdir(parents=True)
    script(tools / "nvidia-smi", SMI)
    for tool in ("nvcc", "cmake"):
        script(tools / tool, "#!/bin/sh\nexit 0\n")
    for program in ("gpu/dt_cuda_tests", "kernels/dt_cuda_kernel_tests"):
        text = f"#!/bin/sh\nfor a; do case $a in --gtest_output=json:*) echo '{json.dumps(report(PASSED))}' "
        script(build / "tests" / program, text + '>"${a#--gtest_output=json:}" ;; esac; done\n')
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    environment = {
        "PATH": path,
        "DT_GPU_BUILD": str(build),
        "DT_GPU_KIT": str(tmp_path / "none"),
        "HOME": str(tmp_path),
    }

    def run(*steps, **more):
        command = ["bash", str(GPU / "run.sh"), str(out), *steps]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**environment, **more})
        path = out / "results.json"
        return done, json.loads(path.read_text())["steps"] if path.exists() else {}

    run.tools, run.build, run.out = tools, build, out  # type: ignore[attr-defined]
    return run


def test_steps_are_written_one_by_one_into_two_files(run):
    done, steps = run("build", "kernels", "loop", "engines")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: one["verdict"] for name, one in steps.items()} == {
        "build": "passed", "kernels": "passed", "loop": "passed", "engines": "skipped",
    }  # fmt: skip
    assert set(steps["kernels"]["parts"]) == {"kernels-1", "kernels-2", "kernels-3"}
    assert {p.name for p in run.out.iterdir()} == {"results.json", "log.txt"}


def test_without_a_gpu_nothing_is_run(run):
    (run.tools / "nvidia-smi").unlink()
    done, steps = run("kernels")
    assert (done.returncode, done.stdout, steps) == (3, "no GPU: nothing was run\n", {})


def test_crash_and_end_of_the_time_are_failures_that_are_kept(run):
    script(run.build / "tests" / "gpu" / "dt_cuda_tests", "#!/bin/sh\nkill -SEGV $$\n")
    done, steps = run("loop", "kernels")
    assert done.returncode == 1 and steps["loop"]["verdict"] == "failed" and steps["kernels"]["verdict"] == "passed"
    done, steps = run("kernels", DT_GPU_SECONDS="1")
    assert done.returncode == 1 and steps["kernels"]["verdict"] == "out of time"


def test_a_failed_build_costs_its_own_programs_only(run):
    """PyTorch's baseline needs none of them; what it says here is that it is not installed."""
    script(run.tools / "cmake", "#!/bin/sh\necho cannot compile >&2; exit 1\n")
    script(run.tools / "no-torch", '#!/bin/sh\n[ "$1" = -c ] && exit 1\nexec python3 "$@"\n')
    done, steps = run("build", "kernels", "torch", PYTHON=str(run.tools / "no-torch"))
    assert done.returncode == 1 and "cannot compile" in steps["build"]["said"]
    assert {name: one["verdict"] for name, one in steps.items()} == {
        "build": "failed", "kernels": "skipped", "torch": "skipped",
    }  # fmt: skip
    assert "programs of the build" in steps["kernels"]["said"] and "no PyTorch" in steps["torch"]["said"]


@pytest.mark.slow
def test_engines_that_are_built_are_then_run_and_compared(run, tmp_path):
    """A stand-in for TensorRT's Python writes what it was asked for, and fails where no engines were built."""
    tensorrt = tmp_path / "tensorrt8"
    tensorrt.mkdir()
    script(tensorrt / "python", """#!/bin/bash
words=("$@")
for ((i = 0; i < $#; ++i)); do case "${words[i]}" in
  --folder) mkdir -p "${words[i+1]}"; echo '{}' >"${words[i+1]}/engines.json"; echo '{"set": 1}'; exit ;;
  --out) [ -f "$(dirname "$DT_TEST_ENGINES_ARE")/engines.json" ] || exit 1
    echo '{"kept": true}' >"${words[i+1]}"; exit ;;
esac; done
exit 1
""")  # fmt: skip
    engines = run.build / "engines" / "engines.json"
    more = {"DT_TENSORRT8": str(tensorrt), "DT_VERIFY_REFERENCE": "r.npz", "DT_TEST_ENGINES_ARE": str(engines)}
    done, steps = run("verify", "engines", **more)
    assert done.returncode == 0 and {one["verdict"] for one in steps.values()} == {"skipped"}
    done, steps = run("plans", "engines", "verify", **more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: one["verdict"] for name, one in steps.items()} == dict.fromkeys(
        ("plans", "engines", "verify"), "passed"
    )
    assert steps["plans"]["parts"] == {"plans": {"set": 1}} and steps["verify"]["parts"] == {"verify": {"kept": True}}
    script(tensorrt / "python", "#!/bin/sh\necho no >&2; exit 5\n")
    done, steps = run("plans", **more)
    assert done.returncode == 1 and steps["plans"]["verdict"] == "failed"
