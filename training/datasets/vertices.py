"""Meshes of one topology: `vertices_npy/<subject>_<sentence>.npy` with `wav/` of the same stems, and templates.pkl."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffusiontalker.spec.rates import FPS
from training.datasets.audio import find_sound, read_sound
from training.datasets.pickles import load_pickle
from training.datasets.regions import read_regions
from training.datasets.take import DataError, DataSet, Description, TakeRef, train_speakers
from training.prepared.motion_space import MotionSpace

# A first frame further from its template than this share of the head's size was scaled or placed in another way.
MAX_TEMPLATE_DISTANCE = 0.25


class VertexSet(DataSet):
    """What VOCASET and BIWI share. Subclasses state the constants and how a file name is read."""

    n_vertices = 0
    fps = FPS
    step = 1  # every step-th frame of the file is used
    emotion = "neutral"
    unit_m = 1.0

    def _open(self) -> None:
        self.raw = self._is_raw()
        if not self.raw and not (self.root / "vertices_npy").is_dir():
            raise DataError(f"{self.root} has neither vertices_npy/ nor {self._raw_sign()}: {self._layout_help()}")
        self._templates = self._load_templates()
        self._regions = read_regions(self.root, self.n_vertices)
        self._refs = self._list()
        if not self._refs:
            raise DataError(f"{self.root} has no take of the published split: see training/datasets/README.md")

    def parse(self, stem: str, origin: str) -> tuple[str, str | None]:
        """Subject and split of a file stem; None for a sentence that the split leaves out."""
        raise NotImplementedError

    def _is_raw(self) -> bool:
        return False

    def _raw_sign(self) -> str:
        raise NotImplementedError

    def _layout_help(self) -> str:
        return "see the layouts in training/datasets/README.md"

    def describe(self) -> Description:
        space = MotionSpace("vertices", 3 * self.n_vertices, (), self.fps, 1)
        return Description(space, train_speakers(self._refs), (self.emotion,), self.licence, self.unit_m)

    def templates(self) -> dict[str, np.ndarray]:
        return self._templates

    def regions(self) -> dict[str, np.ndarray]:
        return self._regions

    def _load_templates(self) -> dict[str, np.ndarray]:
        path = self.root / "templates.pkl"
        table = load_pickle(path)
        if not isinstance(table, dict):
            raise DataError(f"{path} holds a {type(table).__name__}, expected subject -> vertices: download it again")
        return {str(name): self.check_template(value, f"{path}, {name}") for name, value in table.items()}

    def check_template(self, value, origin: str) -> np.ndarray:
        array = np.asarray(value)
        if array.size != 3 * self.n_vertices or array.dtype.kind not in "fiu":
            raise DataError(f"{origin}: template has shape {array.shape}, expected ({self.n_vertices}, 3)")
        if not np.isfinite(array).all():
            raise DataError(f"{origin}: template has values that are not finite: download it again")
        return array.reshape(-1, 3).astype(np.float32)

    def _list(self) -> list[TakeRef]:
        return self._list_files()

    def _list_files(self) -> list[TakeRef]:
        stems = {p.stem for p in (self.root / "vertices_npy").glob("*.npy")}
        sounds = {p.stem for p in (self.root / "wav").glob("*.wav")} if (self.root / "wav").is_dir() else set()
        known = []
        for stem in sorted(stems | sounds):
            origin = self.root / ("vertices_npy" if stem in stems else "wav") / stem
            subject, split = self.parse(stem, str(origin))
            if split is not None:
                known.append((stem, subject, split))
        whole = [k for k in known if k[0] in stems and k[0] in sounds]
        if len(whole) < len(known):
            stem = next(k[0] for k in known if k not in whole)
            lacking = Path("wav", f"{stem}.wav") if stem in stems else Path("vertices_npy", f"{stem}.npy")
            self.leave_out(f"{self.root / lacking} is missing: prepare the take again, or pass --skip-incomplete")
        return [self.ref(*k) for k in whole]

    def ref(self, name: str, subject: str, split: str, where: tuple = ()) -> TakeRef:
        if subject not in self._templates:
            raise DataError(f"{self.root / 'templates.pkl'} has no template of {subject}, whom {name} needs")
        return TakeRef(name, subject, self.emotion, split, where)

    def read_audio(self, ref: TakeRef) -> np.ndarray:
        return read_sound(find_sound(self.root / "wav", ref.name) or self.root / "wav" / f"{ref.name}.wav")

    def read_positions(self, ref: TakeRef) -> tuple[np.ndarray, str]:
        """Absolute positions [n, 3 V] at the frame rate of the description, and what to call them in messages."""
        path = self.root / "vertices_npy" / f"{ref.name}.npy"
        array = load_array(path)
        width = 3 * self.n_vertices
        if array.ndim == 3:
            array = array.reshape(len(array), -1)
        if array.ndim != 2 or array.shape[1] != width or not len(array):
            raise DataError(f"{path} has shape {array.shape}, expected (frames, {width}): is it of another mesh?")
        return array[:: self.step], str(path)

    def read_motion(self, ref: TakeRef) -> np.ndarray:
        positions, origin = self.read_positions(ref)
        template = self._templates[ref.speaker]
        motion = np.subtract(positions, template.reshape(-1), dtype=np.float32)
        check_finite(motion, origin)
        size = float(np.linalg.norm(np.ptp(template, axis=0)))
        distance = float(np.linalg.norm(motion[0].reshape(-1, 3), axis=1).mean())
        if not distance <= MAX_TEMPLATE_DISTANCE * size:
            raise DataError(
                f"{origin} starts {distance / max(size, 1e-12):.2g} head sizes from the template of {ref.speaker}, "
                "expected less than 0.25: positions and templates must be absolute and normalised in the same way"
            )
        return motion


def load_array(path: Path) -> np.ndarray:
    """A memory-mapped .npy of plain numbers."""
    if not path.is_file():
        raise DataError(f"{path} is missing: prepare the take again, or pass --skip-incomplete")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as an array ({error}): download or prepare it again") from error
    if array.dtype.kind not in "fiu":
        raise DataError(f"{path} holds {array.dtype}, expected numbers: download or prepare it again")
    return array


def check_finite(motion: np.ndarray, origin: str) -> None:
    if not np.isfinite(motion).all():
        frame, channel = (int(i) for i in np.argwhere(~np.isfinite(motion))[0])
        raise DataError(
            f"{origin} has a value that is not finite in frame {frame}, number {channel}: "
            "download it again or leave the take out"
        )
