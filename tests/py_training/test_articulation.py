"""The rule-based face does what lips must do, measured on the head."""

import numpy as np
import pytest

from diffusiontalker.head import CLOSED_LIP_GAP, lip_gap, load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX, LIP_CHANNELS, indices
from training.articulation.generate import animate_phones
from training.articulation.phones import BILABIAL, LABIODENTAL, TARGETS, VOWELS
from training.articulation.style import TalkingStyle, library_styles
from training.articulation.upper_face import blink_times

RATE, FPS = 16000, 30
HEAD = load_head()


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


def gaps(*names, style=None, **kwargs):
    phones, audio, times = word(*names, **kwargs)
    return phones, times, lip_gap(HEAD, animate_phones(phones, audio, RATE, times, style or TalkingStyle(), 0))


def gap_in(phones, times, gap, index):
    _, start, end = phones[index]
    return gap[(times >= start - 0.03) & (times <= end + 0.03)]


@pytest.mark.parametrize("consonant", sorted(BILABIAL))
@pytest.mark.parametrize("vowel", ["AA", "IY", "OW"])
@pytest.mark.parametrize("each", [0.05, 0.09, 0.15])
def test_bilabial_between_vowels_closes(consonant, vowel, each):
    for name, style in library_styles().items():
        phones, times, gap = gaps(vowel, consonant, vowel, style=style, each=each)
        assert gap_in(phones, times, gap, 2).min() < CLOSED_LIP_GAP, name


@pytest.mark.parametrize("consonant", sorted(LABIODENTAL))
def test_labiodental_is_narrow_but_tucks_the_lower_lip(consonant):
    phones, audio, times = word("AA", consonant, "AA", each=0.12)
    weights = animate_phones(phones, audio, RATE, times, TalkingStyle(), 0)
    inside = (times >= phones[2][1]) & (times <= phones[2][2])
    assert weights[inside, CHANNEL_INDEX["mouthRollLower"]].max() > 0.35
    assert lip_gap(HEAD, weights)[inside].min() < 0.05


def test_open_vowels_are_wider_than_close_ones():
    open_gap = [gap_in(*gaps("T", v, "T", each=0.15), 2).max() for v in ("AA", "AE", "EH")]
    close_gap = [gap_in(*gaps("T", v, "T", each=0.15), 2).max() for v in ("UW", "UH", "ER")]
    assert min(open_gap) > max(close_gap)


def test_rounded_vowel_puckers_and_front_vowel_spreads():
    def peak(vowel, channel):
        phones, audio, times = word("T", vowel, "T", each=0.15)
        return animate_phones(phones, audio, RATE, times, TalkingStyle(), 0)[:, CHANNEL_INDEX[channel]].max()

    assert peak("UW", "mouthPucker") > 0.4 > peak("IY", "mouthPucker")
    assert peak("IY", "mouthStretchLeft") > 2 * peak("UW", "mouthStretchLeft")


def test_silence_rests():
    phones, times, gap = gaps("AA", "T", "AA", first=0.8)
    assert np.abs(gap[times < 0.5]).max() < CLOSED_LIP_GAP


def test_another_seed_gives_other_blinks_but_the_same_lips():
    phones, audio, times = word(*["AA", "B", "IY", "S"] * 12)
    first, second = (animate_phones(phones, audio, RATE, times, TalkingStyle(), seed) for seed in (1, 2))
    lips = indices(LIP_CHANNELS)
    np.testing.assert_array_equal(first[:, lips], second[:, lips])
    assert np.abs(first - second)[:, CHANNEL_INDEX["eyeBlinkLeft"]].max() > 0.5


def test_louder_syllable_opens_the_jaw_further():
    phones, audio, times = word("T", "AA", "T", "T", "AA", "T", each=0.12)
    audio[: int(phones[4][1] * RATE)] *= 0.15
    jaw = animate_phones(phones, audio, RATE, times, TalkingStyle(), 0)[:, CHANNEL_INDEX["jawOpen"]]
    middle = phones[3][2]
    assert jaw[times > middle].max() > 1.1 * jaw[times < middle].max()


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
