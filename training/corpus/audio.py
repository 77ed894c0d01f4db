"""From an engine's audio to the corpus format: 16 kHz, bounded level, silence at both ends."""

import numpy as np
import soxr

from training.corpus.phones import SILENCE, merge_repeated_silence

SAMPLE_RATE = 16000
EDGE_SILENCE_S = (0.2, 0.5)
RMS_DBFS = (-28.0, -18.0)
PEAK_LIMIT = 0.97
# Engines write digital silence between words; a real recording never does.
NOISE_FLOOR_DBFS = (-80.0, -62.0)


def set_level(audio):
    """Scales audio so that its RMS lies inside RMS_DBFS and its peak below PEAK_LIMIT.

    audio: float32 [n_samples].   A level inside the range is left as the voice has it.
    """
    rms_db = 10.0 * np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-20)
    gain = 10.0 ** ((np.clip(rms_db, *RMS_DBFS) - rms_db) / 20.0)
    peak = float(np.max(np.abs(audio))) * gain
    if peak > PEAK_LIMIT:
        gain *= PEAK_LIMIT / peak
    return (audio * gain).astype(np.float32)


def _fit_edges(audio, phones, wanted_samples):
    """Crops or extends the silence at both ends to wanted_samples (start, end), in samples."""
    lead = phones[0][2] if phones[0][0] == SILENCE else 0
    trail = len(audio) - phones[-1][1] if phones[-1][0] == SILENCE else 0
    shift = wanted_samples[0] - lead
    end_change = wanted_samples[1] - trail
    audio = audio[max(0, -shift) : len(audio) - max(0, -end_change)]
    audio = np.pad(audio, (max(0, shift), max(0, end_change)))
    spoken = phones[1 if lead else 0 : len(phones) - (1 if trail else 0)]
    fitted = [(name, start + shift, end + shift) for name, start, end in spoken]
    fitted.insert(0, (SILENCE, 0, fitted[0][1]))
    fitted.append((SILENCE, fitted[-1][2], len(audio)))
    return audio, fitted


def to_corpus_format(speech, rng):
    """Corpus audio and phones of one utterance.

    speech: engines.Speech.   rng: numpy Generator; draws the edge silence and the noise floor.
    Returns (float32 [n_samples] at SAMPLE_RATE, list of (name, start_sample, end_sample)).
    """
    audio = np.asarray(speech.audio, np.float32)
    if speech.sample_rate != SAMPLE_RATE:
        audio = soxr.resample(audio, speech.sample_rate, SAMPLE_RATE, quality="VHQ")
    phones = [
        (name, round(start_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))
        for name, start_s, end_s in merge_repeated_silence(speech.phones)
    ]
    phones[-1] = (*phones[-1][:2], len(audio))
    wanted = np.round(rng.uniform(*EDGE_SILENCE_S, size=2) * SAMPLE_RATE).astype(int)
    audio, phones = _fit_edges(audio, phones, wanted.tolist())
    audio = set_level(audio)
    floor = 10.0 ** (rng.uniform(*NOISE_FLOOR_DBFS) / 20.0)
    audio = audio + floor * rng.standard_normal(len(audio)).astype(np.float32)
    return audio.astype(np.float32), phones
