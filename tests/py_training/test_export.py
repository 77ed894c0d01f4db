"""Export to a bundle and back; the shipped bundle agrees over PyTorch, reference and OpenVINO."""

import hashlib
import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import diffusiontalker
from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.sampler import SamplerStep
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.style import IDENTITY_NAMES
from training.diffusion.window_sampler import MelTimeline, animate
from training.export import bundle as export
from training.export.half_storage import MIN_ELEMENTS, store_weights_as_half
from training.export.torch_student import load_student, load_styles
from training.export.trained import load_talker
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig

BASE = Path(diffusiontalker.__file__).parent / "bundles" / "base"
# The project's stated limit for full-precision backends, in units of blendshape weights.
PARITY = 1e-4


def speech_like(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise bursts and tones with syllable rhythm: moves the mouth, needs no recording."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * 16000)) / 16000
    voice = sum(np.sin(2 * np.pi * k * 120 * t + k) / k for k in range(1, 20))
    envelope = np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) ** 2
    return (0.08 * envelope * voice + 0.01 * rng.standard_normal(len(t))).astype(np.float32)


def halved(talker: Talker) -> Talker:
    """With the weights that a bundle stores as float16."""
    copy = deepcopy(talker)
    for name, value in copy.named_parameters():
        if name.endswith("weight") and value.numel() >= MIN_ELEMENTS:
            value.data = value.data.half().float()
    return copy


