"""The recipe's commands one after the other, from a data set in its published layout to frames of the runtime."""

import json
import shutil
from functools import partial
from pathlib import Path

import dataset_makers as made
import numpy as np
import pytest
import torch

import diffusiontalker
from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.profiles import PROFILES
from diffusiontalker.spec.sampler import sampler_table
from training.datasets import __main__ as datasets
from training.diffusion.window_sampler import MelTimeline, animate
from training.encoders.cache import FeatureInfo, FeatureWriter
from training.eval import __main__ as evaluation
from training.export import bundle
from training.export.half_storage import MIN_ELEMENTS
from training.export.trained import load_talker
from training.fitting import teachers
from training.losses import personaliser_loss
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker
from training.prepared.clips import N_MELS, PHONE_NAMES, ClipSet, ClipSetInfo, ClipWriter
from training.prepared.motion_space import MotionSpace
from training.stages import distill, encoder, imitated, personaliser, teacher

SMALL = {"d_model": 32, "n_layers": 1, "n_heads": 2, "d_feed_forward": 64}
HERE = ("--accelerator", "cpu", "--precision", "f32", "--threads", "1")
# The project's stated limit for full-precision backends, in spans of the motion.
PARITY = 1e-4
EASED_FRAMES = 5  # the runtime's default ease-out, which the PyTorch sampler does not do
VOCASET = {"FaceTalk_170728_03272_TA": (1, 2), "FaceTalk_170904_00128_TA": (1,), "FaceTalk_170811_03275_TA": (20,),
           "FaceTalk_170809_00138_TA": (40,)}  # fmt: skip
BIWI = {"F2": ("e01", "e33", "e37"), "M3": ("e01",), "F1": ("e38",)}


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    """The architecture of the recipe with fewer and narrower layers."""
    monkeypatch.setattr(teachers, "AudioEncoderConfig", partial(AudioEncoderConfig, **SMALL))
    monkeypatch.setattr(teachers, "DenoiserConfig", partial(DenoiserConfig, d_audio=32, d_free=32, **SMALL))
    monkeypatch.setattr(personaliser_loss, "ROWS", 4)


def train(run, clips: str, *, large_encoder: bool) -> None:
    """Stages 3 to 7 of training/README.md, ending in student/student-8.safetensors."""
    run(personaliser, "--clips", clips, "--out", "personaliser.safetensors", "--steps", 2, *HERE)
    features = ["--features"] if large_encoder else []
    run(
        teacher, "--clips", clips, *features, "--personaliser", "personaliser.safetensors",
        "--out", "teacher.safetensors", "--steps", 2, "--frames", 120, *HERE,
    )  # fmt: skip
    more, taught = [], []
    if large_encoder:
        run(imitated, "--clips", clips, "--teacher", "teacher.safetensors", "--steps", 2, "--out", "imitated")
        taught = ["imitated"]
        run(
            encoder, "--clips", clips, "--teacher", "teacher.safetensors", "--out", "encoder.safetensors",
            "--steps", 2, "--frames", 120, *HERE,
        )  # fmt: skip
        more = ["--encoder", "encoder.safetensors", "--compact-updates", 1]
    run(
        distill, "--clips", clips, *taught, "--teacher", "teacher.safetensors", *more, "--out", "student", "--to", 8,
        "--updates", 1, "--last-updates", 1, "--frames", 120, *HERE,
    )  # fmt: skip
    trained = {p.stem.removeprefix("student-") for p in Path("student").glob("*.safetensors")}
    assert trained == {"8", "16", "32", "64", "128"} | ({"8-trained"} if large_encoder else set())


def speech_like(seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * 16000)) / 16000
    voice = sum(np.sin(2 * np.pi * k * 120 * t + k) / k for k in range(1, 20))
    return (0.08 * np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) ** 2 * voice).astype(np.float32)


def as_stored(talker: Talker) -> Talker:
    """With large weights rounded as the export rounds them."""
    for network in (talker.encoder, talker.denoiser):
        for name, value in network.named_parameters():
            if name.endswith("weight") and value.numel() >= MIN_ELEMENTS:
                value.data = value.data.half().float()
    return talker


