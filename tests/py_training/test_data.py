"""Prepared clips and training windows from a corpus of two made utterances."""

import sys

import numpy as np
import pytest
from corpus_makers import add_utterance

from training.articulation.style import HELD_OUT_NAMES
from training.data import prepare
from training.data.augment import augment, rms, set_level
from training.data.mel_vary import MelVariation
from training.data.references import ReferenceSampler, voice_of
from training.data.windows import WindowConfig, WindowSampler
from training.prepared.clips import PHONE_NAMES, ClipSet
from training.prepared.framing import LEAD_FRAMES

MEL_PER_GROUP, FRAMES_PER_GROUP = 10, 3


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    corpus = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    for name, split, n in (("kokoro-a", "train", 40000), ("flite-b", "test", 35000)):
        audio = 0.1 * rng.standard_normal(n)
        audio[:6400] *= 0.001
        phones = [["SIL", 0.0, 0.4], ["B", 0.4, 0.5], ["AA", 0.5, 0.8], ["SIL", 0.8, n / 16000]]
        add_utterance(corpus, name, audio, phones, split, engine=name[:5])
    return corpus


def prepared(corpus, out, *more) -> ClipSet:
    argv = ["prepare", "--corpus", str(corpus), "--out", str(out), "--variants", "3", "--jobs", "1", *more]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", argv)
        prepare.main()
    return ClipSet(out)


@pytest.fixture(scope="module")
def clips(corpus, tmp_path_factory):
    return prepared(corpus, tmp_path_factory.mktemp("clips"))


@pytest.mark.slow
def test_clips_line_up_and_splits_are_kept(clips):
    assert [c.split for c in clips.clips].count("train") == 3  # one per recording condition
    assert [c.split for c in clips.clips].count("test") == 1
    for clip in clips.clips:
        assert clip.n_frames % FRAMES_PER_GROUP == 0
        mel, motion, phone = clips.clip_mel(clip), clips.clip_motion(clip), clips.clip_phone(clip)
        assert len(mel) * FRAMES_PER_GROUP == len(motion) * MEL_PER_GROUP == len(phone) * MEL_PER_GROUP
        assert clip.speech_frame >= LEAD_FRAMES
        assert (motion[:LEAD_FRAMES] == 0).all()
        silence = np.log(1e-5)
        assert np.abs(mel[: LEAD_FRAMES // FRAMES_PER_GROUP * MEL_PER_GROUP - 3] - silence).max() < 0.02


@pytest.mark.slow
def test_phone_labels_follow_the_audio_that_was_sped_up(clips):
    for clip in clips.of_split("train"):
        label = clips.clip_phone(clip)
        closed = np.flatnonzero(label == PHONE_NAMES.index("B"))
        open_vowel = np.flatnonzero(label == PHONE_NAMES.index("AA"))
        speed = 40000 / 16000 * 30 / clip.speech_frames
        assert abs((closed[0] - clip.speech_frame) - 0.4 * 30 / speed) < 2
        assert open_vowel[0] == closed[-1] + 1


@pytest.mark.slow
def test_a_training_voice_has_an_identity_of_its_own_and_an_unseen_one_has_none(clips):
    train, test = clips.of_split("train"), clips.of_split("test")
    assert {c.voice_identity for c in train if "~" not in c.speaker} == {0}
    assert all(c.voice_identity == -1 for c in test + [c for c in train if "~" in c.speaker])
    assert all(voice_of(c, "emotion") == c.voice_emotion >= 0 for c in train + test)
    assert {c.speaker.split("~")[0] for c in train} == {"kokor:v"}


@pytest.mark.slow
def test_held_out_identities_have_no_voice_of_their_own(corpus, clips, tmp_path):
    held_out = prepared(corpus, tmp_path, "--held-out-identities")
    assert held_out.info.identities == HELD_OUT_NAMES and not set(HELD_OUT_NAMES) & set(clips.info.identities)
    assert {c.voice_identity for c in held_out.clips} == {-1}
    assert {c.identity for c in held_out.clips} <= set(range(len(HELD_OUT_NAMES)))


def test_references_are_speech_of_the_named_speakers(clips):
    sampler = ReferenceSampler(clips, "train", seed=1, n_mel=(50, 60))
    batch, again = sampler.batch(3, 8), ReferenceSampler(clips, "train", seed=1, n_mel=(50, 60)).batch(3, 8)
    assert (batch.mel == again.mel).all() and len(batch.mel) == len(batch.speaker) == 8
    assert 50 <= batch.mel.shape[1] <= 60
    assert (batch.speaker[0::2] == batch.speaker[1::2]).all()
    half = sampler.batch(3, 8, slice(4, 8))
    assert (half.mel == batch.mel[4:]).all() and (half.emotion == batch.emotion[4:]).all()


def test_batch_is_a_function_of_seed_and_step(clips):
    sampler = WindowSampler(clips, "train", WindowConfig(), seed=3)
    first, again = sampler.batch(5, 240), WindowSampler(clips, "train", WindowConfig(), seed=3).batch(5, 240)
    assert (first.mel == again.mel).all() and (first.motion == again.motion).all()
    other = sampler.batch(6, 240)
    assert first.mel.shape != other.mel.shape or not (first.mel == other.mel).all()
    assert first.mel.shape[1] * FRAMES_PER_GROUP == first.motion.shape[1] * MEL_PER_GROUP
    assert first.known.sum(dim=1).unique().numel() == 1


def test_rows_of_a_batch_are_those_of_the_whole_batch(clips):
    sampler = WindowSampler(clips, "train", WindowConfig(), seed=3)
    n = len(sampler.draw(5, 240).picks)
    whole, part = sampler.batch(5, 240, reference=True), sampler.batch(5, 240, slice(n // 2, n), reference=True)
    for field in ("mel", "motion", "phone", "known", "identity", "emotion", "own_voice", "reference"):
        assert (getattr(part, field) == getattr(whole, field)[n // 2 :]).all(), field


def test_varied_windows_are_a_function_of_seed_step_and_row(clips):
    config = WindowConfig(vary=MelVariation(share=1.0), frequency_mask=0.0)
    sampler, plain = (WindowSampler(clips, "train", c, seed=3) for c in (config, WindowConfig()))
    n = len(sampler.draw(5, 240))
    whole, part = sampler.batch(5, 240), sampler.batch(5, 240, slice(n // 2, n))
    assert (part.mel == whole.mel[n // 2 :]).all()
    unvaried = plain.batch(5, 240)
    assert (whole.motion == unvaried.motion).all() and not (whole.mel == unvaried.mel).all(dim=(1, 2)).any()


def test_clips_shorter_than_a_window_are_named(clips):
    with pytest.raises(ValueError, match="kokoro-a has .* shorter than a window of 3000"):
        WindowSampler(clips, "train", WindowConfig(shapes=((3000, 12),)), seed=0).batch(0, 3000)


def test_augmented_audio_keeps_length_and_level_limits():
    rng = np.random.default_rng(2)
    audio = set_level(np.random.default_rng(0).standard_normal(16000).astype(np.float32), -20)
    for _ in range(20):
        out, speed = augment(audio, rng)
        assert abs(len(out) - len(audio) / speed) <= 2
        assert np.isfinite(out).all() and np.abs(out).max() <= 1 and 20 * np.log10(rms(out)) <= -13.5
