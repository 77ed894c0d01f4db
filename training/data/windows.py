"""Random training windows; the batch of a step is a function of (seed, step), so a resumed run sees the same data."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from training.data.mel_vary import MelVariation, vary_mel
from training.data.references import crop, speech_mel, voice_of
from training.prepared.clips import NO_PHONE, Clip, ClipSet


@dataclass(frozen=True)
class WindowConfig:
    """Windows that training draws; every pair is (window_frames, past_frames). Many shapes make one model serve many
    latency profiles: every frame of a window is trained, so also those with little or no lookahead."""

    shapes: tuple[tuple[int, int], ...] = ((60, 12), (60, 12), (60, 18), (60, 6), (30, 18), (30, 12))
    # How much more often than its length a clip is drawn, by its source: the start of its utterance's id.
    source_weight: tuple[tuple[str, float], ...] = (("kokoro", 3.0), ("espeak", 0.5), ("real", 3.0))
    frequency_mask: float = 0.3  # chance of hiding a band of up to 10 mel bins
    vary: MelVariation | None = None  # changes of the mel that the audio encoder gets
    reference_mel: tuple[int, int] = (200, 400)  # length of the clip that shows who speaks, mel frames
    hidden: tuple[str, ...] = ()  # "identity", "emotion": given as entry 0 whatever the clip has, for ablations


class Features(Protocol):
    """Cached features of a large audio encoder at the animation rate."""

    @property
    def dim(self) -> int: ...

    def clip_features(self, clip: Clip) -> np.ndarray: ...


@dataclass
class Batch:
    mel: Tensor  # float32 [B, mel frames of W, n_mels]
    motion: Tensor  # float32 [B, W, C]
    phone: Tensor  # int64 [B, W]; -1 where it is not known
    known: Tensor  # float32 [B, W, 1]
    identity: Tensor  # int64 [B]; -1: not of the library
    emotion: Tensor  # int64 [B]
    strength: Tensor  # float32 [B], of the emotion
    own_voice: Tensor  # bool [B]: the voice that speaks is the identity's own, in the motion's emotion
    reference: Tensor | None = None  # float32 [B, T, n_mels], other speech of the same speaker in the same emotion
    features: Tensor | None = None  # float32 [B, W, D]


@dataclass(frozen=True)
class Draw:
    """Which windows a step takes, for the whole (global) batch."""

    window: int
    past: int
    picks: np.ndarray  # int64 [B] into the pool
    first_frame: np.ndarray  # int64 [B]
    references: np.ndarray  # int64 [B] into the pool
    reference_mel: int
    reference_place: np.ndarray  # float64 [B], 0..1, where in the reference's speech
    masks: np.ndarray  # int64 [B, 2], hidden mel bins [low, high)
    step: int

    def __len__(self) -> int:
        """Rows of the global batch."""
        return len(self.picks)


class WindowSampler:
    def __init__(self, clips: ClipSet, split: str, config: WindowConfig, seed: int, features: Features | None = None):
        self.clips, self.config, self.seed, self.features = clips, config, seed, features
        self.pool: list[Clip] = clips.of_split(split)
        if not self.pool:
            raise ValueError(f"no clip of split {split!r} in {', '.join(map(str, clips.folders))}")
        self.per_mel, self.per_frames = clips.info.motion.group
        weight = np.array([c.n_frames * self._source_weight(c) for c in self.pool], np.float64)
        self._cumulative = np.cumsum(weight / weight.sum())
        self._alike: dict[tuple[str, int], list[int]] = defaultdict(list)
        for i, clip in enumerate(self.pool):
            self._alike[clip.speaker, voice_of(clip, "emotion")].append(i)

    def _source_weight(self, clip: Clip) -> float:
        return next((w for name, w in self.config.source_weight if clip.utterance.startswith(name)), 1.0)

    def draw(self, step: int, n_frames: int) -> Draw:
        """About n_frames animation frames; all windows of a batch have one shape."""
        rng = np.random.default_rng([self.seed, step])
        window, past = self.config.shapes[int(rng.integers(len(self.config.shapes)))]
        count = max(1, n_frames // window)
        picks = np.minimum(np.searchsorted(self._cumulative, rng.random(count)), len(self.pool) - 1)
        room = np.array([(self.pool[p].n_frames - window) // self.per_frames + 1 for p in picks])
        if (room < 1).any():
            short = self.pool[picks[int(room.argmin())]]
            raise ValueError(f"clip {short.utterance} has {short.n_frames} frames, shorter than a window of {window}")
        first = (rng.random(count) * room).astype(np.int64) * self.per_frames
        alike = [self._alike[self.pool[p].speaker, voice_of(self.pool[p], "emotion")] for p in picks]
        references = np.array([a[int(u * len(a))] for a, u in zip(alike, rng.random(count), strict=True)])
        low = rng.integers(0, 70, count)
        high = np.where(rng.random(count) < self.config.frequency_mask, low + rng.integers(1, 11, count), low)
        length = int(rng.integers(*self.config.reference_mel, endpoint=True))
        place = np.random.default_rng([self.seed, step, 1]).random(count)
        return Draw(window, past, picks, first, references, length, place, np.stack([low, high], axis=1), step)

    def batch(self, step: int, n_frames: int, rows: slice = slice(None), reference: bool = False) -> Batch:
        """The windows `rows` of the step's batch; reference: also other speech of the same speaker and emotion."""
        return self.load(self.draw(step, n_frames), rows, reference)

    def load(self, draw: Draw, rows: slice, reference: bool = False) -> Batch:
        """The windows `rows` of a draw, as batch()."""
        clips = [self.pool[p] for p in draw.picks[rows]]
        mel, motion, phone, features = [], [], [], []
        for clip, a in zip(clips, draw.first_frame[rows], strict=True):
            m = a // self.per_frames * self.per_mel
            mel.append(self.clips.clip_mel(clip)[m : m + draw.window // self.per_frames * self.per_mel])
            motion.append(self.clips.clip_motion(clip)[a : a + draw.window])
            phone.append(self.clips.clip_phone(clip)[a : a + draw.window])
            if self.features is not None:
                features.append(self.features.clip_features(clip)[a : a + draw.window])
        mel_array = self._varied(np.stack(mel).astype(np.float32), draw, rows)
        for row, (low, high) in enumerate(draw.masks[rows]):
            mel_array[row, :, low:high] = mel_array[row].mean()
        phone_array = np.stack(phone).astype(np.int64)
        known = np.zeros((len(clips), draw.window, 1), np.float32)
        known[:, : draw.past] = 1
        return Batch(
            torch.from_numpy(mel_array),
            torch.from_numpy(np.stack(motion).astype(np.float32)),
            torch.from_numpy(np.where(phone_array == NO_PHONE, -1, phone_array)),
            torch.from_numpy(known),
            self._condition("identity", clips),
            self._condition("emotion", clips),
            torch.tensor([c.strength for c in clips]),
            torch.tensor([_own_voice(c) for c in clips]),
            torch.from_numpy(self._references(draw, rows)) if reference else None,
            torch.from_numpy(np.stack(features).astype(np.float32)) if features else None,
        )

    def _varied(self, mel: np.ndarray, draw: Draw, rows: slice) -> np.ndarray:
        if self.config.vary is None:
            return mel
        numbers = range(len(draw))[rows]
        rngs = [np.random.default_rng([self.seed, draw.step, 3, n]) for n in numbers]
        return np.stack([vary_mel(m, rng, self.config.vary) for m, rng in zip(mel, rngs, strict=True)])

    def _condition(self, name: str, clips: list[Clip]) -> Tensor:
        return torch.tensor([0 if name in self.config.hidden else getattr(c, name) for c in clips])

    def describe(self, step: int, n_frames: int) -> str:
        """The utterances of a step's batch, for the message of a run that stops."""
        return ", ".join(self.pool[p].utterance for p in self.draw(step, n_frames).picks)

    def _references(self, draw: Draw, rows: slice) -> np.ndarray:
        where = draw.reference_place[rows]
        picked = [self.pool[p] for p in draw.references[rows]]
        pieces = [crop(speech_mel(self.clips, c), u, draw.reference_mel) for c, u in zip(picked, where, strict=True)]
        return np.stack(pieces).astype(np.float32)


def _own_voice(clip: Clip) -> bool:
    return voice_of(clip, "identity") == clip.identity and voice_of(clip, "emotion") == clip.emotion
