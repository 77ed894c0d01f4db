"""A bundle's networks go on with other statistics and new channels, and strengths lie between styles."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffusiontalker.spec.channels import ARKIT_CHANNELS, HEAD_POSE_CHANNELS, TIED_CHANNELS
from training.corpus.recorded import contiguous
from training.fitting.more_channels import for_motion_of
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig
from training.prepared.clips import ClipSet, ClipSetInfo, ClipWriter
from training.prepared.motion_space import MotionSpace, free_channels, sideways_channels

FACE = MotionSpace("blendshapes", 52, ARKIT_CHANNELS)
FACE_AND_HEAD = MotionSpace("blendshapes", 55, (*ARKIT_CHANNELS, *HEAD_POSE_CHANNELS))


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("clips")
    with ClipWriter(folder, ClipSetInfo(FACE_AND_HEAD, ("a",), ("neutral",))) as writer:
        motion = np.concatenate([rng.uniform(0, 0.8, (90, 52)), rng.normal(0, 0.04, (90, 3))], axis=1)
        writer.add(np.zeros((300, 80), np.float32), motion, utterance="u", split="train", speaker="s", identity=0,
                   emotion=0, speech_frame=24, speech_frames=42)  # fmt: skip
    return ClipSet(folder)


@pytest.fixture
def talker():
    torch.manual_seed(0)
    config = replace(DenoiserConfig(), n_channels=52, free=free_channels(FACE), d_model=32, d_free=16, n_heads=2)
    made = Talker(TalkerConfig(denoiser=config, n_identities=1, n_emotions=1)).eval()
    for name, parameter in made.denoiser.named_parameters():
        torch.nn.init.normal_(parameter, std=0.2 if "table" not in name else 0.5)
    made.mean.uniform_(0, 0.3)
    made.std.uniform_(0.05, 0.3)
    return made


def test_networks_make_the_same_motion_in_other_statistics(talker, clips):
    new = for_motion_of(talker, FACE, clips, tied_noise=0.3).eval()
    weights = torch.rand(2, 30, 52) * 0.5
    known = torch.zeros(2, 30, 1)
    audio, style, t = (
        torch.randn(2, 30, talker.config.denoiser.d_audio),
        torch.randn(2, 128),
        torch.tensor([256.0, 32.0]),
    )
    style = style[:, : talker.config.denoiser.d_identity]
    with torch.no_grad():
        old = talker.denoiser(talker.normalise(weights), known, audio, style, t) * talker.std + talker.mean
        pose_at_mean = torch.zeros(2, 30, 3)
        z = torch.cat([(weights - new.mean[:52]) / new.std[:52], pose_at_mean], dim=-1)
        made = (new.denoiser(z, known, audio, style, t) * new.std + new.mean)[..., :52]
    assert torch.allclose(old, made, atol=1e-4)


def test_pose_is_free_and_signed_and_lips_start_from_a_share_of_the_noise(talker, clips):
    new = for_motion_of(talker, FACE, clips, tied_noise=0.3)
    scale = dict(zip(FACE_AND_HEAD.channels, new.noise_scale.tolist(), strict=True))
    assert {round(scale[c], 6) for c in TIED_CHANNELS} == {0.3}
    assert {scale[c] for c in (*HEAD_POSE_CHANNELS, "eyeBlinkLeft")} == {1.0}
    assert new.low[-3:].tolist() == pytest.approx([-0.6] * 3) and new.high[0] == 1


def test_sideways_channels_are_found_by_their_names_in_the_new_motion(talker, clips):
    turned = MotionSpace("blendshapes", 52, tuple(reversed(ARKIT_CHANNELS)))
    talker.config = replace(talker.config, tied_noise=0.3, sideways=sideways_channels(turned))
    new = for_motion_of(talker, turned, clips, tied_noise=0.3)
    louder = [c for c, s in zip(FACE_AND_HEAD.channels, new.noise_scale.tolist(), strict=True) if 0.5 < s < 1]
    assert louder == ["jawLeft", "jawRight", "mouthLeft", "mouthRight"]


def test_clips_without_a_channel_of_the_bundle_are_refused(talker, clips):
    own = MotionSpace("blendshapes", 52, (*ARKIT_CHANNELS[:-1], "tongueIn"))
    with pytest.raises(ValueError, match="tongueIn"):
        for_motion_of(talker, own, clips, tied_noise=0.0)


def test_strength_goes_from_the_neutral_style_through_the_emotions():
    talker = Talker(TalkerConfig(n_identities=2, n_emotions=3))
    one, mood = torch.tensor([1]), torch.tensor([2])
    neutral, full = talker.personaliser.style(one, 0 * mood), talker.personaliser.style(one, mood)
    for strength in (0.0, 0.5, 1.0, 1.5):
        got = talker.personaliser.style_at(one, mood, torch.tensor([strength]))
        assert torch.allclose(got, neutral + strength * (full - neutral), atol=1e-6)


def test_aligned_phones_of_a_recording_become_contiguous():
    phones = contiguous([("B", 0.5, 0.6), ("?", 0.6, 0.8), ("T", 0.79, 0.9), ("IY", 1.4, 1.6)], 2.0)
    assert [p[0] for p in phones] == ["SIL", "B", "AH", "T", "SIL", "IY", "SIL"]
    assert phones[0][1] == 0 and phones[-1][2] == 2.0
    assert all(a[2] == b[1] for a, b in itertools.pairwise(phones))
