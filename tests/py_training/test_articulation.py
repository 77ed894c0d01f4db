"""The rule-based face does what lips must do, measured on the head."""

import numpy as np
import pytest

from diffusiontalker.head import CLOSED_LIP_OPENING, lip_opening, load_head
from diffusiontalker.head.measures import incisors_seen, lip_on_incisors, tongue_tip
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.articulation.generate import animate_face, animate_phones
from training.articulation.lip_fit import measured
from training.articulation.phones import BILABIAL, LABIODENTAL, TARGETS, VOWELS
from training.articulation.style import TalkingStyle, library_styles
from training.articulation.upper_face import blink_times

RATE, FPS = 16000, 30
HEAD = load_head()
SMILE = CHANNEL_INDEX["mouthSmileLeft"]


def word(*names, first=0.3, each=0.09):
    """Phones of equal length between two silences, as (phones, audio, times)."""
    phones, now = [("SIL", 0.0, first)], first
    for name in names:
        phones.append((name, now, now + each))
        now += each
    phones.append(("SIL", now, now + 0.4))
    rng = np.random.default_rng(0)
    audio = rng.standard_normal(int((now + 0.4) * RATE)) * 1e-4
    audio[int(first * RATE) : int(now * RATE)] += 0.1 * rng.standard_normal(int(now * RATE) - int(first * RATE))
    return phones, audio.astype(np.float32), np.arange(int((now + 0.4) * FPS)) / FPS


def gaps(*names, style=None, **kwargs) -> tuple[list, np.ndarray, np.ndarray]:
    phones, audio, times = word(*names, **kwargs)
    return phones, times, lip_opening(HEAD, animate_phones(phones, audio, RATE, times, style or TalkingStyle(), 0))


def gap_in(phones, times, gap, index):
    _, start, end = phones[index]
    return gap[(times >= start - 0.03) & (times <= end + 0.03)]


@pytest.mark.parametrize("consonant", sorted(BILABIAL))
@pytest.mark.parametrize("vowel", ["AA", "IY", "OW"])
@pytest.mark.parametrize("each", [0.05, 0.09, 0.15])
def test_bilabial_between_vowels_closes(consonant, vowel, each):
    for name, style in library_styles().items():
        phones, times, gap = gaps(vowel, consonant, vowel, style=style, each=each)
        assert gap_in(phones, times, gap, 2).min() < CLOSED_LIP_OPENING, name


@pytest.mark.parametrize("consonant", sorted(LABIODENTAL))
def test_labiodental_puts_the_lower_lip_on_the_incisors_and_leaves_a_slit(consonant):
    phones, audio, times = word("AA", consonant, "AA", each=0.12)
    weights = animate_phones(phones, audio, RATE, times, TalkingStyle(), 0)
    inside = (times >= phones[2][1]) & (times <= phones[2][2])
    narrowest = np.argmin(np.where(inside, lip_opening(HEAD, weights), np.inf))
    assert 0.005 < lip_opening(HEAD, weights)[narrowest] < 0.035
    assert lip_on_incisors(HEAD, weights)[1][inside].min() < 2.0  # mm


def test_open_vowels_are_wider_than_close_ones():
    open_gap = [gap_in(*gaps("T", v, "T", each=0.15), 2).max() for v in ("AA", "AE", "EH")]
    close_gap = [gap_in(*gaps("T", v, "T", each=0.15), 2).max() for v in ("UW", "UH", "ER")]
    assert min(open_gap) > max(close_gap)


def test_rounded_vowel_puckers_and_front_vowel_spreads():
    def peak(vowel, channel):
        phones, audio, times = word("T", vowel, "T", each=0.15)
        return animate_phones(phones, audio, RATE, times, TalkingStyle(), 0)[:, CHANNEL_INDEX[channel]].max()

    assert peak("W", "mouthPucker") > 0.35 > peak("IY", "mouthPucker")
    assert peak("EY", "mouthStretchLeft") > 2 * peak("UW", "mouthStretchLeft")


def test_silence_rests():
    _phones, times, gap = gaps("AA", "T", "AA", first=0.8)
    assert np.abs(gap[times < 0.5]).max() < CLOSED_LIP_OPENING


def test_another_seed_is_another_take_whose_lips_close_as_surely():
    phones, audio, times = word(*["AA", "B", "IY", "S"] * 12)
    takes = [animate_phones(phones, audio, RATE, times, TalkingStyle(), seed) for seed in (1, 2)]
    first, second = (measured(t)[:, 3] * HEAD.outer_canthal * 1000 for t in takes)
    assert 0.15 < np.abs(first - second).mean() < 2.0  # mm of the lower lip
    assert np.abs(takes[0] - takes[1])[:, CHANNEL_INDEX["eyeBlinkLeft"]].max() > 0.3
    for take in takes:
        closed = [gap_in(phones, times, lip_opening(HEAD, take), i).min() for i in range(2, 50, 4)]
        assert max(closed) < CLOSED_LIP_OPENING


def test_sides_of_the_mouth_differ_but_go_together():
    phones, audio, times = word(*["EY", "S", "W", "AY", "T", "M"] * 20)
    weights = animate_phones(phones, audio, RATE, times, TalkingStyle(), 3)
    for name in ("mouthStretch", "mouthSmile", "mouthUpperUp"):
        left, right = (weights[:, CHANNEL_INDEX[name + side]] for side in ("Left", "Right"))
        assert 0.8 < np.corrcoef(left, right)[0, 1] < 0.99, name