def torch_weights(bundle: Path, audio: np.ndarray, identity: int, emotion: int, seed: int, profile: str) -> np.ndarray:
    talker, about = load_student(bundle)
    steps = [SamplerStep(**s) for s in about["sampler"]["steps"]]
    sizes = tuple(about["profiles"][profile][k] for k in ("past_frames", "hop_frames", "lookahead_frames"))
    mel = log_mel(np.pad(audio, (0, 1600)), MelSpec())
    timeline = MelTimeline([mel], (10, 3), float(np.log(MelSpec().log_floor)))
    style = load_styles(bundle)[identity, emotion][None]
    moved = animate(talker, timeline, style, steps, sizes, [seed])[0][: len(audio) * 30 // 16000]
    return moved[:, : len(ARKIT_CHANNELS)]  # the runtime gives a head pose apart


@pytest.mark.parametrize("backend", ["reference", "openvino"])
@pytest.mark.parametrize("profile", ["offline", "live"])
@pytest.mark.slow
def test_shipped_bundle_agrees_with_pytorch(backend, profile):
    audio = speech_like(2.5)
    identity = json.loads((BASE / "bundle.json").read_text())["identities"]["names"][1]
    expected = torch_weights(BASE, audio, 1, 0, 5, profile)
    model = diffusiontalker.load("base", backend=backend)
    # Without a head pose the runtime leaves the gaze as the networks made it.
    weights = np.asarray(model.animate(audio, 16000, identity=identity, seed=5, profile=profile, head_amount=0).weights)
    # The last frames ease to rest after sampling, and the PyTorch loop does not do that.
    error = np.abs(weights[: len(expected) - 6] - expected[: len(weights)][: len(expected) - 6]).max()
    assert error <= PARITY
    assert expected.std(axis=0).max() > 0.02  # the face did move


@pytest.mark.slow
def test_exported_networks_come_back_unchanged(exported):
    talker, bundle = exported
    back, about = load_student(bundle)
    with torch.no_grad():
        torch.testing.assert_close(load_styles(bundle), talker.personaliser.style_table(), atol=0, rtol=0)
    assert about["identities"]["names"] == list(IDENTITY_NAMES) and len(about["sampler"]["steps"]) == 8
    for part in ("encoder", "denoiser"):
        for name, value in getattr(talker, part).state_dict().items():
            is_weight = name.endswith("weight") and value.numel() >= MIN_ELEMENTS
            stored = value.half().float() if is_weight else value
            torch.testing.assert_close(getattr(back, part).state_dict()[name], stored, atol=0, rtol=0)
    for name, entry in about["files"].items():
        data = (bundle / name).read_bytes()
        assert entry == {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}


def run_graph(bundle: Path, network: str, **inputs: torch.Tensor) -> torch.Tensor:
    """By onnx's own interpreter."""
    file = json.loads((bundle / "bundle.json").read_text())["networks"][network]["file"]
    feeds = {name: value.numpy() for name, value in inputs.items()}
    return torch.from_numpy(ReferenceEvaluator(str(bundle / file)).run(None, feeds)[0])


@pytest.mark.slow
def test_style_encoder_gives_the_mood_of_the_speech_and_every_emotion(exported):
    talker, bundle = exported
    personaliser = halved(talker).personaliser
    about = json.loads((bundle / "bundle.json").read_text())["networks"]["style_encoder"]
    assert about == {"file": "style_encoder.onnx", "min_mel_frames": 100, "max_mel_frames": 1200}
    for n_mel_frames in (100, 331):
        mel = 3 * torch.randn(2, n_mel_frames, 80) - 6
        with torch.no_grad():
            identity, mood = personaliser.encoder(mel)
            emotions = personaliser.emotions.embeddings()
            moods = [mood, *(emotion.expand(2, -1) for emotion in emotions)]
            expected = torch.stack([personaliser.fusion(identity, m) for m in moods], dim=1)
        torch.testing.assert_close(expected[:, 0], personaliser.style_of_speech(mel))
        got = run_graph(bundle, "style_encoder", mel=mel)
        torch.testing.assert_close(got, expected, atol=PARITY, rtol=0)
    assert (got[0, 1:] - got[0, :1]).abs().amax(dim=1).min() > 0.01  # the emotions do differ


@pytest.mark.parametrize("backend", ["reference", "openvino"])
@pytest.mark.slow
def test_enrolment_agrees_with_pytorch(exported, backend):
    talker, bundle = exported
    personaliser, audio = halved(talker).personaliser, speech_like(1.7)
    model = diffusiontalker.load(bundle, backend=backend)
    mel = torch.from_numpy(log_mel(audio, MelSpec()))[None]
    with torch.no_grad():
        identity, mood = personaliser.encoder(mel)
        expected = {None: mood, EMOTION_NAMES[2]: personaliser.emotions.embeddings()[2:3]}
        for emotion, vector in expected.items():
            style = torch.from_numpy(model.enroll(audio, 16000, emotion=emotion))
            torch.testing.assert_close(style, personaliser.fusion(identity, vector)[0], atol=PARITY, rtol=0)


@pytest.mark.slow
def test_parts_together_are_the_whole_denoiser(exported):
    talker, bundle = exported
    back, _ = load_student(bundle)
    mel, x_t, known = (
        torch.randn(2, 100, 80),
        torch.randn(2, 30, talker.config.denoiser.n_channels),
        torch.zeros(2, 30, 1),
    )
    style, t = torch.randn(2, 64), torch.tensor([3.0, 250.0])
    with torch.no_grad():
        expected = back.denoiser(x_t, known, back.encoder(mel), style, t)
    condition = run_graph(bundle, "conditioner", style=style, t=t)
    # A window's condition does not depend on the windows beside it, so it can be kept.
    alone = run_graph(bundle, "conditioner", style=style[1:], t=t[1:])
    torch.testing.assert_close(alone, condition[1:], atol=1e-5, rtol=0)
    audio = run_graph(bundle, "audio_encoder", mel=mel)
    got = run_graph(bundle, "denoiser", x_t=x_t, known=known, audio=audio, condition=condition)
    torch.testing.assert_close(got, expected, atol=PARITY, rtol=0)


def test_weight_beyond_float16_is_refused():
    weight = numpy_helper.from_array(np.full((64, 64), 1e6, np.float32), "big.weight")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "big.weight"], ["y"])], "g", [], [], [weight])
    with pytest.raises(ValueError, match="big.weight reaches 1e"):
        store_weights_as_half(helper.make_model(graph))


def test_noise_of_the_upper_face_cannot_reach_the_lips():
    talker, about = load_student(BASE)
    torch.manual_seed(0)
    n = talker.config.denoiser.n_channels
    x_t, free = torch.randn(1, 30, n), torch.tensor(about["motion"]["noise_scale"]) == 1
    other = torch.where(free, torch.randn(1, 30, n), x_t)
    known = torch.zeros(1, 30, 1)
    audio, style = (
        torch.randn(1, 30, talker.denoiser.audio_in.in_features),
        torch.randn(1, talker.denoiser.style.in_features),
    )
    with torch.no_grad():
        a, b = (talker.denoiser(x, known, audio, style, torch.tensor([128.0])) for x in (x_t, other))
    torch.testing.assert_close(a[..., ~free], b[..., ~free], atol=0, rtol=0)
    assert (a - b)[..., free].abs().max() > 0.01


