"""The loop in one process: resume to the bit, signals, non-finite loss, full disk, old checkpoints, log."""

import builtins
import json
import os
import resource
import signal

import pytest
import torch
from loop_worker import N_STEPS, Model, SmallLoss, make_trainer
from safetensors import SafetensorError
from safetensors.torch import save_file

from training.loop import progress
from training.loop.checkpoint import load_checkpoint, save_checkpoint, under_prefix, with_prefix
from training.loop.errors import CheckpointError, NonFiniteLoss, Stopped
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer, learning_rate


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """Checkpoint of a whole run with dropout, float32: every later bit must equal this one's."""
    path = tmp_path_factory.mktemp("unbroken") / "new folder" / "run.safetensors"
    make_trainer(path, dropout=0.5, dtype=torch.float32).run()
    return load_checkpoint(path)


def assert_equal_bits(path, expected):
    (tensors, about), (expected_tensors, expected_about) = load_checkpoint(path), expected
    assert about == expected_about and tensors.keys() == expected_tensors.keys()
    assert {k.split(".")[0] for k in tensors} == {"model", "ema", "optimizer"}
    different = [k for k, v in tensors.items() if not torch.equal(v, expected_tensors[k])]
    assert not different


@pytest.mark.parametrize("cut", [0, 1, 5, 7])
def test_run_cut_at_any_step_and_resumed_equals_an_unbroken_one_bit_for_bit(tmp_path, unbroken, cut):
    path = tmp_path / "run.safetensors"
    make_trainer(path, dropout=0.5, dtype=torch.float32).run(until=cut)
    torch.manual_seed(99)  # dropout must not depend on what was drawn before
    resumed = make_trainer(path, dropout=0.5, dtype=torch.float32)
    assert resumed.step == cut
    resumed.run()
    assert_equal_bits(path, unbroken)


def test_sigterm_finishes_the_step_saves_and_the_run_goes_on_bit_for_bit(tmp_path, unbroken, capsys):
    path, before = tmp_path / "run.safetensors", signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped) as stopped:
        make_trainer(path, dropout=0.5, dtype=torch.float32, term_rank=0).run()
    assert stopped.value.code == 128 + signal.SIGTERM
    assert f"stopped by SIGTERM after step 6, saved in {path}" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before
    assert load_checkpoint(path)[1]["step"] == 6
    make_trainer(path, dropout=0.5, dtype=torch.float32).run()
    assert_equal_bits(path, unbroken)


def test_sigterm_during_the_last_save_is_not_lost(tmp_path):
    trainer = make_trainer(tmp_path / "run.safetensors")
    save = trainer.save
    trainer.save = lambda: (save(), os.kill(os.getpid(), signal.SIGTERM) if trainer.step == N_STEPS else None)
    with pytest.raises(Stopped):
        trainer.run()
    assert load_checkpoint(trainer.path)[1]["step"] == N_STEPS


def test_non_finite_loss_names_step_and_batch_and_keeps_the_last_checkpoint(tmp_path):
    path = tmp_path / "run.safetensors"
    make_trainer(path).run(until=3)
    good = path.read_bytes()
    trainer = make_trainer(path, nan_rank=0)
    trainer.step = 5
    weights = {k: v.clone() for k, v in trainer.model.state_dict().items()}
    with pytest.raises(NonFiniteLoss, match=r"loss is not finite at step 5 \(process 0: loss nan.* of step 5\)"):
        trainer.run()
    assert path.read_bytes() == good
    assert all(torch.equal(v, weights[k]) for k, v in trainer.model.state_dict().items())


class RootLoss(SmallLoss):
    def forward(self, step):
        return (self.model.body.weight * 0.0).abs().sum().sqrt(), {}  # value 0, gradient 0 / 0


