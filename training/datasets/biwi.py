"""BIWI, the 3D Audiovisual Corpus of Affective Communication: 14 subjects, 23370 vertices, 25 fps, sentences e01-e40.

Processed: vertices_npy/F2_e01.npy, wav/F2_e01.wav, templates.pkl. Raw download, unpacked: faces/F2/e01/frame_001.vl,
rigid_scans/F2.obj, and the sound of videos/ as wav/F2_e01.wav (or rest.tgz's audio/F2_e01_cut.wav)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from training.datasets.audio import find_sound, read_sound
from training.datasets.biwi_scans import normalise, read_obj, read_vl
from training.datasets.splits import BIWI_SEEN, BIWI_UNSEEN, biwi_split
from training.datasets.take import DataError, TakeRef
from training.datasets.vertices import VertexSet


class Biwi(VertexSet):
    kind = "biwi"
    licence = "BIWI B3D(AC)^2 (data.vision.ee.ethz.ch/cvl), on request: research only, not to be passed on"
    n_vertices, fps, emotion = 23370, 25, "emotional"
    # Positions are divided by the square root of the mesh's area; a captured face has about (0.2 m)^2 of it.
    unit_m = 0.2

    def parse(self, stem: str, origin: str) -> tuple[str, str | None]:
        match = re.fullmatch(r"(.+)_(e?)(\d\d)", stem)
        if not match:
            raise DataError(f"{origin}: name is not <subject>_e01..e40: rename it or move it away")
        try:
            split = biwi_split(match[1], int(match[3]))
        except KeyError:
            known = ", ".join(sorted(BIWI_SEEN + BIWI_UNSEEN))
            raise DataError(f"{origin}: unknown subject {match[1]}, expected one of {known}") from None
        return match[1], split if match[2] else None  # without the e: the neutral half, which nobody uses

    def _is_raw(self) -> bool:
        return not (self.root / "vertices_npy").is_dir() and (self.root / "faces").is_dir()

    def _raw_sign(self) -> str:
        return "faces/ with rigid_scans/"

    def _load_templates(self) -> dict[str, np.ndarray]:
        if not self.raw:
            return super()._load_templates()
        paths = sorted((self.root / "rigid_scans").glob("*.obj"))
        if not paths:
            raise DataError(f"{self.root / 'rigid_scans'} has no .obj file: unpack rigid_scans of the download")
        out = {}
        for path in paths:
            vertices, self._triangles = read_obj(path)
            self.check_template(vertices, str(path))
            out[path.stem] = normalise(vertices, self._triangles).astype(np.float32)
        return out

    def _list(self) -> list[TakeRef]:
        if not self.raw:
            return self._list_files()
        out = []
        for subject in sorted(p for p in (self.root / "faces").iterdir() if p.is_dir()):
            for folder in sorted(p for p in subject.iterdir() if p.is_dir()):
                name = f"{subject.name}_{folder.name}"
                _, split = self.parse(name, str(folder))
                if split is None:
                    continue
                sound = find_sound(self.root / "wav", name) or find_sound(self.root / "audio", f"{name}_cut")
                if sound is None:
                    self.leave_out(
                        f"{self.root / 'wav' / name}.wav is missing: ffmpeg -i videos/{name}.flv -ar 44100 "
                        f"wav/{name}.wav makes it, or pass --skip-incomplete"
                    )
                    continue
                out.append(self.ref(name, subject.name, split, (folder, sound)))
        return out

    def read_positions(self, ref: TakeRef) -> tuple[np.ndarray, str]:
        if not self.raw:
            return super().read_positions(ref)
        folder: Path = ref.where[0]
        paths = sorted(folder.glob("*.vl"))
        if not paths:
            raise DataError(f"{folder} has no .vl file: unpack faces/{ref.speaker}/{folder.name}.tar into it")
        frames = [normalise(read_vl(p, self.n_vertices), self._triangles) for p in paths]
        return np.stack(frames).reshape(len(frames), -1), str(folder)

    def read_audio(self, ref: TakeRef) -> np.ndarray:
        return read_sound(ref.where[1]) if self.raw else super().read_audio(ref)
