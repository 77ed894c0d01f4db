"""Prepared clips: log-mel, motion and phone labels of many utterances in flat, memory-mapped arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from diffusiontalker.io.atomic import write_text
from diffusiontalker.spec.mel import MelSpec
from training.articulation.phones import BILABIAL, TARGETS
from training.prepared.motion_space import MotionSpace

PHONE_NAMES: tuple[str, ...] = tuple(sorted(TARGETS))
BILABIAL_PHONES = [i for i, name in enumerate(PHONE_NAMES) if name in BILABIAL]
N_MELS = MelSpec().n_mels
FORMAT_VERSION = 2
NO_PHONE = 255  # label of frames whose phone is not known


@dataclass(frozen=True)
class Clip:
    """One utterance in one recording condition, with its motion."""

    utterance: str
    split: str  # train, val or test (data sets may add others, such as test_b)
    speaker: str
    identity: int  # index into ClipSetInfo.identities; -1: none of the library
    emotion: int  # index into ClipSetInfo.emotions
    first_frame: int  # into the flat motion array; the mel array has mel_per_group / frames_per_group as many rows
    n_frames: int  # a whole number of groups, silence before and after included
    speech_frame: int  # first frame of the audio itself, after the leading silence
    speech_frames: int
    # Identity whose own voice speaks (-1: none's) and emotion that it has; None: those of the motion.
    voice_identity: int | None = None
    voice_emotion: int | None = None
    strength: float = 1.0  # of the emotion: 0 as neutral, 1 as the emotion, above 1 beyond it
    shard: int = 0  # position of its folder in the ClipSet


@dataclass(frozen=True)
class ClipSetInfo:
    """What all clips of a folder share. templates, basis and regions of a mesh lie in rig.npz beside clips.json."""

    motion: MotionSpace
    identities: tuple[str, ...]
    emotions: tuple[str, ...] = ("neutral",)
    source: str = ""  # data set, licence, for the bundle's provenance
    extra: dict = field(default_factory=dict)

    def as_dict(self) -> dict:
        return {
            "version": FORMAT_VERSION, "motion": self.motion.as_dict(), "identities": list(self.identities),
            "emotions": list(self.emotions), "source": self.source, "extra": self.extra,
        }  # fmt: skip

    @staticmethod
    def from_dict(values: dict, origin: Path) -> ClipSetInfo:
        if values.get("version") != FORMAT_VERSION:
            raise ValueError(
                f"{origin} is of format {values.get('version')}, expected {FORMAT_VERSION}: prepare it again"
            )
        return ClipSetInfo(
            MotionSpace.from_dict(values["motion"]), tuple(values["identities"]), tuple(values["emotions"]),
            values["source"], values["extra"],
        )  # fmt: skip


_ARRAYS = {"mel": np.float16, "motion": np.float16, "phone": np.uint8}


class ClipSet:
    """Clips of one or several folders, read on demand. mel float16 [., N_MELS], motion float16 [., C], phone uint8."""

    def __init__(self, *folders: Path):
        self.clips: list[Clip] = []
        self.folders = [Path(f) for f in folders]
        self._arrays: list[dict[str, np.ndarray]] = []
        self._places: list[int] | None = None  # of the clips' channels among those of a wider motion
        for shard, folder in enumerate(self.folders):
            path = folder / "clips.json"
            if not path.exists():
                raise FileNotFoundError(f"no {path}: prepare the clips first (training/README.md)")
            index = json.loads(path.read_text())
            info = ClipSetInfo.from_dict(index, path)
            if shard == 0:
                self.info = info
            same = ("motion", "identities", "emotions")
            if any(getattr(info, k) != getattr(self.info, k) for k in same):
                raise ValueError(f"{folder} has another motion, identities or emotions than {folders[0]}")
            self.clips += [Clip(**(c | {"shard": shard})) for c in index["clips"]]
            self._arrays.append({n: self._open(folder, n) for n in _ARRAYS})

    def _open(self, folder: Path, name: str) -> np.ndarray:
        width = {"mel": N_MELS, "motion": self.info.motion.n_channels, "phone": 1}[name]
        path = folder / f"{name}.bin"
        if not path.exists() or not path.stat().st_size:
            raise FileNotFoundError(f"{path} is missing or empty: prepare the clips again")
        flat = np.memmap(path, _ARRAYS[name], mode="r")
        return flat if name == "phone" else flat.reshape(-1, width)

    def widen(self, motion: MotionSpace) -> None:
        """From now on clip_motion gives the channels of `motion`, those that the clips lack at 0.
        Raises ValueError for channels of the clips that `motion` lacks."""
        own = self.info.motion.channels
        missing = set(own) - set(motion.channels)
        if missing or not own:
            raise ValueError(f"the clips move {sorted(missing)[0] if missing else 'vertices'}, which is not wanted")
        self._places = [motion.channels.index(c) for c in own]
        self.info = replace(self.info, motion=motion)

    def of_split(self, split: str) -> list[Clip]:
        return [c for c in self.clips if c.split == split]

    def mel_rows(self, clip: Clip) -> slice:
        mel, frames = self.info.motion.group
        first = clip.first_frame // frames * mel
        return slice(first, first + clip.n_frames // frames * mel)

    def clip_mel(self, clip: Clip) -> np.ndarray:
        return self._arrays[clip.shard]["mel"][self.mel_rows(clip)]

    def clip_motion(self, clip: Clip) -> np.ndarray:
        motion = self._arrays[clip.shard]["motion"][clip.first_frame : clip.first_frame + clip.n_frames]
        if self._places is None:
            return motion
        wide = np.zeros((len(motion), self.info.motion.n_channels), motion.dtype)
        wide[:, self._places] = motion
        return wide

    def clip_phone(self, clip: Clip) -> np.ndarray:
        return self._arrays[clip.shard]["phone"][clip.first_frame : clip.first_frame + clip.n_frames]


class ClipWriter:
    """Appends clips to a folder that ClipSet reads once close() has written its index; works in constant memory.

    Use as a context manager; after an exception no index is written, so a half-made folder is not taken for whole."""

    def __init__(self, folder: Path, info: ClipSetInfo):
        self.folder, self.info = Path(folder), info
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "clips.json").unlink(missing_ok=True)
        self._files = {n: open(self.folder / f"{n}.bin", "wb") for n in _ARRAYS}
        self._clips: list[Clip] = []
        self.n_frames = 0

    def add(
        self, mel: np.ndarray, motion: np.ndarray, phone: Sequence[int] | np.ndarray | None = None, **about
    ) -> None:
        """mel: [m, N_MELS].   motion: [n, C].   phone: [n] indices into PHONE_NAMES, or None.
        about: the remaining fields of Clip. Raises ValueError when lengths disagree or motion is not finite."""
        per_mel, per_frames = self.info.motion.group
        n = len(motion)
        label = np.full(n, NO_PHONE) if phone is None else np.asarray(phone)
        if n % per_frames or len(mel) * per_frames != n * per_mel or len(label) != n:
            raise ValueError(f"clip of {n} frames has {len(mel)} mel frames and {len(label)} phone labels")
        if motion.shape[1] != self.info.motion.n_channels or mel.shape[1] != N_MELS:
            raise ValueError(f"clip has {motion.shape[1]} channels, expected {self.info.motion.n_channels}")
        if not (np.isfinite(motion).all() and np.isfinite(mel).all()):
            raise ValueError(f"{about.get('utterance')} has values that are not finite")
        self._clips.append(Clip(first_frame=self.n_frames, n_frames=n, **about))
        for name, values in (("mel", mel), ("motion", motion), ("phone", label)):
            self._files[name].write(np.ascontiguousarray(values, _ARRAYS[name]).tobytes())
        self.n_frames += n

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        index = self.info.as_dict() | {"clips": [asdict(c) for c in self._clips]}
        write_text(self.folder / "clips.json", json.dumps(index))

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(self, kind, value, trace) -> None:
        if kind is None:
            self.close()
        else:
            for file in self._files.values():
                file.close()


def check_library(path: Path, identities: Sequence[str], emotions: Sequence[str], clips: ClipSet) -> None:
    """Raises ValueError where what `path` holds has other identities or emotions than the clips."""
    if list(identities) != list(clips.info.identities) or list(emotions) != list(clips.info.emotions):
        raise ValueError(f"{path} knows other identities or emotions than the clips: prepare clips with its own")