def test_finite_loss_with_a_gradient_that_is_not_stops_too(tmp_path):
    runtime = Runtime("cpu")
    trainer = Trainer(RootLoss(Model(), runtime), RunConfig(3, 0.1), tmp_path / "run.safetensors", {}, runtime)
    with pytest.raises(NonFiniteLoss, match="gradient is not finite .norm nan. at step 0"):
        trainer.run()
    assert not trainer.path.exists()


def fail_with(error):
    def save_half(_tensors, path, **_):
        with open(path, "wb") as file:
            file.write(b"half")
        raise error

    return save_half


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), SafetensorError("StorageFull")])
def test_full_disk_gives_one_sentence_and_keeps_the_old_checkpoint(tmp_path, monkeypatch, error):
    trainer = make_trainer(tmp_path / "run.safetensors")
    trainer.run(until=2)
    good = trainer.path.read_bytes()
    monkeypatch.setattr("training.loop.checkpoint.save_file", fail_with(error))
    with pytest.raises(CheckpointError, match="cannot write checkpoint .* the last checkpoint is untouched") as caught:
        trainer.run()
    assert "\n" not in str(caught.value)
    assert trainer.path.read_bytes() == good
    assert sorted(p.suffix for p in tmp_path.iterdir() if p.is_file()) == [".jsonl", ".safetensors"]


