"""The branch of eyes and brows, learned through the sampler: the score, the samples, and what stays as it was."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

import diffusiontalker
from diffusiontalker.spec.channels import ARKIT_CHANNELS, LIP_CHANNELS, indices
from diffusiontalker.spec.sampler import sampler_table
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.style import IDENTITY_NAMES, TalkingStyle
from training.articulation.upper_face import upper_face_weights
from training.data.windows import WindowConfig, WindowSampler
from training.diffusion import window_sampler
from training.diffusion.window_sampler import animate, sample_window
from training.export.trained import load_talker
from training.loop.checkpoint import load_checkpoint, save_checkpoint
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig
from training.losses import energy
from training.losses.energy import energy_score, pieces
from training.losses.upper_face_loss import ROLLS, UpperFaceLoss
from training.models.talker import Talker, TalkerConfig
from training.prepared.clips import ClipSet, ClipSetInfo, ClipWriter
from training.prepared.motion_space import MotionSpace
from training.stages import upper_face

BASE = Path(diffusiontalker.__file__).parent / "bundles" / "base-2step"
HERE = ("--accelerator", "cpu", "--precision", "f32", "--threads", "1")
BLINK = ARKIT_CHANNELS.index("eyeBlinkLeft")


@pytest.fixture
def clips(tmp_path):
    """Faces of which only eyes and brows move, by rule, to noise."""
    rng, times = np.random.default_rng(0), np.arange(240) / 30
    space = MotionSpace.from_dict(load_talker(BASE)[1]["motion"])
    info = ClipSetInfo(space, IDENTITY_NAMES, EMOTION_NAMES, "made up")
    with ClipWriter(tmp_path / "clips", info) as writer:
        for k in range(8):
            face = upper_face_weights(times, np.sin(3 * times), TalkingStyle(blink_rate_hz=0.5), rng)
            motion = np.concatenate([face, 0.03 * np.sin(times + rng.normal(size=(3, 1))).T], axis=1)[
                :, : space.n_channels
            ]
            writer.add(
                rng.normal(-4, 2, (800, 80)).astype(np.float32), motion, utterance=f"u{k}", split="train",
                speaker="s", identity=k, emotion=0, speech_frame=0, speech_frames=240,
            )  # fmt: skip
    return tmp_path / "clips"


@pytest.mark.parametrize("y", [0.0, 0.7, -2.0])
def test_the_score_is_that_of_a_normal_distribution(y):
    """Gneiting & Raftery 2007, eq. 5 (there of opposite sign), for one dimension."""
    samples = torch.randn((1500, 1), generator=torch.Generator().manual_seed(1)).double()
    density, below = math.exp(-y * y / 2) / math.sqrt(2 * math.pi), 0.5 * (1 + math.erf(y / math.sqrt(2)))
    expected = y * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi)
    assert float(energy_score(samples, torch.tensor([y]).double())) == pytest.approx(expected, abs=0.03)


def test_the_score_prefers_blinks_at_the_wrong_time_to_none():
    """Squared error prefers none: what a branch of eyes learns by it."""
    truth, samples = torch.zeros(64, 36), torch.zeros(4, 64, 36)
    generator = torch.Generator().manual_seed(2)
    for row in [truth, *samples]:
        row[torch.arange(64), torch.randint(36, (64,), generator=generator)] = 1.0
    none, mean = torch.zeros_like(samples), torch.full_like(samples, 1 / 36)
    assert energy_score(samples, truth).mean() < min(energy_score(x, truth).mean() for x in (none, mean))
    assert (samples - truth).square().mean() > (none - truth).square().mean()


def test_pieces_are_whole():
    x = torch.arange(2 * 7 * 3).reshape(2, 7, 3)
    assert pieces(x, 3).shape == (2, 2, 9) and pieces(x, 3)[1, 1].tolist() == x[1, 3:6].flatten().tolist()
    assert pieces(x, 7).shape == (2, 1, 21)


def test_a_tremble_costs_more_than_it_moves():
    """Of the same size, noise that trembles is worse than an offset: it is what a sampler leaves of its own noise."""
    generator = torch.Generator().manual_seed(5)
    phase = 6.28 * torch.rand((4, 32, 1, 1), generator=generator)
    curves = torch.sin(torch.arange(60)[:, None] / 10 + phase)
    truth, samples = curves[0], curves[1:]
    noise = 0.1 * torch.randn(samples.shape, generator=generator)
    still, speed = noise[:, :, :1].expand_as(noise), torch.tensor([0.07])
    score, offset, tremble = (
        energy.motion_score(samples + extra, truth, 12, [[0]], speed) for extra in (0 * noise, still, noise)
    )
    assert tremble - score > 10 * abs(offset - score)


def test_speeds_are_those_of_the_normalised_motion(clips):
    talker, _ = load_talker(BASE)
    clip_set = ClipSet(clips)
    motion = [np.asarray(clip_set.clip_motion(c), np.float64) / talker.std.numpy() for c in clip_set.of_split("train")]
    change = np.concatenate([np.diff(m, axis=0) for m in motion])
    expected = np.maximum(np.sqrt((change**2).mean(axis=0)), energy.MIN_SPEED)
    np.testing.assert_allclose(energy.speeds(clip_set, talker.std).numpy(), expected, rtol=1e-3)


class Recorded:
    """The timeline of what the encoder gets of a batch's windows, from the first new frame on."""

    def __init__(self, batch, past, n_frames):
        self.mel, self.past, self.n_frames = batch.mel, past, [n_frames] * len(batch.mel)

    def window(self, first_frame, n_frames):
        first = (first_frame + self.past) // 3 * 10
        return self.mel[:, first : first + n_frames // 3 * 10]


@pytest.mark.parametrize("roll", ROLLS, ids=str)
@pytest.mark.slow
def test_it_samples_as_a_stream_does(clips, roll, monkeypatch):
    talker, about = load_talker(BASE)
    windows = WindowSampler(ClipSet(clips), "train", WindowConfig((roll.shape,)), 3)
    run, steps = RunConfig(2, 1e-3, frames_per_batch=240), sampler_table(about["sampler_steps"])
    runtime = Runtime("cpu", precision="f32")
    loss = UpperFaceLoss(upper_face.only_branch(talker, BASE), windows, run, runtime, steps, 2)
    batch, n, rows = loss.batch(0)
    past, noise = loss._drawn(talker.normalise(batch.motion), roll.past, n, rows, 0)
    past = talker.normalise(talker.rest).expand_as(past)  # as a stream begins
    with torch.no_grad():
        motion, _ = loss._roll(batch, past, noise, roll)
    styles = talker.personaliser.style(batch.identity, batch.emotion)
    for one, own in zip(motion, noise / talker.noise_scale, strict=True):
        drawn = {f: own[:, f : f + roll.hop + roll.look].numpy() for f in range(0, own.shape[1], roll.hop)}
        monkeypatch.setattr(window_sampler, "normal_noise", lambda row, first, *_, drawn=drawn: drawn[first][row])
        seeds, timeline = list(range(len(own))), Recorded(batch, roll.past, roll.count * roll.hop)
        expected = animate(talker, timeline, styles, steps, (roll.past, roll.hop, roll.look), seeds)
        got = talker.denormalise(one[:, roll.past : roll.past + roll.count * roll.hop]).numpy()
        np.testing.assert_allclose(got, np.stack(expected), atol=1e-4)
    assert not torch.allclose(motion[0][..., BLINK], motion[1][..., BLINK])


@pytest.mark.slow
def test_only_the_branch_learns(run, clips):
    words = ("--clips", clips, "--student", BASE, "--frames", 480, *HERE)
    run(upper_face, *words, "--out", "u.safetensors", "--steps", 4)
    begun, (learned, about) = load_talker(BASE)[0], load_talker(Path("u.safetensors"))
    changed = {k for k, v in learned.state_dict().items() if not torch.equal(v, begun.state_dict()[k])}
    changed.discard("personaliser.identities.table")  # not of the bundle: drawn anew by each loading
    assert changed and all(name.startswith("denoiser.free.") for name in changed)
    assert about["stage"] == "upper_face" and about["sampler_steps"] == [256, 96]

    generator = torch.Generator().manual_seed(4)
    x_t = torch.randn((2, 60, begun.config.denoiser.n_channels), generator=generator) * begun.noise_scale
    style, mel = begun.personaliser.styles[:2, 0], torch.randn((2, 200, 80), generator=generator) - 4
    before, after = (sample_window(t, t.encoder(mel), style, x_t, 12, sampler_table(2)) for t in (begun, learned))
    lips, free = indices(LIP_CHANNELS), list(begun.config.denoiser.free)
    assert torch.equal(before[..., lips], after[..., lips]) and not torch.equal(before[..., free], after[..., free])

    run(upper_face, *words, "--out", "u.safetensors", "--steps", 5)  # goes on, with the moments of the branch alone
    assert load_checkpoint(Path("u.safetensors"))[1]["step"] == 5


def test_what_it_cannot_train_is_said(run, clips, capsys):
    other = TalkerConfig(n_identities=1)
    about = {"talker": other.as_dict(), "stage": "student", "identities": ["a"], "emotions": ["neutral"]}
    save_checkpoint(Path("mesh.safetensors"), {f"ema.{k}": v for k, v in Talker(other).state_dict().items()}, about)
    cases = (("mesh.safetensors", 2, "has no branch of eyes and brows"), (BASE, 1, "--samples must be 2 or more"))
    for student, samples, said in cases:
        with pytest.raises(SystemExit) as e:
            run(
                upper_face,
                "--clips",
                clips,
                "--student",
                student,
                "--samples",
                samples,
                "--out",
                "u.safetensors",
                *HERE,
            )
        assert e.value.code and said in capsys.readouterr().err
    info = json.loads((clips / "clips.json").read_text())
    (clips / "clips.json").write_text(json.dumps(info | {"emotions": ["neutral"]}))
    with pytest.raises(SystemExit):
        run(upper_face, "--clips", clips, "--student", BASE, "--out", "u.safetensors", *HERE)
    assert "knows other identities or emotions than the clips" in capsys.readouterr().err
    assert not Path("u.safetensors").exists()
