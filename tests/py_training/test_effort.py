"""Whispered, shouted and sung versions of speech, and enrolment that does not depend on the microphone."""

import itertools
import sys

import numpy as np
import pytest
from corpus_makers import add_utterance

from diffusiontalker.spec.mel import MelSpec, log_mel
from training.data import prepare
from training.data.augment import rms
from training.data.effort import EFFORT_NAMES, exert, stretched_vowels
from training.data.mel_vary import CENTRE_HZ, FLOOR, OF_REFERENCES, MelVariation, vary_mel
from training.data.references import ReferenceSampler
from training.prepared.clips import ClipSet

RATE = 16000
PHONES = [("SIL", 0.0, 0.3), ("M", 0.3, 0.4), ("AA", 0.4, 0.7), ("S", 0.7, 0.8), ("AA", 0.8, 1.1), ("SIL", 1.1, 1.4)]


def vowel_like(seed=0):
    """M AA S AA: a buzz at 120 Hz through one resonance, noise in the middle, silence around."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(1.4 * RATE)) / RATE
    buzz = sum(np.cos(2 * np.pi * 120 * k * t) / (1 + ((120 * k - 700) / 250) ** 2) for k in range(1, 50))
    sound = 0.05 * buzz * ((t > 0.3) & (t < 1.1)) * ~((t > 0.7) & (t < 0.8))
    sound += 0.05 * rng.standard_normal(len(t)) * ((t > 0.7) & (t < 0.8)) + 1e-4 * rng.standard_normal(len(t))
    return sound.astype(np.float32)


def pitch_of(sound, phones):
    """Median over the vowels of the strongest autocorrelation lag, Hz; and its height, which is low for noise."""
    rates, heights = [], []
    for name, start, end in phones:
        if name == "AA":
            piece = sound[int((start + 0.04) * RATE) : int((end - 0.04) * RATE)][:3200].astype(float)
            r = np.correlate(piece, piece, "full")[len(piece) - 1 :] / (piece @ piece)
            lag = 18 + int(np.argmax(r[18:220]))
            rates.append(RATE / lag)
            heights.append(r[lag])
    return np.median(rates), np.median(heights)


def high_share(sound):
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE)
    return power[(frequency > 1500) & (frequency < 5000)].sum() / power[frequency < 5000].sum()


@pytest.fixture(scope="module")
def versions():
    pytest.importorskip("pyworld")
    return {k: [exert(vowel_like(), PHONES, k, np.random.default_rng(s)) for s in range(4)] for k in EFFORT_NAMES}


@pytest.mark.parametrize("kind", EFFORT_NAMES)
@pytest.mark.slow
def test_phones_cover_the_new_sound_in_the_old_order(versions, kind):
    for sound, phones, _ in versions[kind]:
        assert [p[0] for p in phones] == [p[0] for p in PHONES]
        assert phones[0][1] == 0 and phones[-1][2] == pytest.approx(len(sound) / RATE, abs=1e-4)
        assert all(a[2] == b[1] for a, b in itertools.pairwise(phones))
        assert rms(sound) == pytest.approx(rms(vowel_like()), rel=0.1) and np.abs(sound).max() < 1
        middle = [slice(int((s + 0.02) * RATE), int((e - 0.02) * RATE)) for _, s, e in phones]
        assert rms(sound[middle[2]]) > 20 * rms(sound[middle[0]])  # the sound is where its phones are
        assert rms(sound[middle[4]]) > 20 * rms(sound[middle[5]])


@pytest.mark.slow
def test_whispers_have_no_pitch_and_negative_effort(versions):
    assert pitch_of(vowel_like(), PHONES)[1] > 0.8
    for sound, phones, effort in versions["whispered"]:
        assert -1 <= effort < -0.5
        assert pitch_of(sound, phones)[1] < 0.6


@pytest.mark.slow
def test_shouts_are_higher_and_brighter_and_of_positive_effort(versions):
    for sound, phones, effort in versions["shouted"]:
        assert 0.4 < effort <= 1
        pitch, height = pitch_of(sound, phones)
        assert pitch > 120 * 1.1 and height > 0.7
        assert high_share(sound) > 1.2 * high_share(vowel_like())


@pytest.mark.slow
def test_songs_hold_their_vowels(versions):
    for sound, phones, effort in versions["sung"]:
        assert 0.2 < effort <= 1 and len(sound) > 1.2 * 1.4 * RATE
        old, new = (np.array([e - s for _, s, e in p]) for p in (PHONES, phones))
        assert (new[[2, 4]] > 1.5 * old[[2, 4]]).all()
        np.testing.assert_allclose(new[[0, 1, 3, 5]], old[[0, 1, 3, 5]])


def test_no_vowel_is_stretched_beyond_the_longest_nor_shortened():
    phones = stretched_vowels([("AA", 0.0, 0.2), ("IY", 0.2, 1.2), ("B", 1.2, 1.3)], 10.0, 0.6)
    assert [round(e - s, 6) for _, s, e in phones] == [0.6, 1.0, 0.1]


@pytest.mark.slow
def test_prepare_moves_the_face_with_the_effort_of_the_voice(tmp_path, monkeypatch):
    pytest.importorskip("pyworld")
    for k in range(3):
        add_utterance(
            tmp_path / "corpus", f"flite-v{k}", vowel_like(k), [list(p) for p in PHONES], "train", engine="flite"
        )
    efforts = []
    real = prepare.animate_face

    def noted(*args, **more):
        efforts.append(more.get("effort", args[8] if len(args) > 8 else 0.0))
        return real(*args, **more)

    monkeypatch.setattr(prepare, "animate_face", noted)
    monkeypatch.setattr(sys, "argv", ["x"])
    jobs = prepare.with_others(prepare.jobs_of(tmp_path / "corpus", [], 3, 0), (), effort=1.0, background=0.0, seed=0)
    clips = [clip for job in jobs for clip in prepare.clips_of(job)]
    assert len(clips) == len(efforts) == 9
    assert [e for k, e in enumerate(efforts) if k % 3 == 0] == [0.0] * 3  # the clean variant is as spoken
    assert all(e != 0 for k, e in enumerate(efforts) if k % 3)
    assert len({c["utterance"] for c in clips}) == 3


def mel_of(seed=0):
    return log_mel(vowel_like(seed), MelSpec())


def test_a_telephone_cuts_both_ends_of_the_band():
    ranges = MelVariation(
        share=1, vocal_tract=0, level_db=0, colour_db=0, noise_share=0, band_share=0, telephone_share=1.0
    )
    varied = vary_mel(mel_of() + 3, np.random.default_rng(0), ranges)
    silent = (varied <= np.log(FLOOR) + 1e-3).all(axis=0)
    assert silent[CENTRE_HZ < 200].all() and silent[CENTRE_HZ > 3800].all()
    assert not silent[(CENTRE_HZ > 400) & (CENTRE_HZ < 3000)].any()


def test_a_room_lengthens_what_is_loud_and_comes_never_before_it():
    ranges = MelVariation(
        share=1, vocal_tract=0, level_db=0, colour_db=0, noise_share=0, band_share=0, room_share=1.0,
        room_s=(0.5, 0.5), direct_db=(0.0, 0.0),
    )  # fmt: skip
    mel = np.full((100, 80), np.log(FLOOR), np.float32)
    mel[40] = 0.0
    varied = vary_mel(mel, np.random.default_rng(0), ranges)
    assert (varied[:40] == varied[0]).all() and varied[39].max() <= np.log(FLOOR) + 1e-3
    assert (np.diff(varied[41:80], axis=0) <= 1e-4).all() and varied[45].min() > np.log(FLOOR) + 3
    tail = np.exp(varied[41:]).sum(axis=0) - FLOOR * 59
    assert np.allclose(tail, 1.0, rtol=0.1)  # all of the tail is as strong as the direct sound


@pytest.mark.slow
def test_references_of_one_speaker_are_recorded_in_different_ways(tmp_path, monkeypatch):
    for k in range(2):
        add_utterance(
            tmp_path / "corpus", f"flite-v{k}", vowel_like(k), [list(p) for p in PHONES], "train", engine="flite"
        )
    argv = [
        "x",
        "--corpus",
        str(tmp_path / "corpus"),
        "--out",
        str(tmp_path / "clips"),
        "--variants",
        "1",
        "--jobs",
        "1",
    ]
    monkeypatch.setattr(sys, "argv", argv)
    prepare.main()
    clips = ClipSet(tmp_path / "clips")
    make = {v: ReferenceSampler(clips, "train", 0, n_mel=(50, 60), vary=v) for v in (None, OF_REFERENCES)}
    plain, varied = make[None].batch(0, 8), make[OF_REFERENCES].batch(0, 8)
    assert (plain.speaker == varied.speaker).all() and plain.mel.shape == varied.mel.shape
    changed = [(a != b).float().mean().item() for a, b in zip(plain.mel, varied.mel, strict=True)]
    assert sum(c > 0.5 for c in changed) >= 5
    again = ReferenceSampler(clips, "train", 0, n_mel=(50, 60)).batch(0, 8, slice(4, 8))  # varied by default
    assert (again.mel == varied.mel[4:]).all()
    assert OF_REFERENCES.vocal_tract == 0.0  # another throat would be another person