def test_file_cut_short_by_the_system_keeps_the_old_checkpoint(tmp_path):
    path = tmp_path / "run.safetensors"
    save_checkpoint(path, {"a": torch.zeros(4)}, {})
    good, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))  # the kernel refuses more, as on a full disk
    try:
        with pytest.raises(CheckpointError, match="cannot write"):
            save_checkpoint(path, {"a": torch.zeros(100_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == good and list(tmp_path.iterdir()) == [path]


def test_checkpoint_of_the_first_format_is_read_and_gone_on_with(tmp_path):
    """As release 0.1 wrote it: prefixes, "about" JSON whose run has bf16 and no seed."""
    new, old = tmp_path / "new.safetensors", tmp_path / "old.safetensors"
    make_trainer(new).run(until=4)
    tensors, about = load_checkpoint(new)
    run = {k: about["run"][k] for k in ("n_steps", "learning_rate", "frames_per_batch")} | {"bf16": True}
    about = {"stage": "teacher", "talker": {}, "identities": ["a"], "step": 4, "run": run}
    save_file(tensors, str(old), metadata={"about": json.dumps(about)})
    trainer = make_trainer(old)
    assert trainer.step == 4
    trainer.run()
    make_trainer(new).run()
    expected = load_checkpoint(new)[0]
    assert all(torch.equal(v, expected[k]) for k, v in load_checkpoint(old)[0].items())


def test_other_files_are_refused_with_a_sentence(tmp_path):
    path = tmp_path / "run.safetensors"
    with pytest.raises(FileNotFoundError, match="run the stage before"):
        load_checkpoint(path)
    path.write_bytes(b"\x10\0\0\0\0\0\0\0{half")
    with pytest.raises(CheckpointError, match="no whole checkpoint"):
        make_trainer(path)
    state = Model().state_dict()
    save_checkpoint(path, with_prefix("ema", state), {"stage": "average"})
    with pytest.raises(CheckpointError, match="holds weights but no run"):
        make_trainer(path)
    state["body.weight"] = torch.zeros(1, 1)
    save_checkpoint(path, with_prefix("model", state) | with_prefix("ema", state), {"step": 1})
    with pytest.raises(CheckpointError, match=r"of another model \(body.weight: \(1, 1\) in the file, \(6, 5\)"):
        make_trainer(path)


def test_loss_with_trainable_parameters_outside_the_model_is_refused(tmp_path):
    runtime = Runtime("cpu")
    loss = SmallLoss(Model(), runtime)
    loss.teacher.requires_grad_(True)
    with pytest.raises(ValueError, match="parameter teacher.weight of the loss requires a gradient"):
        Trainer(loss, RunConfig(1, 0.1), tmp_path / "x", {}, runtime)
    with pytest.raises(ValueError, match="nothing to train"):
        Trainer(SmallLoss(Model().requires_grad_(False), runtime), RunConfig(1, 0.1), tmp_path / "x", {}, runtime)


def test_teacher_is_not_saved_and_frozen_parts_and_buffers_stay(tmp_path):
    trainer = make_trainer(tmp_path / "run.safetensors", dtype=torch.float32)
    start = {k: v.clone() for k, v in trainer.model.state_dict().items()}
    trainer.run(until=2)
    trainer.model.mean.fill_(3.0)
    trainer.run(until=4)
    tensors = load_checkpoint(trainer.path)[0]
    assert not [k for k in tensors if "teacher" in k]
    for part in ("model", "ema"):
        found = under_prefix(part, tensors)
        assert torch.equal(found["frozen.weight"], start["frozen.weight"]) and found["count"] == 7
        assert (found["mean"] == 3).all()
        assert not torch.equal(found["body.weight"], start["body.weight"])


def test_average_gradient_limit_and_learning_rate_follow_their_definitions(tmp_path):
    config = RunConfig(6, 0.01, warmup_steps=2, gradient_clip=0.05, ema_decay=0.5, save_every=1)
    trainer, average, decays = make_trainer(tmp_path / "run.safetensors", config=config), None, []
    average = trainer.ema["body.weight"].clone()
    for step in range(1, 7):
        trainer.run(until=step)
        decays.append(min(0.5, (1 + step) / (10 + step)))
        average = decays[-1] * average + (1 - decays[-1]) * trainer.model.body.weight.detach()
        torch.testing.assert_close(trainer.ema["body.weight"], average, atol=1e-12, rtol=0)
        norm = sum(p.grad.square().sum() for p in trainer.parameters if p.grad is not None).sqrt()
        assert norm <= 0.05 * (1 + 1e-6)
    assert decays[0] == 2 / 11 and decays[-1] == 7 / 16
    assert [learning_rate(s, config) for s in (0, 1, 2)] == [0.005, 0.01, 0.01]
    assert learning_rate(6, config) == pytest.approx(0.01 * 0.02)


def test_log_drops_lost_steps_and_averages_figures(tmp_path):
    path = tmp_path / "run.safetensors"
    make_trainer(path).run()
    rows = path.with_suffix(".jsonl").read_text()
    assert [json.loads(row)["step"] for row in rows.splitlines()] == [4, 8, 12]
    path.unlink()
    trainer = make_trainer(path)
    trainer.run()  # from nothing: the old rows are of a run that is gone
    again = [json.loads(row) for row in path.with_suffix(".jsonl").read_text().splitlines()]
    assert [row["step"] for row in again] == [4, 8, 12]
    assert {"loss", "regression", "contrastive", "learning_rate", "s_per_step"} < again[0].keys()
    figures = progress.Figures()
    figures.add({"a": torch.tensor(1.0), "b": 5.0})
    figures.add({"a": 2.0})
    assert figures.means() == {"a": 1.5, "b": 5.0} and figures.means() == {}


def test_tensorboard_is_written_or_its_absence_said_once(tmp_path, monkeypatch, capsys):
    pytest.importorskip("tensorboard")
    trainer = make_trainer(tmp_path / "with.safetensors")
    trainer.run(until=2)
    assert [p.name.split(".")[0] for p in (tmp_path / "with.tensorboard").iterdir()] == ["events"]
    real = builtins.__import__
    missing = lambda name, *rest: real("no_such_package" if "tensorboard" in name else name, *rest)  # noqa: E731
    progress._summary_writer_class.cache_clear()
    monkeypatch.setattr(builtins, "__import__", missing)
    make_trainer(tmp_path / "without.safetensors").run(until=1)
    make_trainer(tmp_path / "without.safetensors").run(until=2)
    progress._summary_writer_class.cache_clear()
    assert capsys.readouterr().out.count("no TensorBoard") == 1
    assert not (tmp_path / "without.tensorboard").exists()
