"""Prepared clips: log-mel, motion and phone labels of many utterances in three flat arrays."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from training.articulation.phones import TARGETS

PHONE_NAMES: tuple[str, ...] = tuple(sorted(TARGETS))
MEL_PER_GROUP, FRAMES_PER_GROUP = 10, 3  # 100 ms: 10 mel frames at 100 Hz, 3 animation frames at 30 fps


@dataclass(frozen=True)
class Clip:
    """One utterance in one recording condition, animated in one identity."""

    utterance: str
    split: str
    voice: str
    identity: int
    first_frame: int  # into the flat motion array; the mel array has 10/3 as many rows
    n_frames: int  # multiple of 3, silence before and after included
    speech_frame: int  # first frame of the audio itself, after the leading silence
    speech_frames: int
    shard: int = 0  # position of its folder in the ClipSet


class ClipSet:
    """Memory-mapped clips of one or several folders. mel float16 [., n_mels], motion float16 [., 52], phone uint8."""

    def __init__(self, *folders: Path):
        self.clips: list[Clip] = []
        self.identity_names: list[str] = []
        self._arrays: list[dict[str, np.ndarray]] = []
        for shard, folder in enumerate(map(Path, folders)):
            index = json.loads((folder / "clips.json").read_text())
            if shard and index["identities"] != self.identity_names:
                raise ValueError(f"{folder} has other identities than {folders[0]}: prepare both with one version")
            self.identity_names = index["identities"]
            self.clips += [Clip(**(c | {"shard": shard})) for c in index["clips"]]
            names = ("mel", "motion", "phone")
            self._arrays.append({n: np.load(folder / f"{n}.npy", mmap_mode="r") for n in names})

    def of_split(self, split: str) -> list[Clip]:
        return [c for c in self.clips if c.split == split]

    def clip_mel(self, clip: Clip) -> np.ndarray:
        first = clip.first_frame // FRAMES_PER_GROUP * MEL_PER_GROUP
        return self._arrays[clip.shard]["mel"][first : first + clip.n_frames // FRAMES_PER_GROUP * MEL_PER_GROUP]

    def clip_motion(self, clip: Clip) -> np.ndarray:
        return self._arrays[clip.shard]["motion"][clip.first_frame : clip.first_frame + clip.n_frames]

    def clip_phone(self, clip: Clip) -> np.ndarray:
        return self._arrays[clip.shard]["phone"][clip.first_frame : clip.first_frame + clip.n_frames]


class ClipWriter:
    """Collects clips, then writes the folder that ClipSet reads."""

    def __init__(self, identity_names: list[str]):
        self.identity_names = identity_names
        self._clips: list[Clip] = []
        self._mel: list[np.ndarray] = []
        self._motion: list[np.ndarray] = []
        self._phone: list[np.ndarray] = []
        self._n_frames = 0

    def add(self, mel, motion, phone, **about) -> None:
        n = len(motion)
        if n % FRAMES_PER_GROUP or len(mel) * FRAMES_PER_GROUP != n * MEL_PER_GROUP or len(phone) != n:
            raise ValueError(f"clip of {n} frames has {len(mel)} mel frames and {len(phone)} phone labels")
        self._clips.append(Clip(first_frame=self._n_frames, n_frames=n, **about))
        self._mel.append(mel.astype(np.float16))
        self._motion.append(motion.astype(np.float16))
        self._phone.append(phone.astype(np.uint8))
        self._n_frames += n

    def save(self, folder: Path) -> None:
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "mel.npy", np.concatenate(self._mel))
        np.save(folder / "motion.npy", np.concatenate(self._motion))
        np.save(folder / "phone.npy", np.concatenate(self._phone))
        index = {"identities": self.identity_names, "clips": [asdict(c) for c in self._clips]}
        (folder / "clips.json").write_text(json.dumps(index))
