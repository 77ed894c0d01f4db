"""A recording between silences, in whole groups of mel and animation frames: the time line of every prepared clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.prepared.motion_space import MotionSpace

# Silence before and after each clip: longer than any window's past, so that streams that start or end are seen.
LEAD_FRAMES, TAIL_FRAMES = 24, 24
MIN_FRAMES = 66  # of a whole clip, so that any window fits


@dataclass(frozen=True)
class Framed:
    """lead: frames of silence before the speech.   n_frames: of the whole clip.   samples: at 16 kHz, sample 0 at frame
    0, at least as long as n_frames.   mel: [mel frames of n_frames, n_mels]."""

    lead: int
    n_frames: int
    samples: np.ndarray
    mel: np.ndarray


def frame_count(audio: np.ndarray, space: MotionSpace) -> int:
    """Animation frames that begin within audio at 16 kHz."""
    return int(np.ceil(len(audio) * space.fps / SAMPLE_RATE_HZ))


def framed(audio: np.ndarray, speech_frames: int, space: MotionSpace) -> Framed:
    """audio: float32 [n] at 16 kHz, of speech_frames animation frames; what sticks out over the silence is cut."""
    per_mel, per_frames = space.group

    def in_whole_groups(frames: int) -> int:
        return frames + -frames % per_frames

    def samples_of(frames: int) -> int:
        return frames * SAMPLE_RATE_HZ * space.fps_den // space.fps_num

    lead = in_whole_groups(LEAD_FRAMES)
    n = in_whole_groups(max(lead + speech_frames + TAIL_FRAMES, MIN_FRAMES))
    samples = np.zeros(samples_of(n) + MelSpec().window_length, np.float32)
    first = samples_of(lead)
    samples[first : first + len(audio)] = audio[: len(samples) - first]
    return Framed(lead, n, samples, log_mel(samples, MelSpec())[: n // per_frames * per_mel])
