"""Phones of speech whose phones are not known."""

from types import SimpleNamespace

import numpy as np
from torch import nn

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.encoders.cache import FeatureInfo, FeatureSet, FeatureWriter
from training.models.attention import MAX_FRAMES
from training.prepared.clips import N_MELS, NO_PHONE, PHONE_NAMES, ClipSet, ClipSetInfo, ClipWriter
from training.prepared.motion_space import MotionSpace
from training.stages.imitated import Imitation


class Hears(nn.Module):
    """Features that name the phone; as long as the real encoder can take."""

    def forward(self, features):
        assert features.shape[1] <= MAX_FRAMES
        return features


def test_unknown_phones_are_those_that_the_teacher_reads(tmp_path):
    rng = np.random.default_rng(0)
    spoken = [rng.integers(0, len(PHONE_NAMES), n) for n in (90, 2 * MAX_FRAMES + 1)]
    labels = [np.where(np.arange(90) < 30, (spoken[0] + 1) % len(PHONE_NAMES), NO_PHONE), None]
    info = ClipSetInfo(MotionSpace("blendshapes", 52, ARKIT_CHANNELS), ("ada",), ("neutral",), "made up")
    with ClipWriter(tmp_path, info) as writer:
        for k, (said, label) in enumerate(zip(spoken, labels, strict=True)):
            writer.add(
                np.zeros((len(said) // 3 * 10, N_MELS)), np.zeros((len(said), 52)), label, utterance=f"u{k}",
                split="train", speaker="s", identity=-1, emotion=-1, speech_frame=0, speech_frames=len(said),
            )  # fmt: skip
    with FeatureWriter(tmp_path, FeatureInfo("made up", 3, len(PHONE_NAMES), "0" * 64)) as features:
        for said in spoken:
            features.add(np.eye(len(PHONE_NAMES))[said])
    clips = ClipSet(tmp_path)
    teacher = SimpleNamespace(encoder=Hears(), config=SimpleNamespace(denoiser=SimpleNamespace(n_train_steps=256)))
    imitation = Imitation(teacher, nn.Identity(), clips, FeatureSet(clips), 8)
    half, whole = (imitation.phones(clip) for clip in clips.clips)
    assert (half[:30] == labels[0][:30]).all() and (half[30:] == spoken[0][30:]).all()
    assert (whole == spoken[1]).all()
