"""Formats, widths, rates and channels that libsndfile writes itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.inputs.kinds import Clip, Kind, encoded, wav


def _as(file_format: str, subtype: str | None = None, rate: int = 0, **options) -> Callable[[Clip], bytes]:
    def make(clip: Clip) -> bytes:
        changed = clip.at(rate) if rate else clip
        return encoded(changed.samples, changed.rate, file_format, subtype, **options)

    return make


def _channels(samples: Callable[[Clip], np.ndarray]) -> Callable[[Clip], bytes]:
    return lambda clip: encoded(samples(clip), clip.rate, "WAV", "FLOAT")


def _surround(clip: Clip) -> np.ndarray:
    """5.1 with the voice in the centre."""
    samples = np.zeros((len(clip.samples), 6), np.float32)
    samples[:, 2] = clip.samples
    return samples


def _beside_noise(clip: Clip) -> np.ndarray:
    """The voice on the right, hiss as loud on the left."""
    level = float(np.sqrt(np.mean(clip.samples**2)))
    hiss = np.random.default_rng(0).standard_normal(len(clip.samples)).astype(np.float32) * level
    return np.stack([hiss, clip.samples], axis=1)


WIDTHS = [
    Kind("WAV, 8 bit", _as("WAV", "PCM_U8"), least_r=0.9),
    Kind("WAV, 16 bit", wav),
    Kind("WAV, 24 bit", _as("WAV", "PCM_24")),
    Kind("WAV, 32 bit", _as("WAV", "PCM_32")),
    Kind("WAV, 32-bit float", _as("WAV", "FLOAT")),
    Kind("WAV, 64-bit float", _as("WAV", "DOUBLE")),
    Kind("WAV, A-law", _as("WAV", "ALAW")),
    Kind("WAV, mu-law", _as("WAV", "ULAW")),
    Kind("WAV, IMA ADPCM", _as("WAV", "IMA_ADPCM"), late_frames=3, least_r=0.9),
    Kind("WAV, Microsoft ADPCM", _as("WAV", "MS_ADPCM"), late_frames=3, least_r=0.9),
    Kind("WAV, GSM 6.10 at 8 kHz", _as("WAV", "GSM610", 8000), late_frames=3, least_r=0.8),
    Kind("WAV, extensible", _as("WAVEX", "PCM_24")),
    Kind("WAV, big-endian (RIFX)", _as("WAV", "PCM_16", endian="BIG")),
]

FORMATS = [
    Kind("RF64", _as("RF64", "PCM_16"), ".rf64"),
    Kind("Wave64", _as("W64", "PCM_16"), ".w64"),
    Kind("AU", _as("AU", "PCM_16"), ".au"),
    Kind("AU, little-endian", _as("AU", "PCM_16", endian="LITTLE"), ".snd"),
    Kind("AIFF", _as("AIFF", "PCM_16"), ".aiff"),
    Kind("AIFF-C, float", _as("AIFF", "FLOAT"), ".aifc"),
    Kind("CAF", _as("CAF", "PCM_16"), ".caf"),
    Kind("CAF, Apple Lossless", _as("CAF", "ALAC_16"), ".caf"),
    Kind("FLAC, 16 bit", _as("FLAC", "PCM_16"), ".flac"),
    Kind("FLAC, 24 bit", _as("FLAC", "PCM_24"), ".flac"),
    Kind("Ogg Vorbis", _as("OGG", "VORBIS"), ".ogg"),
    Kind("Ogg Opus", _as("OGG", "OPUS"), ".opus"),
    Kind("NIST SPHERE", _as("NIST", "PCM_16"), ".sph"),
    Kind("Creative VOC", _as("VOC", "PCM_16"), ".voc"),
    Kind("IRCAM", _as("IRCAM", "PCM_16"), ".sf"),
    Kind("MATLAB 5", _as("MAT5", "PCM_16"), ".mat"),
]

RATES = [
    Kind(f"WAV at {rate} Hz", _as("WAV", "PCM_16", rate), late_frames=1, least_r=0.9)
    for rate in (8000, 11025, 22050, 44100, 48000, 96000, 192000)
]

CHANNELS = [
    Kind("stereo, both the same", _channels(Clip.stereo)),
    Kind("stereo, the right one inverted", _channels(lambda clip: clip.stereo(-1.0))),
    Kind("stereo, the right one inverted and 2 dB lower", _channels(lambda clip: clip.stereo(-0.8)), least_r=0.9),
    Kind("stereo, the right one silent", _channels(lambda clip: clip.stereo(0.0))),
    Kind("5.1, voice in the centre", _channels(_surround), least_r=0.9),
    Kind("8 channels, all the same", _channels(lambda clip: np.repeat(clip.samples[:, None], 8, axis=1))),
    Kind("stereo, noise on the left, channel=2", _channels(_beside_noise), options={"channel": 2}),
    Kind(
        "one channel, channel=2", wav, share=0, says="has no channel 2", options={"channel": 2}
    ),
]  # fmt: skip

LEVELS = [
    Kind("40 dB quieter", _channels(lambda clip: clip.samples * 0.01), least_r=0.75),
    Kind("silence", _channels(lambda clip: clip.samples * 0), says="no speech found", least_r=-1),
    Kind("80 dB quieter", _channels(lambda clip: clip.samples * 1e-4), says="no speech found", least_r=-1),
    Kind("float, 20 dB too loud", _channels(lambda clip: clip.samples * 10), least_r=0.8),
    Kind("float, scaled as 16-bit numbers", _channels(lambda clip: clip.samples * 32768), least_r=0.5),
    Kind("a constant added", _channels(lambda clip: clip.samples + 0.3), least_r=0.9),
    Kind("one sample is not a number", _channels(lambda clip: _spoiled(clip)), share=0, says="not a finite number"),
]


def _spoiled(clip: Clip) -> np.ndarray:
    samples = clip.samples.copy()
    samples[len(samples) // 2] = np.nan
    return samples