def by_pytorch(student: str, audio: np.ndarray, identity: int, emotion: int, seed: int) -> tuple[np.ndarray, float]:
    """(motion [n, C], greatest span that a channel may have)."""
    talker, about = load_talker(Path(student))
    talker, space = as_stored(talker), MotionSpace.from_dict(about["motion"])
    mel = log_mel(np.pad(audio, (0, 16000)), MelSpec())
    mel = mel[: len(mel) // space.group[0] * space.group[0]]
    timeline = MelTimeline([mel], space.group, float(np.log(MelSpec().log_floor)))
    with torch.no_grad():
        style = talker.personaliser.style(torch.tensor([identity]), torch.tensor([emotion]))
    sizes = tuple(PROFILES["offline"].values())
    motion = animate(talker, timeline, style, sampler_table(8, 256), sizes, [seed])[0]
    n_frames = -(-len(audio) * space.fps_num // (16000 * space.fps_den))
    return motion[:n_frames], float((talker.high - talker.low).max())


def compare_with_runtime(identity: int, emotion: int):
    """Animates with the runtime and with PyTorch; returns the runtime's model and animation."""
    audio = speech_like(2.5)
    expected, span = by_pytorch("student/student-8.safetensors", audio, identity, emotion, seed=5)
    model = diffusiontalker.load("bundle", n_threads=1)
    animation = model.animate(
        audio, 16000, identity=model.identities[identity], emotion=model.emotions[emotion], seed=5
    )
    motion = np.asarray(animation.weights)
    assert motion.shape == expected.shape and np.isfinite(motion).all()
    error = np.abs(motion - expected)[:-EASED_FRAMES].max()
    assert error <= PARITY * span
    assert expected.std(axis=0).max() > 100 * PARITY * span  # the face did move
    return model, animation, expected


def check_geometry(animation, expected: np.ndarray, speaker: str) -> None:
    """Animation.vertices() against template, basis and motion of PyTorch."""
    rig = np.load("clips/rig.npz")
    template = rig["templates"][rig["template_names"].tolist().index(speaker)]
    offsets = expected @ rig["basis"] + rig["mean"] if "basis" in rig else expected
    vertices = animation.vertices()
    assert vertices.shape == (animation.n_frames, *template.shape) and np.isfinite(vertices).all()
    wrong = vertices - template - offsets.reshape(vertices.shape)
    size = np.abs(offsets).max()
    # Positions of about 0.1 in float32 are rounded too.
    assert np.abs(wrong)[:-EASED_FRAMES].max() <= 3 * PARITY * size + 1e-7


MESHES = {
    "vocaset-basis": ("vocaset", VOCASET, ["--basis", "4"], "coefficients", 4, 30),
    "vocaset-vertices": ("vocaset", VOCASET, [], "vertices", 15069, 30),
    "biwi-basis": ("biwi", BIWI, ["--basis", "4"], "coefficients", 4, 25),
}


@pytest.mark.parametrize("case", MESHES)
@pytest.mark.slow
def test_mesh_data_set_goes_to_frames_of_the_runtime(case, run, tmp_path, capsys):
    kind, takes, options, space, n_channels, fps = MESHES[case]
    root = tmp_path / "set"
    {"vocaset": made.vocaset_processed, "biwi": made.biwi_processed}[kind](root, takes)
    if case == "biwi-basis":
        shutil.rmtree(root / "regions")
    if case == "vocaset-vertices":
        for name, ids in (("lip_upper", "10,12"), ("lip_lower", "20,22"), ("eve", "100,101,102")):
            (root / "regions" / f"{name}.txt").write_text(ids)
    run(datasets, "prepare", "--kind", kind, "--root", root, *options, "--out", "clips")
    train(run, "clips", large_encoder=False)

    run(
        evaluation, "mesh", "--clips", "clips", "--model", "student=student/student-8.safetensors",
        "--model", "teacher=teacher.safetensors@4", "--out", "scores",
    )  # fmt: skip
    check_scores(case, capsys.readouterr().out)

    run(
        bundle,
        "--student",
        "student/student-8.safetensors",
        "--rig",
        "clips/rig.npz",
        "--out",
        "bundle",
        "--version",
        "1",
        "--license",
        "research",
    )
    model, animation, expected = compare_with_runtime(identity=1, emotion=0)
    assert (model.space, model.n_channels, model.fps) == (space, n_channels, fps)
    assert animation.fps == fps and animation.n_frames == -(-5 * fps // 2)
    assert model.rig.unit_m == {"vocaset": 1.0, "biwi": 0.2}[kind]
    check_geometry(animation, expected, speaker=model.identities[0])


def check_scores(case: str, shown: str) -> None:
    content = json.loads(Path("scores/scores.json").read_text())
    still, student, four = content["rows"]
    assert (still["name"], student["n_steps"], four["n_steps"]) == ("still", 8, 4)
    for row in (student, four):
        assert row["lve_mm2"] > 0 and row["lve_mm"] > 0 and row["mve_mm"] > 0
        assert row["fdd_abs_mm2"] >= abs(row["fdd_mm2"]) > 0
    assert still["fdd_mm2"] > 0  # truth minus a face that does not move
    unit_mm = 200 if case == "biwi-basis" else 1000
    assert student["lve_unit2"] * unit_mm**2 == pytest.approx(student["lve_mm2"])
    # The test speaker of VOCASET is unseen, so every identity is tried; BIWI's is of the training set.
    assert ("diversity_mm" in student) == case.startswith("vocaset")
    assert ("mod_mm" in student) == ("eve_mm2" in student) == (case == "vocaset-vertices")
    if case == "biwi-basis":
        assert "LVE: all 23370 vertices" in shown
    else:
        assert "LVE: region lve, 25 ids of 5023 vertices" in shown
    table = Path("scores/table.md").read_text()
    assert "student, 8 steps" in table and ("basis coefficients" in table) == case.endswith("basis")


def blendshape_clips(folder: Path) -> None:
    """Two identities in two moods with cached features of a large encoder, all made up."""
    rng = np.random.default_rng(0)
    space = MotionSpace("blendshapes", 52, ARKIT_CHANNELS)
    info = ClipSetInfo(space, ("ada", "ben"), ("neutral", "happy"), "made up")
    with ClipWriter(folder, info) as writer:
        for k in range(4):
            writer.add(
                rng.normal(-6, 4, (300, N_MELS)), made.weights(90, 52, k), rng.integers(0, len(PHONE_NAMES), 90),
                utterance=f"u{k}", split="train", speaker=info.identities[k % 2], identity=k % 2, emotion=k // 2,
                speech_frame=24, speech_frames=42,
            )  # fmt: skip
    with FeatureWriter(folder, FeatureInfo("made up", 3, 16, "0" * 64)) as features:
        for clip in ClipSet(folder).clips:
            features.add(rng.standard_normal((clip.n_frames, 16)))


@pytest.mark.slow
def test_blendshapes_with_a_large_encoder_go_to_frames_in_another_emotion(run):
    blendshape_clips(Path("clips"))
    train(run, "clips", large_encoder=True)
    given, made_up = ClipSet(Path("imitated")), ClipSet(Path("clips"))
    assert {c.identity for c in given.clips} <= {0, 1} and len(given.clips) == len(made_up.clips)
    for clip, like in zip(given.clips, made_up.clips, strict=True):
        assert (given.clip_mel(clip) == made_up.clip_mel(like)).all()
        motion = given.clip_motion(clip)
        assert motion.shape == (like.n_frames, 52) and 0 <= motion.min() and 0.01 < motion.std() and motion.max() <= 1
    run(bundle, "--student", "student/student-8.safetensors", "--out", "bundle", "--version", "1", "--license", "none")
    model, animation, _happy = compare_with_runtime(identity=1, emotion=1)
    assert (model.space, model.channels, model.fps) == ("blendshapes", ARKIT_CHANNELS, 30)
    assert (model.identities, model.emotions, model.default_emotion) == (
        ("ada", "ben"),
        ("neutral", "happy"),
        "neutral",
    )
    _, neutral, _ = compare_with_runtime(identity=1, emotion=0)
    assert np.abs(np.asarray(animation.weights) - neutral.weights).max() > 1e-3
