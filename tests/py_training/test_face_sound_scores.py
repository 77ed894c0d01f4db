"""Scores of a face that animate sound again: moods, noise, effort, accents, telephone; on made-up animators."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from diffusiontalker.spec.channels import CHANNEL_INDEX
from training.eval.baselines import LoudnessJaw, frame_count
from training.eval.face.accents import accent_scores
from training.eval.face.animate import another_take, moods_of, takes_audio
from training.eval.face.band import band_scores, telephone
from training.eval.face.clip import rendered
from training.eval.face.effort import effort_scores, open_vowel
from training.eval.face.moods import mood_scores
from training.eval.face.noise import babble, mix, noise_scores
from training.eval.face.pitch import accent_curve, pitch_hz
from training.eval.face.scores import scores_of_animator
from training.eval.recordings import Recording
from training.eval.rules_baseline import RulesBaseline, contiguous

RATE = 16000


def tone(hz: np.ndarray | float, seconds: float = 2.0) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hz, int(seconds * RATE))) / RATE
    return 0.2 * sum(np.sin(k * phase) / k for k in range(1, 8))


class Feeling(LoudnessJaw):
    """Smiles when happy, in proportion to emotion_strength, or all at once."""

    emotions = ("neutral", "happy")

    def __init__(self, is_linear: bool = True):
        super().__init__()
        self.emotion_strength, self.is_linear, self.seed = 1.0, is_linear, 0

    def __call__(self, audio, identities, emotions=None):
        out = super().__call__(audio, identities)
        for k, weights in enumerate(out):
            if emotions and emotions[k] == "happy":
                strength = self.emotion_strength if self.is_linear else float(self.emotion_strength > 0)
                for side in ("Left", "Right"):
                    weights[:, CHANNEL_INDEX[f"mouthSmile{side}"]] = 0.5 * strength
            weights[:, CHANNEL_INDEX["mouthFunnel"]] = 0.01 * self.seed / 1000
        return out


def clip_of(audio: np.ndarray, weights: np.ndarray):
    return rendered(Recording("x", audio, [("AA", 0.3, len(audio) / RATE)], ""), weights)


def test_pitch_of_a_tone_is_found_and_noise_has_none():
    assert np.nanmedian(pitch_hz(tone(120))) == pytest.approx(120, rel=0.02)
    assert np.nanmedian(pitch_hz(tone(230))) == pytest.approx(230, rel=0.02)
    hiss = np.random.default_rng(0).standard_normal(RATE) * 0.1
    assert np.isnan(pitch_hz(hiss)).mean() > 0.9


def test_accents_lie_where_the_pitch_peaks_and_brows_that_follow_score():
    t = np.arange(2 * RATE) / RATE
    hz = 120 * 2 ** (6 / 12 * (np.exp(-0.5 * ((t - 0.6) / 0.08) ** 2) + np.exp(-0.5 * ((t - 1.4) / 0.08) ** 2)))
    audio = tone(hz).astype(np.float32)
    times = np.arange(frame_count(audio)) / 30
    curve = accent_curve(audio, times)
    assert times[np.argmax(curve)] in (pytest.approx(0.6, abs=0.07), pytest.approx(1.4, abs=0.07))
    assert curve[np.abs(times - 1.0) < 0.05].max() < 0.3 * curve.max()
    weights = np.zeros((len(times), 52))
    weights[:, CHANNEL_INDEX["browInnerUp"]] = 0.1 * curve
    record = Recording("x", audio, [("AA", 0.1, 1.9)], "")
    pose = np.stack([0 * times, -curve, 0 * times], axis=1)
    scores = accent_scores([rendered(record, weights)], [record], [pose])
    assert scores["accent_brows_r"] > 0.95 and scores["accent_head_r"] > 0.95
    assert scores["headPitch_sd_deg"] == pytest.approx(curve.std()) and scores["headYaw_sd_deg"] == 0
    still = accent_scores([rendered(record, np.zeros((len(times), 52)))], [record])
    assert still["accent_brows_r"] == 0 and "accent_head_r" not in still


def test_moods_are_told_in_millimetres_and_a_dial_that_jumps_is_seen():
    audio = [tone(120).astype(np.float32)]
    even, jump = Feeling(), Feeling(is_linear=False)
    clips = [clip_of(audio[0], even(audio, [""])[0])]
    scores = mood_scores(even, clips, audio)
    assert scores["mood_happy_corners_mm"] > 3 and abs(scores["mood_happy_brow_inner_mm"]) < 0.5
    assert scores["mood_bend"] < 0.01 and mood_scores(jump, clips, audio)["mood_bend"] > 0.5
    assert even.emotion_strength == 1 and moods_of(even) == ["happy"]
    assert mood_scores(LoudnessJaw(), clips, audio) == {}


def test_another_take_differs_and_leaves_the_seed_as_it_was():
    audio, animator = [tone(120).astype(np.float32)], Feeling()
    assert np.abs(another_take(animator, audio)[0] - animator(audio, [""])[0]).max() > 0
    assert animator.seed == 0 and another_take(LoudnessJaw(), audio) is None


def test_babble_is_mixed_at_its_level_and_moves_a_loudness_jaw():
    rng = np.random.default_rng(1)
    gate = np.repeat(rng.random((4, 20)) > 0.4, RATE // 10, axis=1)
    audio = [(tone(110 + 20 * k) * g).astype(np.float32) for k, g in enumerate(gate)]
    noise = babble(audio, 2 * RATE, leave_out=0)
    assert np.sqrt((noise**2).mean()) == pytest.approx(1, rel=1e-3)
    voiced = audio[0][np.abs(audio[0]) > 0]
    added = mix(audio[0], noise, 5.0) - audio[0]
    ratio_db = 10 * np.log10((voiced.astype(np.float64) ** 2).mean() / (added.astype(np.float64) ** 2).mean())
    assert ratio_db == pytest.approx(5, abs=1.5)
    scores = noise_scores(LoudnessJaw(), audio, LoudnessJaw()(audio, [""] * 4))
    assert scores["babble_r"] < 0.97 and scores["babble_rest"] < 0.5, "a loudness jaw is not deaf to babble"
    assert noise_scores(LoudnessJaw(), audio[:1], []) == {}


def test_a_louder_voice_opens_a_jaw_that_follows_absolute_level_only():
    class Level(LoudnessJaw):
        def __call__(self, audio, identities, emotions=None):
            out = [np.zeros((frame_count(a), 52)) for a in audio]
            for weights, a in zip(out, audio, strict=True):
                weights[:, CHANNEL_INDEX["jawOpen"]] = np.sqrt((a**2).mean())
            return out

    soft = 0.05 * np.ones(RATE, np.float32)
    speech = [clip_of(soft, Level()([soft], [""])[0])]
    assert effort_scores(Level(), speech)["effort_scream"] > 2
    sound = open_vowel(260, 10, vibrato_hz=5.5)
    assert np.abs(sound).max() <= 1 and np.abs(sound[: RATE // 2]).max() == 0
    voiced = pitch_hz(sound[RATE : 2 * RATE])
    assert np.nanmedian(voiced) == pytest.approx(260, rel=0.03)


def test_the_telephone_score_is_the_share_of_the_distance_between_people():
    people = {name: [tone(hz, 11).astype(np.float32)] for name, hz in (("a", 100), ("b", 200), ("c", 390))}

    class Enrolling(LoudnessJaw):
        def enroll(self, audio):
            spectrum = np.abs(np.fft.rfft(audio))
            hz = np.fft.rfftfreq(len(audio), 1 / RATE)
            return np.array([float(hz[np.argmax(spectrum)])])

    scores = band_scores(Enrolling(), people)
    # 100 Hz and 200 Hz lie below the band: these styles move to their first overtone inside it.
    assert scores["telephone_distance"] > 0.5 and scores["n_people"] == 3
    narrow = telephone(people["a"][0])
    assert np.abs(np.fft.rfft(narrow)[: 290 * 11]).max() < 1e-2 * np.abs(np.fft.rfft(people["a"][0])).max()
    assert band_scores(LoudnessJaw(), people) == {} and band_scores(Enrolling(), {"a": people["a"]}) == {}


def test_rules_are_given_the_phones_and_refuse_other_sound():
    phones = [("M", 0.3, 0.4), ("AA", 0.4, 0.7), ("?", 0.7, 0.8)]
    whole = contiguous(phones, 1.0)
    assert whole[0] == ("SIL", 0.0, 0.3) and whole[-1] == ("SIL", 0.8, 1.0) and whole[3][0] == "AH"
    assert all(a[2] == b[1] for a, b in itertools.pairwise(whole))
    rules = RulesBaseline([phones])
    assert not takes_audio(rules) and takes_audio(LoudnessJaw())
    weights = rules([np.zeros(RATE, np.float32)], [""])[0]
    assert weights.shape == (30, 52) and weights[16, CHANNEL_INDEX["jawOpen"]] > weights[3, CHANNEL_INDEX["jawOpen"]]
    with pytest.raises(ValueError, match="phones of 1 recordings, not of 2"):
        rules([np.zeros(RATE, np.float32)] * 2, ["", ""])


def test_an_animator_is_asked_only_for_what_it_has():
    audio = [(0.5 * tone(110 + 20 * k) * (np.arange(2 * RATE) > RATE // 2)).astype(np.float32) for k in range(3)]
    phones = [("SIL", 0.0, 0.5), ("AA", 0.5, 1.9)]
    recordings = [Recording(str(k), a, phones, "") for k, a in enumerate(audio)]
    silent = Recording("s", np.zeros(2 * RATE, np.float32), [("SIL", 0.0, 2.0)], "")
    everyone = [*recordings, silent]
    motion = Feeling()([r.audio for r in everyone], [""] * 4)
    of_feeling = scores_of_animator(Feeling(), everyone, motion, [], {})
    assert of_feeling["take_lips_mm"] > 0 and of_feeling["mood_happy_corners_mm"] > 3 and "babble_r" in of_feeling
    of_jaw = scores_of_animator(LoudnessJaw(), everyone, motion, [], {})
    assert "take_lips_mm" not in of_jaw and "mood_bend" not in of_jaw and "effort_sung" in of_jaw
    rules = RulesBaseline([r.phones for r in everyone])
    of_rules = scores_of_animator(rules, everyone, rules([r.audio for r in everyone], [""] * 4), [], {})
    assert set(of_rules) == {"take_lips_mm", "take_closure"}
