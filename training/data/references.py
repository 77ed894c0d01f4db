"""Batches of speech that show who speaks: several clips of each of several speakers, for the contrastive stage."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.data.mel_vary import OF_REFERENCES, MelVariation, vary_mel
from training.prepared.clips import Clip, ClipSet


@dataclass
class ReferenceBatch:
    mel: Tensor  # float32 [B, T, n_mels]
    speaker: Tensor  # int64 [B]
    identity: Tensor  # int64 [B], of the voice; -1: none
    emotion: Tensor  # int64 [B], of the voice


def voice_of(clip: Clip, field: str) -> int:
    """The voice's own identity or emotion: what it sounds like, whatever the face does."""
    own = getattr(clip, f"voice_{field}")
    return getattr(clip, field) if own is None else own


def speech_mel(clips: ClipSet, clip: Clip) -> np.ndarray:
    """Log-mel of a clip without the silence around it."""
    mel, frames = clips.info.motion.group
    first, count = clip.speech_frame // frames * mel, max(clip.speech_frames // frames, 1) * mel
    return clips.clip_mel(clip)[first : first + count]


def crop(mel: np.ndarray, start: float, n_frames: int) -> np.ndarray:
    """n_frames of mel from a place 0..1; shorter speech repeats."""
    first = int(start * max(1, len(mel) - n_frames + 1))
    piece = mel[first : first + n_frames]
    return np.resize(piece, (n_frames, piece.shape[1])) if len(piece) < n_frames else piece


class ReferenceSampler:
    """Speakers are drawn evenly, however much they say; the batch of a step is a function of (seed, step). Each piece
    is recorded in a way of its own (vary), so that a voice is known by itself and not by its microphone."""

    def __init__(
        self,
        clips: ClipSet,
        split: str,
        seed: int,
        clips_per_speaker: int = 2,
        n_mel: tuple[int, int] = (200, 500),
        vary: MelVariation | None = OF_REFERENCES,
    ):
        self.vary = vary
        self.clips, self.seed, self.clips_per_speaker, self.n_mel = clips, seed, clips_per_speaker, n_mel
        self._by_speaker: dict[str, list[Clip]] = defaultdict(list)
        for clip in clips.of_split(split):
            if clip.speaker:  # "" is nobody: music, babble
                self._by_speaker[clip.speaker].append(clip)
        self.speakers = sorted(self._by_speaker)

    def batch(self, step: int, n_rows: int, rows: slice = slice(None)) -> ReferenceBatch:
        """n_rows: of the global batch; rows: those wanted here."""
        rng = np.random.default_rng([self.seed, step])
        n_speakers = max(1, n_rows // self.clips_per_speaker)
        chosen = rng.choice(len(self.speakers), n_speakers, replace=len(self.speakers) < n_speakers)
        who = np.resize(np.repeat(chosen, self.clips_per_speaker), n_rows)
        length = int(rng.integers(*self.n_mel, endpoint=True))
        which, where = rng.random(n_rows), rng.random(n_rows)
        low, width = rng.integers(0, 70, n_rows), rng.integers(0, 11, n_rows)
        mel, picked = [], []
        for i in range(n_rows)[rows]:
            pool = self._by_speaker[self.speakers[who[i]]]
            clip = pool[int(which[i] * len(pool))]
            piece = crop(speech_mel(self.clips, clip), where[i], length).astype(np.float32)
            if self.vary is not None:
                piece = vary_mel(piece, np.random.default_rng([self.seed, step, 5, i]), self.vary)
            piece[:, low[i] : low[i] + width[i]] = piece.mean()
            mel.append(piece)
            picked.append(clip)
        return ReferenceBatch(
            torch.from_numpy(np.stack(mel)),
            torch.from_numpy(who[rows].astype(np.int64)),
            torch.tensor([voice_of(c, "identity") for c in picked]),
            torch.tensor([voice_of(c, "emotion") for c in picked]),
        )
