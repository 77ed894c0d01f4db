"""Random tiny checkpoints, with and without a large encoder, and bundles with and without emotions."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import diffusiontalker
from diffusiontalker.spec.channels import CHANNEL_INDEX
from training.encoders.choice import EncoderChoice
from training.eval.animators import BundleAnimator, CheckpointAnimator
from training.eval.face.animate import with_strength
from training.eval.models import ModelSpec
from training.loop.checkpoint import load_checkpoint, save_checkpoint, with_prefix
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig

SMALL = TalkerConfig(
    AudioEncoderConfig(d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
    DenoiserConfig(d_audio=16, d_identity=8, d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
    n_identities=2, n_emotions=3,
)  # fmt: skip
HEARS = "fake layer 1 (weights abababab)"


class FakeEncoder:
    """Feature 0 is the sample at the feature's centre, the others are constant."""

    name, layer, dim, weights_sha256 = "fake", 1, 3, "ab" * 32

    def __call__(self, audio):
        heard = audio[::320]
        return np.stack([heard, np.ones_like(heard), np.zeros_like(heard)], axis=1)


def saved(path, **changes):
    """A random checkpoint; d_features among the changes makes a teacher that takes features of an encoder."""
    torch.manual_seed(0)
    talker = Talker(TalkerConfig.from_dict(SMALL.as_dict() | changes))
    for parameter in talker.denoiser.parameters():  # some start at zero, and would hide the condition
        torch.nn.init.normal_(parameter, std=0.3)
    about = {
        "talker": talker.config.as_dict(), "identities": ["neutral", "ada"], "stage": "teacher",
        "emotions": ["neutral", "happy", "sad"][: talker.config.n_emotions], "encoder": HEARS,
    }  # fmt: skip
    save_checkpoint(path, with_prefix("ema", talker.state_dict()), about)
    return path


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads that wait for each other make tiny networks slow on a busy machine."""
    n = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n)


@pytest.fixture
def audio():
    noise = np.random.default_rng(0).standard_normal(9000).astype(np.float32) * 0.1
    return [np.zeros(20000, np.float32), noise]


def test_checkpoint_animates_every_clip_with_the_asked_steps_and_the_right_length(tmp_path, audio):
    animator: Any = ModelSpec("t", saved(tmp_path / "t.safetensors"), 2).open()
    motion = animator(audio, ["neutral", "ada"])
    assert [len(m) for m in motion] == [38, 17] and all(np.isfinite(m).all() for m in motion)
    assert animator.n_steps == 2 and animator.default_identity == "neutral"
    with pytest.raises(ValueError, match="unknown identity 'kira': the checkpoint has neutral, ada"):
        animator(audio[:1], ["kira"])
    # Clips of one batch do not see each other; products of other shapes round differently.
    np.testing.assert_allclose(animator(audio[:1], ["neutral"])[0], motion[0], atol=1e-4)


def test_an_emotion_changes_the_motion_and_none_is_neutral(tmp_path, audio):
    animator = ModelSpec("t", saved(tmp_path / "t.safetensors"), 2).open()
    who = ["ada", "ada"]
    without, neutral = animator(audio, who), animator(audio, who, ["neutral"] * 2)
    mixed = animator(audio, who, ["neutral", "sad"])
    assert (without[1] == neutral[1]).all() and (mixed[0] == neutral[0]).all()
    assert np.abs(mixed[1] - neutral[1]).max() > 1e-3
    with pytest.raises(ValueError, match="unknown emotion 'angry': the checkpoint has neutral, happy, sad"):
        animator(audio, who, ["angry", "sad"])
    single = ModelSpec("t", saved(tmp_path / "one.safetensors", n_emotions=1), 2).open()
    assert (single(audio, who, ["angry", "sad"])[1] == single(audio, who)[1]).all()


def test_a_condition_that_training_hid_makes_no_difference(tmp_path, audio):
    path = saved(tmp_path / "t.safetensors")
    tensors, about = load_checkpoint(path)
    save_checkpoint(path, tensors, about | {"hidden": ["identity"]})
    animator = ModelSpec("t", path, 2).open()
    who = animator(audio, ["ada", "neutral"])
    assert (animator(audio, ["neutral", "neutral"])[0] == who[0]).all()
    assert np.abs(animator(audio, ["neutral"] * 2, ["sad"] * 2)[1] - who[1]).max() > 1e-3
    with pytest.raises(ValueError, match="unknown identity"):
        animator(audio, ["kira", "ada"])


def test_a_teacher_takes_features_of_its_encoder_frame_by_frame(tmp_path, audio, monkeypatch):
    monkeypatch.setattr(EncoderChoice, "load", lambda self: FakeEncoder())
    path = saved(tmp_path / "t.safetensors", d_features=3)
    animator: Any = ModelSpec("t", path, 2).open(encoder=EncoderChoice("fake"))
    ramp = np.linspace(0.1, 1, 32000, dtype=np.float32)
    timeline = animator._timeline([ramp, audio[1]])
    assert timeline.n_frames == [60, 17]
    heard = timeline.window(-12, 12 + 60 + 48)[0].numpy()
    assert (heard[:11, 0] == 0).all() and (heard[74:, 0] == 0).all() and (heard[:, 1] == 1).all()
    frames = np.arange(59)
    np.testing.assert_allclose(heard[12 + frames, 0], np.interp(frames / 30, np.arange(32000) / 16000, ramp), atol=1e-3)
    motion = animator([ramp, audio[1]], ["neutral", "ada"])
    assert [len(m) for m in motion] == [60, 17] and all(np.isfinite(m).all() for m in motion)
    assert np.abs(animator([audio[0][:9000]], ["ada"])[0] - animator([ramp[:9000]], ["ada"])[0]).max() > 1e-3


def test_a_teacher_without_its_own_encoder_is_refused_with_a_sentence(tmp_path, audio, monkeypatch):
    path = saved(tmp_path / "t.safetensors", d_features=3)
    with pytest.raises(ValueError, match=r"takes features of fake layer 1 \(weights abababab\): name that encoder"):
        ModelSpec("t", path).open()
    other = FakeEncoder()
    other.layer = 3
    monkeypatch.setattr(EncoderChoice, "load", lambda self: other)
    with pytest.raises(ValueError, match="takes features of fake layer 1 .*, not fake layer 3"):
        ModelSpec("t", path).open(encoder=EncoderChoice("fake"))
    # A student does not ask for an encoder, and may stand beside a teacher that does.
    student = ModelSpec("s", saved(tmp_path / "s.safetensors"), 1).open(encoder=EncoderChoice("fake"))
    assert len(student(audio[1:], ["ada"])[0]) == 17


@pytest.mark.slow
def test_networks_of_a_bundle_in_pytorch_move_as_the_runtime_does():
    base = Path(diffusiontalker.__file__).parent / "bundles" / "base"
    sound = np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    sound *= 0.1 * np.sin(np.linspace(0, 12, 16000)) ** 2
    asked = ([sound], ["ada"], ["happy"])
    in_pytorch = CheckpointAnimator(base, profile="live")
    in_runtime = BundleAnimator(base, "reference", "live")
    assert (in_pytorch.names, in_pytorch.emotions) == (in_runtime.names, in_runtime.emotions)
    # At the end the runtime eases to rest.
    gaze = [i for name, i in CHANNEL_INDEX.items() if name.startswith("eyeLook")]  # the runtime's counters the head
    ours, theirs = (np.delete(f(*asked)[0][:-6], gaze, axis=1) for f in (in_pytorch, in_runtime))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    other = in_runtime([sound], ["kira"], ["happy"])[0]
    assert np.abs(other - in_runtime(*asked)[0]).max() > 0.05


def fake_model(animate, emotions=("neutral", "sad"), latency_ms=102.0):
    def profile(name):
        return SimpleNamespace(latency_ms=latency_ms)

    return SimpleNamespace(animate=animate, emotions=emotions, identities=("neutral", "ada"), profile=profile)


@pytest.mark.parametrize("emotions", [(), ("neutral",), ("neutral", "sad")])
def test_a_bundle_gets_emotions_only_when_it_knows_them(tmp_path, monkeypatch, emotions):
    calls = []

    def animate(samples, rate, **options):
        calls.append(options)
        return SimpleNamespace(weights=np.zeros((len(samples) * 30 // rate, 52)))

    model = fake_model(animate, emotions)
    monkeypatch.setattr(diffusiontalker, "load", lambda *rest, **options: model, raising=False)
    content = {"identities": {"default": "neutral"}, "sampler": {"steps": [0, 0]}}
    (tmp_path / "bundle.json").write_text(json.dumps(content))
    animator = BundleAnimator(tmp_path)
    clips = [np.zeros(16000, np.float32)] * 2
    animator(clips, ["neutral", "ada"], ["sad", "neutral"])
    animator(clips[:1], ["ada"])
    assert [c["emotion"] for c in calls] == (["sad", "neutral", "neutral"] if len(emotions) > 1 else [None] * 3)
    assert [c["seed"] for c in calls] == [0, 1, 0]


@pytest.mark.parametrize("has_more", [False, True])
def test_a_bundle_offers_the_dial_the_head_and_its_latency_where_the_runtime_has_them(tmp_path, monkeypatch, has_more):
    strengths = []

    def plain(samples, rate, *, identity, emotion, seed, profile):
        return SimpleNamespace(weights=np.zeros((30, 52)))

    def richer(samples, rate, *, identity, emotion, seed, profile, emotion_strength=1.0):
        strengths.append(emotion_strength)
        return SimpleNamespace(weights=np.zeros((30, 52)), head_pose=np.full((30, 3), np.pi / 180))

    model = fake_model(richer if has_more else plain, latency_ms=102.0 if has_more else 1600.0)
    monkeypatch.setattr(diffusiontalker, "load", lambda *rest, **options: model, raising=False)
    content = {"identities": {"default": "neutral"}, "sampler": {"steps": [0, 0]}}
    (tmp_path / "bundle.json").write_text(json.dumps(content))
    animator = BundleAnimator(tmp_path)
    clip = [np.zeros(16000, np.float32)]
    animator(clip, ["neutral"])
    if not has_more:
        assert animator.emotion_strength is None and animator.pose is None and animator.latency_s is None
        return
    assert animator.latency_s == pytest.approx(0.102) and animator.pose[0] == pytest.approx(np.ones((30, 3)))
    with_strength(animator, clip, "sad", 0.5)
    assert strengths == [1.0, 0.5] and animator.emotion_strength == 1.0


def test_a_folder_called_like_a_bundle_of_the_package_is_that_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(Path(diffusiontalker.__file__).parent / "bundles" / "base", "base")
    assert BundleAnimator(Path("base"), "reference").n_steps == 8
    (tmp_path / "base" / "audio_encoder.onnx").write_bytes(b"spoilt")
    with pytest.raises(diffusiontalker.BundleError, match="audio_encoder.onnx"):
        BundleAnimator(Path("base"), "reference")
