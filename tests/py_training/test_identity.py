"""A new identity for a bundle: learned from motion of a known one, added, and moved by the runtime."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
import torch

import diffusiontalker
from diffusiontalker.spec.channels import ARKIT_CHANNELS, LIP_CHANNELS, indices
from diffusiontalker.spec.mel import MelSpec, log_mel
from training.export import identity as export
from training.export.torch_student import load_styles
from training.loop.checkpoint import save_checkpoint
from training.prepared.clips import ClipSetInfo, ClipWriter
from training.prepared.motion_space import MotionSpace
from training.stages import identity

BASE = Path(diffusiontalker.__file__).parent / "bundles" / "base-2step"
HERE = ("--accelerator", "cpu", "--precision", "f32", "--threads", "1")
RATE = 16000
LIPS = indices(LIP_CHANNELS)


def speech(first_s: float, seconds: float) -> np.ndarray:
    """A part of the example recording, 7.1 s long, at 16 kHz."""
    audio, rate = sf.read(Path(__file__).parents[2] / "examples" / "speech.wav", dtype="float32")
    audio = soxr.resample(audio if audio.ndim == 1 else audio[:, 0], rate, RATE)
    return audio[int(first_s * RATE) :][: int(seconds * RATE)]


@pytest.fixture
def clips(tmp_path):
    """Two speakers: `mia` moves as the bundle's kira does, `noa` never moves."""
    model = diffusiontalker.load(str(BASE))
    info = ClipSetInfo(MotionSpace("blendshapes", 52, ARKIT_CHANNELS), ("noa", "mia"), ("sad", "none"), "made up")
    with ClipWriter(tmp_path / "clips", info) as writer:
        for k in range(6):
            audio, n = speech(0.1 * k, 4.0), 120
            moved = model.animate(audio, RATE, identity="kira", emotion="sad", seed=k).weights
            for who, motion in enumerate((np.zeros((n, 52)), np.asarray(moved)[:n])):
                writer.add(
                    log_mel(audio, MelSpec())[: n // 3 * 10], motion, utterance=f"{who}-{k}", split="train",
                    speaker=f"s{who}", identity=who, emotion=0, speech_frame=0, speech_frames=n,
                )  # fmt: skip
    return tmp_path / "clips"


def moved(model, name: str) -> np.ndarray:
    """Of the lips, for speech that no clip has; eyes and brows go their own ways."""
    return np.asarray(model.animate(speech(4.6, 2.5), RATE, identity=name, emotion="sad").weights)[:, LIPS]


@pytest.mark.slow
def test_an_identity_is_learned_from_motion_and_added(run, clips, tmp_path):
    words = ("--clips", clips, "--speaker", "mia", "--bundle", BASE, "--frames", 480, *HERE)
    run(identity, *words, "--out", "begun.safetensors", "--steps", 1, "--learning-rate", 1e-9)
    run(identity, *words, "--out", "mia.safetensors", "--steps", 30, "--learning-rate", 0.03)
    for name in ("begun", "mia"):
        run(export, "--bundle", BASE, "--identity", f"{name}.safetensors", "--name", "mia", "--out", name)
    about = json.loads(Path("mia/bundle.json").read_text())["identities"]
    assert about["names"][-1] == "mia" and torch.equal(load_styles(Path("mia"))[:-1], load_styles(BASE))

    model, begun = (diffusiontalker.load(str(tmp_path / name)) for name in ("mia", "begun"))
    kira = moved(model, "kira")
    error = {name: np.abs(moved(model, name) - kira).mean() for name in model.identities if name != "kira"}
    assert min(error, key=error.get) == "mia"  # nearer to her than any other identity
    assert error["mia"] < 0.9 * np.abs(moved(begun, "mia") - kira).mean()  # and than what her voice said


@pytest.mark.slow
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
            run(export, "--bundle", "base", "--identity", f"{file}.safetensors", "--name", name, "--out", "new")
        assert e.value.code == 2 and said in capsys.readouterr().err
    with pytest.raises(SystemExit) as e:
        run(export, "--bundle", "bas", "--identity", "i.safetensors", "--name", "zoe", "--out", "new")
    assert (
        e.value.code == 2
        and "there is no bundle 'bas', did you mean 'base'? known names are base" in capsys.readouterr().err
    )
    assert not Path("new").exists()
