"""A new identity for a bundle: learned from motion of a known one, added, and moved by the runtime."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import diffusiontalker
from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.mel import MelSpec, log_mel
from training.data.clips import ClipSetInfo, ClipWriter
from training.data.motion_space import MotionSpace
from training.eval.scores_blendshape import LIPS
from training.loop.checkpoint import save_checkpoint
from training.stages import identity
from trt_build.export import identity as export
from trt_build.export.torch_student import load_styles

BASE = Path(diffusiontalker.__file__).parent / "bundles" / "base-2step"
HERE = ("--accelerator", "cpu", "--precision", "32", "--threads", "1")
RATE = 16000


def sound(seed: int, seconds: float) -> np.ndarray:
    """Syllables of a buzz through wandering formants."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(RATE * seconds)) / RATE
    buzz = sum(np.sin(2 * np.pi * k * 120 * t + k) * np.exp(-(((k * 120 - 900) / 1500) ** 2)) for k in range(1, 30))
    level = np.interp(t, np.arange(0, seconds + 0.2, 0.1), rng.random(int(seconds * 10) + 2) ** 2)
    return (0.1 * buzz * level + 1e-4 * rng.standard_normal(len(t))).astype(np.float32)


@pytest.fixture
def clips(tmp_path):
    """Two speakers: `mia` moves as the bundle's kira does, `noa` never moves."""
    model = diffusiontalker.load(str(BASE))
    info = ClipSetInfo(MotionSpace("blendshapes", 52, ARKIT_CHANNELS), ("noa", "mia"), ("sad", "none"), "made up")
    with ClipWriter(tmp_path / "clips", info) as writer:
        for k in range(6):
            audio, n = sound(k, 4.0), 120
            moved = model.animate(audio, RATE, identity="kira", emotion="sad", seed=k).weights
            for who, motion in enumerate((np.zeros((n, 52)), np.asarray(moved)[:n])):
                writer.add(
                    log_mel(audio, MelSpec())[: n // 3 * 10], motion, utterance=f"{who}-{k}", split="train",
                    speaker=f"s{who}", identity=who, emotion=0, speech_frame=0, speech_frames=n,
                )  # fmt: skip
    return tmp_path / "clips"


def lips(model, name: str) -> np.ndarray:
    """Motion of jaw and mouth for speech that no clip has."""
    return np.asarray(model.animate(sound(50, 4.0), RATE, identity=name, emotion="sad").weights)[:, LIPS]


def test_an_identity_is_learned_from_motion_and_added(run, clips, tmp_path):
    words = ("--clips", clips, "--speaker", "mia", "--bundle", BASE, "--frames", 480, *HERE)
    run(identity, *words, "--out", "begun.safetensors", "--steps", 1, "--learning-rate", 1e-9)
    run(identity, *words, "--out", "mia.safetensors", "--steps", 40)
    for name in ("begun", "mia"):
        run(export, "--bundle", BASE, "--identity", f"{name}.safetensors", "--name", "mia", "--out", name)
    about = json.loads(Path("mia/bundle.json").read_text())["identities"]
    assert about["names"][-1] == "mia" and torch.equal(load_styles(Path("mia"))[:-1], load_styles(BASE))

    model, begun = (diffusiontalker.load(str(tmp_path / name)) for name in ("mia", "begun"))
    kira = lips(model, "kira")
    error = {name: np.abs(lips(model, name) - kira).mean() for name in model.identities if name != "kira"}
    assert min(error, key=error.get) == "mia"  # nearer to her than any other identity
    assert error["mia"] < 0.7 * np.abs(lips(begun, "mia") - kira).mean()  # and than what her voice said


def test_what_cannot_be_added_is_said(run, clips, capsys):
    with pytest.raises(SystemExit):
        run(identity, "--clips", clips, "--speaker", "zoe", "--bundle", BASE, "--out", "z.safetensors", *HERE)
    assert "no speaker 'zoe': there are noa, mia" in capsys.readouterr().err
    save_checkpoint(Path("e.safetensors"), {"ema.embedding": torch.ones(64)}, {"stage": "encoder"})
    save_checkpoint(Path("i.safetensors"), {"ema.embedding": torch.ones(64)}, {"stage": "identity"})
    cases = (
        ("e", "zoe", "is of stage 'encoder', expected an identity"), ("i", "kira", "has an identity 'kira' already"),
        ("i", "", "the name is empty"), ("nowhere", "zoe", "nowhere.safetensors"),
    )  # fmt: skip
    for file, name, said in cases:
        with pytest.raises(SystemExit) as e:
            run(export, "--bundle", BASE, "--identity", f"{file}.safetensors", "--name", name, "--out", "new")
        assert e.value.code == 2 and said in capsys.readouterr().err
    assert not Path("new").exists()
