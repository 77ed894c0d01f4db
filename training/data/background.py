"""What else a microphone records: other people and music. Near and far are told apart by the share of direct sound, not
by words: the near voice has more direct than reflected sound (augment.NEAR_DIRECT_DB), a single far one less."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.augment import (
    FAR_DECAY_S,
    FAR_DIRECT_DB,
    SAMPLE_RATE_HZ,
    random_equaliser,
    random_noise,
    random_room,
    rms,
)
from training.data.music import make_music
from training.datasets.audio import read_sound

# Chances of each kind under speech and alone. All numbers here are our choices.
UNDER_SPEECH = {"voice": 0.3, "babble": 0.35, "music": 0.25, "song": 0.1}
ALONE = {"voice": 0.3, "babble": 0.35, "music": 0.2, "song": 0.05, "noise": 0.1}
SNR_DB = (1.0, 18.0)  # of the near voice against the background
BABBLE_VOICES = (4, 12)
GAP_S = (0.0, 0.6)  # between the utterances of a far speaker
# Loudest level of a background alone, dBFS RMS; the quietest is ALONE_LOWEST_DB. A lone far voice is quieter than most
# near ones, music may be as loud as speech.
ALONE_LOUDEST_DB = {"voice": -27.0, "babble": -22.0, "music": -16.0, "song": -22.0, "noise": -22.0}
ALONE_LOWEST_DB = -55.0


def draw_kind(chances: dict[str, float], rng: np.random.Generator) -> str:
    names = list(chances)
    shares = np.array([chances[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


@dataclass(frozen=True)
class OtherVoices:
    """Recordings of people who are not the near speaker."""

    paths: tuple[Path, ...]

    def talk(self, n_samples: int, rng: np.random.Generator) -> np.ndarray:
        """One of them speaking on, with pauses; float32 [n_samples] at 16 kHz, unit RMS.

        Raises ValueError when there are none."""
        if not self.paths:
            raise ValueError("there are no other voices to speak in the background: give recordings or a larger corpus")
        parts: list[np.ndarray] = []
        while sum(map(len, parts)) < 2 * n_samples:
            voice = read_sound(self.paths[int(rng.integers(len(self.paths)))])
            parts += [voice / rms(voice), np.zeros(int(rng.uniform(*GAP_S) * SAMPLE_RATE_HZ), np.float32)]
        whole = np.concatenate(parts)
        first = int(rng.integers(len(whole) - n_samples + 1))
        piece = whole[first : first + n_samples]
        return (piece / rms(piece)).astype(np.float32)


def far_voice(voices: OtherVoices, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """One person at the other end of the room, unit RMS: less direct than reflected sound, and dull."""
    far = random_room(voices.talk(n_samples, rng), rng, FAR_DIRECT_DB, FAR_DECAY_S)
    return far / rms(far)


def babble(voices: OtherVoices, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Many people at once, unit RMS. Their number tells that none is near, so half of them stand in no room."""
    total = np.zeros(n_samples, np.float32)
    for _ in range(int(rng.integers(*BABBLE_VOICES, endpoint=True))):
        one = voices.talk(n_samples, rng) if rng.random() < 0.5 else far_voice(voices, n_samples, rng)
        total += one * 10 ** (rng.uniform(-6, 0) / 20)
    return total / rms(total)


def make_background(kind: str, voices: OtherVoices, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """float32 [n_samples] at 16 kHz, unit RMS. kind: a key of ALONE."""
    if kind == "noise":
        return random_noise(n_samples, rng)
    if kind == "voice":
        sound = far_voice(voices, n_samples, rng)
    elif kind == "babble":
        sound = babble(voices, n_samples, rng)
    else:
        sound = make_music(n_samples, rng)
        if rng.random() < 0.7:
            sound = random_room(sound, rng, FAR_DIRECT_DB, FAR_DECAY_S)
        if kind == "song":
            sound = sound / rms(sound) + far_voice(voices, n_samples, rng)
    if rng.random() < 0.7:
        sound = random_equaliser(sound, rng)
    return (sound / rms(sound)).astype(np.float32)


def with_background(near: np.ndarray, voices: OtherVoices, rng: np.random.Generator) -> np.ndarray:
    """The near voice with something behind it, SNR_DB below. near: float32 [n] at 16 kHz -> the same shape, |.| < 1."""
    background = make_background(draw_kind(UNDER_SPEECH, rng), voices, len(near), rng)
    mixed = near + background * rms(near) * 10 ** (-rng.uniform(*SNR_DB) / 20)
    return (mixed * min(1.0, 0.99 / (np.abs(mixed).max() + 1e-9))).astype(np.float32)


def background_alone(voices: OtherVoices, n_samples: int, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """A recording in which nobody near speaks, at 16 kHz, |.| < 1, and its kind."""
    kind = draw_kind(ALONE, rng)
    sound = make_background(kind, voices, n_samples, rng)
    if rng.random() < 0.5:
        sound = sound + random_noise(n_samples, rng) * 10 ** (-rng.uniform(0, 40) / 20)
    level = 10 ** (rng.uniform(ALONE_LOWEST_DB, ALONE_LOUDEST_DB[kind]) / 20)
    sound = sound * level / rms(sound)
    return (sound * min(1.0, 0.99 / (np.abs(sound).max() + 1e-9))).astype(np.float32), kind