def test_lips_narrow_and_the_upper_one_comes_down_where_they_close():
    """Tracked lips of GRID s1 are narrower than at rest by 0.018 to 0.023 and the upper one is 0.016 lower."""
    phones, audio, times = word("EH", "B", "EH", each=0.12)
    at = measured(animate_phones(phones, audio, RATE, times, TalkingStyle(), 0))[np.argmin(np.abs(times - 0.48))]
    assert -0.05 < at[1] < -0.005
    assert 0.005 < at[2] < 0.03
    weights = animate_phones(phones, audio, RATE, times, TalkingStyle(), 0)
    assert weights[np.argmin(np.abs(times - 0.48)), CHANNEL_INDEX["jawOpen"]] > 0.06  # the jaw stays partly open


@pytest.mark.parametrize("phone", ["TH", "L"])
def test_tongue_reaches_the_teeth(phone):
    phones, audio, times = word("AY", phone, "AY", each=0.12)
    weights = animate_phones(phones, audio, RATE, times, TalkingStyle(), 0)
    inside = (times >= phones[2][1]) & (times <= phones[2][2])
    distance, seen = tongue_tip(HEAD, weights)
    assert distance[inside].min() < 3.0 and seen[inside].max() > 1.0  # mm


@pytest.mark.parametrize("phone", ["EH", "AY", "EY", "S"])
def test_teeth_show(phone):
    phones, audio, times = word("T", phone, "T", each=0.14)
    weights = animate_phones(phones, audio, RATE, times, TalkingStyle(), 0)
    inside = (times >= phones[2][1]) & (times <= phones[2][2])
    assert incisors_seen(HEAD, weights)[inside].max() > 3.0  # mm


def test_mouth_opens_before_the_first_sound_and_not_long_before():
    _phones, times, gap = gaps("EH", "T", "EH", first=1.0)
    begun = times[np.flatnonzero(gap > 0.03)[0]]
    assert 0.7 < begun < 0.95


def test_effort_opens_the_mouth_more_or_less():
    phones, audio, times = word("HH", "AA", "T", each=0.2)
    widest = [measured(animate_phones(phones, audio, RATE, times, TalkingStyle(), 0, effort=e))[:, 0].max()
              for e in (-1, 0, 1)]  # fmt: skip
    assert widest[2] > 1.4 * widest[1] > 1.4 * widest[0]


def test_strength_of_a_mood_moves_the_face_in_proportion():
    phones, audio, times = word(*["EY", "S", "W", "AY"] * 5)
    smile = [animate_phones(phones, audio, RATE, times, TalkingStyle(), 0, "happy", s)[:, SMILE].mean()
             for s in (0.0, 0.5, 1.0)]  # fmt: skip
    assert smile[2] - smile[0] > 0.4
    assert smile[1] - smile[0] == pytest.approx(0.5 * (smile[2] - smile[0]), rel=0.1)


def test_head_and_brows_follow_the_melody():
    phones, audio, times = word(*["EY", "N", "W", "AY"] * 20)
    t = np.arange(len(audio)) / RATE
    hz = 120 * 2 ** (0.4 * np.maximum(np.sin(2 * np.pi * 0.7 * t), 0))
    voice = 0.1 * np.sin(2 * np.pi * np.cumsum(hz) / RATE) ** 9
    face = animate_face(phones, (audio + voice).astype(np.float32), RATE, times, TalkingStyle(), 1)
    tune = np.log(np.interp(times, t, hz))
    assert np.corrcoef(tune, face[:, 53])[0, 1] > 0.4  # pitch of the head
    assert np.corrcoef(tune, face[:, CHANNEL_INDEX["browInnerUp"]])[0, 1] > 0.4
    assert (0.5 < np.degrees(face[:, 52:].std(axis=0))).all() and (np.degrees(face[:, 52:].std(axis=0)) < 4).all()


def test_louder_syllable_opens_the_jaw_further():
    phones, audio, times = word("T", "AA", "T", "T", "AA", "T", each=0.12)
    half_quiet = audio.copy()
    half_quiet[: int(phones[4][1] * RATE)] *= 0.15
    first = times < phones[3][2]
    loud, quiet = (
        animate_phones(phones, a, RATE, times, TalkingStyle(loudness_effect=0.3), 0)[
            first, CHANNEL_INDEX["jawOpen"]
        ].max()
        for a in (audio, half_quiet)
    )
    assert loud > 1.1 * quiet


def test_weights_stay_in_range_for_every_phone_and_style():
    names = sorted(TARGETS)
    for style in library_styles().values():
        phones, audio, times = word(*names, each=0.08)
        weights = animate_phones(phones, audio, RATE, times, style, 3)
        assert weights.shape == (len(times), len(ARKIT_CHANNELS)) and weights.dtype == np.float32
        assert np.isfinite(weights).all() and weights.min() >= 0 and weights.max() <= 1


def test_blink_intervals_have_the_style_mean_and_a_refractory_time():
    style = TalkingStyle(blink_rate_hz=0.4)
    starts = np.concatenate([np.diff(blink_times(2000.0, style, np.random.default_rng(s))) for s in range(3)])
    assert starts.min() >= 0.9
    assert abs(starts.mean() - 1 / 0.4) < 0.1


def test_every_vowel_and_consonant_of_the_dictionary_has_a_target():
    assert len(TARGETS) == 40 and VOWELS < set(TARGETS)