def test_shipped_bundle_states_licence_data_and_size():
    about = json.loads((BASE / "bundle.json").read_text())
    assert about["license"] == "Apache-2.0" and about["provenance"]["data"]
    assert sum(p.stat().st_size for p in BASE.iterdir()) <= 20_000_000
    card = (BASE / "README.md").read_text()
    for heading in ("## Data", "## Scores", "## Limits", "Apache-2.0"):
        assert heading in card


@pytest.fixture
def asked(monkeypatch):
    """Calls of the export command -> (talker, what it says of the checkpoint), without writing the graphs."""
    made = []
    monkeypatch.setattr(export, "write_bundle", lambda talker, about, *rest: made.append((talker, dict(about))))

    def call(*words):
        monkeypatch.setattr(
            "sys.argv", ["bundle", "--version", "0.0.1", "--license", "x", "--out", "o", *map(str, words)]
        )
        export.main()
        return made[-1]

    return call


def test_a_bundle_of_fewer_steps_has_the_same_networks(asked):
    talker, about = asked("--student", BASE, "--sampler-steps", 2)
    trained = load_talker(BASE)[0]
    assert about["sampler_steps"] == 2
    for part in ("encoder", "denoiser"):
        wanted = getattr(trained, part).state_dict()
        assert all((value == wanted[name]).all() for name, value in getattr(talker, part).state_dict().items())
    steps = export.manifest(talker, about, "few", "0.0.1", "x")["sampler"]["steps"]
    assert [step["t"] for step in steps] == [256, 128]


def test_a_bundle_takes_the_timesteps_that_are_named(asked, monkeypatch, capsys):
    talker, about = asked("--student", BASE, "--timesteps", 256, 96)
    assert about["sampler_steps"] == [256, 96] and "2 steps" in capsys.readouterr().out
    steps = export.manifest(talker, about, "few", "0.0.1", "x")["sampler"]["steps"]
    assert [(step["t"], step["t_prev"]) for step in steps] == [(256, 96), (96, 0)]
    assert asked("--student", BASE, "--timesteps", 256, 128)[1]["sampler_steps"] == 2


@pytest.mark.parametrize("words", [(96,), (256, 100), (256, 96, 96), (96, 256)])
def test_timesteps_that_were_not_trained_are_refused(asked, capsys, words):
    with pytest.raises(SystemExit):
        asked("--student", BASE, "--timesteps", *words)
    assert "which are 256 224 192 160 128 96 64 32" in capsys.readouterr().err


@pytest.mark.slow
def test_steps_that_were_not_trained_are_refused(asked, capsys):
    for steps in (3, 16, -2):
        with pytest.raises(SystemExit):
            asked("--student", BASE, "--sampler-steps", steps)
        assert f"--sampler-steps must divide the 8 steps of the training, got {steps}" in capsys.readouterr().err


def test_a_mean_lies_between_what_the_training_began_with_and_its_end(asked, capsys):
    def small(d_model: int) -> Talker:
        encoder = AudioEncoderConfig(d_model=16, n_layers=1, n_heads=2, d_feed_forward=16)
        denoiser = DenoiserConfig(d_audio=16, d_identity=4, d_model=d_model, n_layers=1, n_heads=2, d_feed_forward=16)
        return Talker(TalkerConfig(encoder, denoiser, n_identities=3))

    before, after = small(16), small(16)
    mean = export.mean_state(before, after, 0.75)
    name = "denoiser.out.weight"
    torch.testing.assert_close(mean[name], 0.25 * before.state_dict()[name] + 0.75 * after.state_dict()[name])
    with pytest.raises(ValueError, match="another architecture"):
        export.mean_state(small(32), after, 0.75)
    with pytest.raises(SystemExit):
        asked("--student", BASE, "--start", BASE, "--start-share", 2)
    assert "--start-share is a share, expected 0..1, got 2.0" in capsys.readouterr().err
