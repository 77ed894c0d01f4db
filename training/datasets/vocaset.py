"""VOCASET: 12 subjects, 40 sentences, FLAME meshes of 5023 vertices in metres, 60 fps read as 30.

Raw download: data_verts.npy, raw_audio_fixed.pkl, templates.pkl, subj_seq_to_idx.pkl. Processed: vertices_npy/, wav/,
templates.pkl. Both hold absolute positions at 60 fps."""

from __future__ import annotations

import re

import numpy as np

from diffusiontalker.spec.rates import FPS
from training.datasets.audio import to_mono_16k
from training.datasets.pickles import load_pickle
from training.datasets.splits import VOCASET_SPEAKERS, vocaset_split
from training.datasets.take import DataError, TakeRef
from training.datasets.vertices import VertexSet, load_array

RAW_FILES = ("data_verts.npy", "raw_audio_fixed.pkl", "subj_seq_to_idx.pkl")


class Vocaset(VertexSet):
    kind = "vocaset"
    licence = "VOCASET (voca.is.tue.mpg.de), MPI licence: non-commercial scientific research only, not to be passed on"
    n_vertices, fps, step = 5023, FPS, 2

    def parse(self, stem: str, origin: str) -> tuple[str, str | None]:
        match = re.fullmatch(r"(.+)_sentence(\d\d)", stem)
        if not match or not 1 <= int(match[2]) <= 40:
            raise DataError(f"{origin}: name is not <subject>_sentence01..40: rename it or move it away")
        try:
            return match[1], vocaset_split(match[1], int(match[2]))
        except KeyError:
            known = ", ".join(s for speakers in VOCASET_SPEAKERS.values() for s in speakers)
            raise DataError(f"{origin}: unknown subject {match[1]}, expected one of {known}") from None

    def _is_raw(self) -> bool:
        return any((self.root / name).exists() for name in RAW_FILES)

    def _raw_sign(self) -> str:
        return ", ".join(RAW_FILES)

    def _list(self) -> list[TakeRef]:
        if not self.raw:
            return self._list_files()
        for name in RAW_FILES:
            if not (self.root / name).is_file():
                raise DataError(f"{self.root / name} is missing: the raw download has {', '.join(RAW_FILES)}")
        self._vertices = load_array(self.root / RAW_FILES[0])
        if self._vertices.ndim != 3 or self._vertices.shape[1:] != (self.n_vertices, 3):
            raise DataError(
                f"{self.root / RAW_FILES[0]} has shape {self._vertices.shape}, expected (frames, {self.n_vertices}, 3)"
            )
        # The audio of all takes is one pickle of about 100 MB, which has to be held as a whole.
        self._audio = load_pickle(self.root / RAW_FILES[1])
        self._frames = load_pickle(self.root / RAW_FILES[2])
        for name, table in (RAW_FILES[1], self._audio), (RAW_FILES[2], self._frames):
            if not isinstance(table, dict) or not all(isinstance(v, dict) for v in table.values()):
                raise DataError(f"{self.root / name} is not subject -> sentence -> data: download it again")
        return self._list_raw()

    def _list_raw(self) -> list[TakeRef]:
        path = self.root / RAW_FILES[2]
        out = []
        for subject, sentences in sorted(self._frames.items()):
            for sentence in sorted(sentences):
                name = f"{subject}_{sentence}"
                _, split = self.parse(name, str(path))
                if split is None:
                    continue
                if sentence not in self._audio.get(subject, {}):
                    self.leave_out(
                        f"{self.root / RAW_FILES[1]} lacks the audio of {name}: get it again, or pass --skip-incomplete"
                    )
                    continue
                out.append(self.ref(name, subject, split, (subject, sentence)))
        return out

    def read_positions(self, ref: TakeRef) -> tuple[np.ndarray, str]:
        if not self.raw:
            return super().read_positions(ref)
        subject, sentence = ref.where
        path = self.root / RAW_FILES[2]
        table = self._frames[subject][sentence]
        # Dictionaries of Python 2 have no order of their own, so frames are sorted by number.
        rows = np.array([table[frame] for frame in sorted(table)][:: self.step], np.int64)
        if not rows.size:
            raise DataError(f"{path}: {ref.name} has no frames: download it again")
        if rows.min() < 0 or rows.max() >= len(self._vertices):
            raise DataError(
                f"{path}: {ref.name} uses frame {rows.max()} of data_verts.npy, which has {len(self._vertices)}: "
                "download both again"
            )
        return self._vertices[rows].reshape(len(rows), -1), f"{self.root / RAW_FILES[0]}, {ref.name}"

    def read_audio(self, ref: TakeRef) -> np.ndarray:
        if not self.raw:
            return super().read_audio(ref)
        subject, sentence = ref.where
        origin = f"{self.root / RAW_FILES[1]}, {ref.name}"
        entry = self._audio[subject][sentence]
        if not isinstance(entry, dict) or not {"audio", "sample_rate"} <= entry.keys():
            raise DataError(f"{origin}: no 'audio' and 'sample_rate': download it again")
        return to_mono_16k(entry["audio"], float(entry["sample_rate"]), origin)
