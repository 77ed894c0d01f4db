"""Phone tables, and timings from what the engines report."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from training.corpus import phones, quality
from training.corpus.engines import misaki_timing
from training.corpus.engines.base import SynthesisError
from training.corpus.engines.command import radio_phones
from training.corpus.engines.espeak import english_phones, extend_closures, phones_from_events


def test_phone_tables_map_into_the_set():
    assert len(phones.PHONES) == 40
    assert set(phones.MISAKI_TO_ARPABET.values()) <= phones.PHONES
    assert set(phones.CMU_RADIO_TO_ARPABET.values()) == phones.PHONES
    for table in (phones.ESPEAK_TO_ARPABET, phones.ESPEAK_RHOTIC):
        assert {name for names in table.values() for name in names} <= phones.PHONES


def test_group_tokens_gives_stress_and_spaces_to_the_next_phone():
    assert misaki_timing.group_tokens("hˈO ðə.") == [
        ("HH", 1), ("OW", 2), ("DH", 2), ("AH", 1), ("SIL", 1),
    ]  # fmt: skip


def test_group_tokens_joins_r_coloured_vowels_and_length_marks():
    assert misaki_timing.group_tokens("nˈɜɹs") == [("N", 1), ("ER", 3), ("S", 1)]
    assert misaki_timing.group_tokens("kˈɑː") == [("K", 1), ("AA", 3)]


def test_group_tokens_unknown_token_raises():
    with pytest.raises(SynthesisError, match="ʘ"):
        misaki_timing.group_tokens("bʘ")


def misaki_audio(levels):
    """Noise of the given (frames, amplitude) runs, in 25 ms frames."""
    rng = np.random.default_rng(0)
    n = misaki_timing.FRAME_SAMPLES
    return np.concatenate([a * rng.standard_normal(f * n) for f, a in levels]).astype(np.float32)


def test_phones_from_durations_shifts_50_ms_and_finds_the_pauses():
    # pad, b, ɪ, comma, space, m, i, full stop, pad; the first comma frames belong to a loud vowel.
    durations = [10, 4, 4, 8, 2, 4, 6, 4, 2]
    audio = misaki_audio([(8, 1e-5), (8, 0.1), (8, 1e-5), (10, 0.1), (10, 1e-5)])
    found = misaki_timing.phones_from_durations("bɪ, mi.", durations, audio)
    assert [name for name, _, _ in found] == ["SIL", "B", "IH", "SIL", "M", "IY", "SIL"]
    starts = [start for _, start, _ in found]
    # A pause is found to one energy hop (5 ms).
    expected = [0.0, 0.200, 0.300, 0.400, 0.600, 0.750, 0.850]
    assert np.max(np.abs(np.subtract(starts, expected))) <= 0.02
    assert found[-1][2] == pytest.approx(len(audio) / misaki_timing.SAMPLE_RATE)
    assert all(a[2] == b[1] for a, b in pairwise(found))


def test_phones_from_durations_wrong_total_raises():
    with pytest.raises(SynthesisError, match="frames"):
        misaki_timing.phones_from_durations("b", [1, 1, 1], np.zeros(600, np.float32))


def test_radio_phones_maps_lower_case_and_clips_the_closing_pause():
    found = radio_phones([("pau", 0.2), ("ax", 0.3), ("dx", 0.35), ("pau", 0.6)], 0.5)
    assert found == [("SIL", 0.0, 0.2), ("AH", 0.2, 0.3), ("D", 0.3, 0.35), ("SIL", 0.35, 0.5)]


def test_radio_phones_audio_ending_inside_speech_raises():
    with pytest.raises(SynthesisError, match="audio at"):
        radio_phones([("pau", 0.2), ("aa", 0.5), ("pau", 0.6)], 0.4)


def test_espeak_events_share_time_and_follow_the_accent():
    events = [(100, "k"), (200, "A@"), (400, ";"), (450, "_:")]
    rhotic, plain = (partial(english_phones, rhotic=r) for r in (True, False))
    assert phones_from_events(events, 500, 1000, rhotic) == [
        ("SIL", 0.0, 0.1), ("K", 0.1, 0.2), ("AA", 0.2, 0.325), ("R", 0.325, 0.45),
        ("SIL", 0.45, 0.5),
    ]  # fmt: skip
    names = [name for name, _, _ in phones_from_events(events, 500, 1000, plain)]
    assert names == ["SIL", "K", "AA", "SIL"]


def test_extend_closures_moves_a_stop_to_its_silence():
    audio = np.full(1000, 0.1, np.float32)
    audio[440:500] = 0.0
    timings = [("SIL", 0.0, 0.1), ("AA", 0.1, 0.5), ("P", 0.5, 0.7), ("S", 0.7, 1.0)]
    assert extend_closures(timings, audio, 1000) == [
        ("SIL", 0.0, 0.1), ("AA", 0.1, 0.44), ("P", 0.44, 0.7), ("S", 0.7, 1.0),
    ]  # fmt: skip


GOOD = [("SIL", 0, 4000), ("AA", 4000, 5600), ("M", 5600, 7200), ("SIL", 7200, 12000)]


@pytest.mark.parametrize(
    ("timings", "split", "reason"),
    [
        (GOOD, "train", None),
        (GOOD, "test", "test utterance not 2-8 s"),
        ([*GOOD[:1], ("QQ", 4000, 5600), *GOOD[2:]], "train", "unknown phone"),
        ([*GOOD[:2], ("M", 5600, 5600), ("SIL", 5600, 12000)], "train", "phones not increasing"),
        ([*GOOD[:2], ("M", 5700, 7200), GOOD[3]], "train", "phones not contiguous"),
        ([*GOOD[:3], ("SIL", 7200, 11999)], "train", "total does not match the audio"),
        ([("SIL", 0, 1000), ("AA", 1000, 11000), ("SIL", 11000, 12000)], "train", "phone too long"),
        ([("SIL", 0, 4000), ("AA", 4000, 9000), ("SIL", 9000, 12000)], "train", "speech rate"),
        ([("SIL", 0, 12000)], "train", "no speech"),
    ],
)
def test_quality_names_the_problem(timings, split, reason):
    assert quality.problem(timings, 12000, 16000, split) == reason
