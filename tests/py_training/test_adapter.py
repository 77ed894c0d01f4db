"""Going on from a bundle: an adapter of a large encoder takes the teacher's place, the bundle gets a new encoder."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import diffusiontalker
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.style import IDENTITY_NAMES
from training.data.prepare import MOTION
from training.encoders.cache import FeatureInfo, FeatureWriter
from training.eval.speakers import open_speakers
from training.export import encoder as exchange
from training.export.bundle import write_bundle
from training.export.torch_student import load_student, load_styles
from training.export.trained import load_talker, load_trained_denoiser, trained_encoder
from training.loop.checkpoint import load_checkpoint, save_checkpoint, under_prefix
from training.prepared.clips import N_MELS, PHONE_NAMES, ClipSet, ClipSetInfo, ClipWriter
from training.stages import adapter, distill, encoder, imitated, teacher

HERE = ("--accelerator", "cpu", "--precision", "f32", "--threads", "1")


@pytest.fixture
def base(exported):
    return exported[1]


def made_clips(folder, identities=("ada",), emotions=("neutral",)):
    """Features tell the mel: an adapter can learn what an encoder of the mel says."""
    rng = np.random.default_rng(0)
    info = ClipSetInfo(MOTION, identities, emotions, "made up")
    with ClipWriter(folder, info) as writer:
        for k in range(4):
            slow = np.repeat(rng.normal(-6, 4, (30, N_MELS)), 10, axis=0)
            writer.add(
                slow, np.zeros((90, MOTION.n_channels)), rng.integers(0, len(PHONE_NAMES), 90), utterance=f"u{k}",
                split="train", speaker="s", identity=0, emotion=0, speech_frame=10, speech_frames=70,
            )  # fmt: skip
    clips = ClipSet(folder)
    with FeatureWriter(folder, FeatureInfo("made up", 3, N_MELS, "0" * 64)) as features:
        for clip in clips.clips:
            features.add(np.repeat(clips.clip_mel(clip)[5::10], 3, axis=0))  # ten of mel last three of motion


def figures_of(printed: str) -> list[float]:
    return [float(part.split(",")[0]) for part in printed.split("'features': ")[1:]]


def trained(path: str, name: str) -> torch.Tensor:
    return load_checkpoint(Path(path))[0][f"ema.{name}"]


@pytest.mark.slow
def test_bundle_goes_on_without_its_checkpoints(run, capsys, base):
    made_clips(Path("clips"))
    run(
        adapter, "--clips", "clips", "--bundle", base, "--out", "adapter.safetensors", "--steps", 200,
        "--frames", 240, *HERE,
    )  # fmt: skip
    errors = figures_of(capsys.readouterr().out)
    assert errors[-1] < 0.8 * errors[0] < errors[0] < 2  # it learns; features of a LayerNorm have a deviation of 1
    adapted, about = load_talker(Path("adapter.safetensors"))
    student, _ = load_student(base)
    assert about["stage"] == "teacher" and adapted.config.d_features == N_MELS
    for name, value in student.denoiser.state_dict().items():  # all but the adapter is the bundle's
        assert torch.equal(adapted.denoiser.state_dict()[name], value), name
    assert torch.equal(adapted.personaliser.style_table(), load_styles(base))
    mel = torch.randn(1, 300, N_MELS)
    assert torch.equal(adapted.personaliser.style_of_speech(mel), student.personaliser.style_of_speech(mel))
    assert torch.equal(adapted.mean, student.mean) and torch.equal(adapted.high, student.high)

    n = len(student.encoder.blocks)
    words = ("--clips", "clips", "--teacher", "adapter.safetensors", "--frames", 120, "--bundle", base, *HERE)
    run(
        encoder, *words, "--layers", n + 2, "--train", "both", "--motion", 0.5, "--out",
        "encoder.safetensors", "--steps", 1, "--learning-rate", 1e-9,
    )  # fmt: skip
    tensors = load_checkpoint(Path("encoder.safetensors"))[0]
    for part in ("encoder", "denoiser"):
        begun = under_prefix(f"model.{part}", tensors)
        for name, value in getattr(student, part).state_dict().items():
            torch.testing.assert_close(begun[name], value, atol=1e-6, rtol=0)
    assert load_trained_denoiser(Path("encoder.safetensors"), student.denoiser)
    deep, mel = trained_encoder(Path("encoder.safetensors"), student.encoder.config), torch.randn(1, 40, N_MELS)
    assert len(deep.blocks) == deep.config.n_layers == n + 2
    torch.testing.assert_close(deep(mel), student.encoder(mel), atol=1e-5, rtol=0)  # new layers begin as nothing
    with pytest.raises(ValueError, match=f"has {n + 2} layers already"):
        deep.deepen(n + 1)

    with pytest.raises(SystemExit) as e:
        run(encoder, *words, "--train", "denoiser", "--out", "denoiser.safetensors")
    assert e.value.code == 2 and "give both" in capsys.readouterr().err
    with pytest.raises(ValueError, match="clips is not a bundle: it has no bundle.json"):
        load_student(Path("clips"))
    run(encoder, *words, "--train", "denoiser", "--motion", 1, "--out", "denoiser.safetensors", "--steps", 2)
    assert torch.equal(trained("denoiser.safetensors", "encoder.norm.weight"), student.encoder.norm.weight)
    assert not torch.equal(trained("denoiser.safetensors", "denoiser.out.weight"), student.denoiser.out.weight)
    upper = "free.out.weight"  # eyes and brows: audio says little of them
    assert torch.equal(trained("denoiser.safetensors", f"denoiser.{upper}"), student.denoiser.state_dict()[upper])


@pytest.mark.slow
def test_many_steps_from_a_bundle_and_back_to_few(run, capsys, base):
    made_clips(Path("clips"), IDENTITY_NAMES, EMOTION_NAMES)
    made_clips(Path("others"))
    words = ("--bundle", base, "--out", "teacher.safetensors", "--frames", 120, *HERE)
    with pytest.raises(SystemExit) as e:
        run(teacher, "--clips", "clips", *words, "--features")
    assert e.value.code == 2 and "--bundle has its own encoder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(teacher, "--clips", "others", *words)
    assert "knows other identities or emotions than the clips" in capsys.readouterr().err

    run(teacher, "--clips", "clips", *words, "--steps", 2)
    run(imitated, "--clips", "clips", "--teacher", "teacher.safetensors", "--out", "imitated", "--steps", 1)
    run(
        distill, "--clips", "clips", "imitated", "--teacher", "teacher.safetensors", "--out", "student", "--to", 128,
        "--updates", 1, "--frames", 120, *HERE,
    )  # fmt: skip
    student, _ = load_student(base)
    path = Path("student/student-128.safetensors")
    few, about = load_talker(path)
    assert (about["stage"], about["sampler_steps"]) == ("distill", 128)
    for name in ("encoder.norm.weight", "personaliser.encoder.norm.weight"):
        assert torch.equal(few.state_dict()[name], student.state_dict()[name]), name
    assert not torch.equal(few.denoiser.out.weight, student.denoiser.out.weight)
    with pytest.raises(ValueError, match="began with a bundle and has its identities' styles only"):
        open_speakers(path)

    write_bundle(few, about, Path("new"), "new", "1", None)
    again, content = load_student(Path("new"))
    assert len(content["sampler"]["steps"]) == 128 and torch.equal(load_styles(Path("new")), load_styles(base))
    mel = torch.randn(1, 300, N_MELS)
    with torch.no_grad():
        torch.testing.assert_close(again.personaliser.style_of_speech(mel), student.personaliser.style_of_speech(mel))
    run(
        distill, "--clips", "clips", "--teacher", "new", "--out", "fewer", "--to", 64, "--updates", 1, "--frames", 120,
        *HERE,
    )  # fmt: skip
    assert [p.name for p in sorted(Path("fewer").glob("*.safetensors"))] == ["student-64.safetensors"]
    assert load_talker(Path("fewer/student-64.safetensors"))[1]["motion"] == about["motion"]


def changed_weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {
        k: v + (0.05 * v.std() + 1e-3) * torch.randn_like(v) if v.numel() > 1 else v
        for k, v in network.state_dict().items()
    }


@pytest.mark.parametrize("options", [(), ("--only-encoder",)])
@pytest.mark.slow
def test_what_was_trained_is_exchanged_in_a_bundle(run, options, base):
    student, about = load_student(base)
    torch.manual_seed(0)
    n = len(student.encoder.blocks) + 1
    student.encoder.deepen(n)
    others = {part: changed_weights(getattr(student, part)) for part in ("encoder", "denoiser")}
    save_checkpoint(
        Path("encoder.safetensors"),
        {f"ema.{part}.{k}": v for part, weights in others.items() for k, v in weights.items()},
        {"stage": "encoder", "layers": n},
    )
    run(
        exchange, "--bundle", base, "--encoder", "encoder.safetensors", "--version", "9.9.9", "--out", "new",
        "--source", "S", *options,
    )  # fmt: skip
    if options:
        others.pop("denoiser")
    new = json.loads(Path("new/bundle.json").read_text())
    assert (new["version"], new["provenance"]["data"]) == ("9.9.9", "S")
    changed = {name for name, entry in new["files"].items() if entry != about["files"][name]}
    also = {"denoiser.onnx", "conditioner.onnx"} if "denoiser" in others else set()
    assert changed == {"audio_encoder.onnx"} | also and set(new["files"]) == set(about["files"])
    assert {k: v for k, v in new.items() if k not in ("version", "provenance", "files")} == {
        k: v for k, v in about.items() if k not in ("version", "provenance", "files")
    }
    back, _ = load_student(Path("new"))
    for part, weights in others.items():
        for name, value in weights.items():
            torch.testing.assert_close(getattr(back, part).state_dict()[name], value, atol=2e-3, rtol=2e-3)
    t = np.arange(16000) / 16000
    voice = sum(np.sin(2 * np.pi * k * 120 * t + k) / k for k in range(1, 20))
    sound = (0.08 * np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) ** 2 * voice).astype(np.float32)
    frames = [
        np.asarray(diffusiontalker.load(p, backend="reference").animate(sound, 16000).weights) for p in ("new", base)
    ]
    assert np.isfinite(frames[0]).all() and np.abs(frames[0] - frames[1]).max() > 1e-3


def test_what_is_no_encoder_is_refused_and_nothing_is_written(run, capsys, base):
    save_checkpoint(Path("teacher.safetensors"), {"ema.x": torch.zeros(1)}, {"stage": "teacher"})
    save_checkpoint(Path("small.safetensors"), {"ema.encoder.norm.weight": torch.zeros(7)}, {"stage": "encoder"})
    for file, said in (
        ("teacher", "is of stage 'teacher', expected an encoder"),
        ("small", "is of another architecture"),
    ):
        with pytest.raises(SystemExit) as e:
            run(exchange, "--bundle", base, "--encoder", f"{file}.safetensors", "--version", "1", "--out", "new")
        assert e.value.code == 2 and said in capsys.readouterr().err
    assert not Path("new").exists()
    assert not load_trained_denoiser(Path("small.safetensors"), torch.nn.Linear(1, 1))
