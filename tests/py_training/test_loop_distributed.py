"""Two gloo processes against one: same parameters, one stop for all."""

import json
import multiprocessing
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from loop_worker import N_ROWS, N_STEPS, WORKER_OPTIONS, main_as_rank, make_trainer

from training.loop.checkpoint import load_checkpoint
from training.loop.distributed import gather_rows, on_rank_zero, rank, share, world_size

HERE = Path(__file__).parent
# Rounding of float64 grows through 12 AdamW steps; a forgotten factor 2 or a missing row gives errors above 1e-3.
TOLERANCE = 1e-10


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def under_torchrun(*arguments):
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parent.parent)])
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1"]
    command = [*launcher, f"--master-port={free_port()}", HERE / "loop_worker.py", *WORKER_OPTIONS, *arguments]
    return subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, timeout=180)


def in_two_processes(folder, *arguments):
    """Exit statuses and what went to stderr of two processes, forked from one that has imported torch already:
    importing is most of the time of these tests."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lightning_fabric", "torch.utils.tensorboard"])
    arguments, port, errors = list(map(str, arguments)), free_port(), [folder / f"stderr-{r}" for r in range(2)]
    workers = [context.Process(target=main_as_rank, args=(r, port, arguments, errors[r])) for r in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        worker.kill()
    return [worker.exitcode for worker in workers], [error.read_text() for error in errors]


def assert_same_tensors(path_a, path_b):
    (a, about_a), (b, about_b) = load_checkpoint(path_a), load_checkpoint(path_b)
    assert a.keys() == b.keys() and about_a["step"] == about_b["step"] == N_STEPS
    for key, value in a.items():
        torch.testing.assert_close(value, b[key], atol=TOLERANCE, rtol=0, msg=lambda text, key=key: f"{key}: {text}")


@pytest.mark.slow
def test_two_processes_under_torchrun_train_the_parameters_of_one(tmp_path):
    make_trainer(tmp_path / "one.safetensors").run()
    done = under_torchrun("--out", tmp_path / "two.safetensors")
    assert done.returncode == 0, done.stderr
    assert_same_tensors(tmp_path / "one.safetensors", tmp_path / "two.safetensors")
    about = load_checkpoint(tmp_path / "two.safetensors")[1]
    assert about["run"]["processes"] == 2
    rows = [(tmp_path / f"{name}.jsonl").read_text().splitlines() for name in ("one", "two")]
    assert len(rows[0]) == len(rows[1]) == 3  # one log, by rank 0
    for one, two in zip(*([json.loads(line) for line in r] for r in rows), strict=True):
        assert all(abs(one[k] - two[k]) <= 2e-5 for k in ("loss", "regression", "contrastive"))


@pytest.mark.slow
def test_sigterm_to_one_of_two_processes_saves_and_one_process_goes_on(tmp_path):
    path = tmp_path / "two.safetensors"
    status, errors = in_two_processes(tmp_path, "--out", path, "--term-rank", 1)
    assert status == [143, 0], errors
    assert "stopped by SIGTERM after step 6, saved in" in errors[0] and "stopped" not in errors[1]
    assert load_checkpoint(path)[1]["step"] == 6
    make_trainer(path).run()
    make_trainer(tmp_path / "one.safetensors").run()
    assert_same_tensors(tmp_path / "one.safetensors", path)


@pytest.mark.slow
def test_non_finite_loss_on_one_of_two_processes_stops_both_and_names_the_batch(tmp_path):
    path = tmp_path / "two.safetensors"
    status, errors = in_two_processes(tmp_path, "--out", path, "--nan-rank", 1)
    assert status == [1, 1], errors
    for error in errors:
        assert "error: loss is not finite at step 5 (process 1: loss nan" in error
        assert "batch: rows slice(4, 8, None) of step 5" in error
    assert load_checkpoint(path)[1]["step"] == 5


def test_one_process_without_a_group_is_rank_zero_of_one():
    rows = torch.randn(3, 2, requires_grad=True)
    assert (rank(), world_size(), share(N_ROWS)) == (0, 1, slice(0, N_ROWS))
    assert gather_rows(rows) is rows
    with pytest.raises(KeyError):
        on_rank_zero(lambda: {}["no"])


def test_global_batch_that_does_not_divide_is_refused(monkeypatch):
    monkeypatch.setattr("training.loop.distributed.world_size", lambda: 3)
    with pytest.raises(ValueError, match="a global batch of 8 does not divide among 3 processes"):
        share(8)
