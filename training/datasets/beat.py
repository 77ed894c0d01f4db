"""BEAT: 30 actors, eight emotions, 51 ARKit weights (no tongueOut) at 60 fps read as 30.

Raw: a folder per actor with <id>_<name>_<language>_<take>_<take>.json and a wav of the same stem; English monologues
(language 0) are used. Processed: vertices_npy/<actor>_<emotion>_<index>.npy [300, 51] and wav/."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile as sf

from diffusiontalker.spec.rates import FPS
from training.datasets.audio import find_sound, read_sound
from training.datasets.splits import stratified_split
from training.datasets.take import DataError, DataSet, Description, TakeRef, train_speakers
from training.datasets.vertices import load_array
from training.datasets.weights import ALPHABETICAL, WITHOUT_TONGUE, checked_weights, columns, weight_space

EMOTIONS = ("neutral", "happiness", "anger", "sadness", "contempt", "surprise", "fear", "disgust")
# Last take of each emotion, both ends of every range included. The public script leaves the last one out, so that
# takes 64, 72, 80, 86, 94, 102, 110 and 118 come out as neutral there.
LAST_TAKES = (64, 72, 80, 86, 94, 102, 110, 118)
RAW_FPS = 60
ENGLISH = 0


def emotion_of_take(take: int) -> str:
    """Emotion of an English take 0..118. Raises ValueError for any other number."""
    if not 0 <= take <= LAST_TAKES[-1]:
        raise ValueError(f"take {take} is outside 0..{LAST_TAKES[-1]}")
    return next(e for e, last in zip(EMOTIONS, LAST_TAKES, strict=True) if take <= last)


@lru_cache(maxsize=1)  # the pieces of one take are read one after the other
def _weights_of_json(path: Path) -> np.ndarray:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        names, frames = table["names"], [frame["weights"] for frame in table["frames"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is no facial capture with names and frames ({error}): download it again") from error
    if any(len(f) != len(names) for f in frames):
        wrong = next(i for i, f in enumerate(frames) if len(f) != len(names))
        raise DataError(f"{path}: frame {wrong} has {len(frames[wrong])} weights, expected {len(names)}")
    array = np.array(frames, np.float32).reshape(len(frames), len(names))
    return checked_weights(array[:, columns(names, WITHOUT_TONGUE, str(path))], str(path))


class Beat(DataSet):
    kind = "beat"
    licence = "BEAT (pantomatrix.github.io/BEAT), research terms of its authors: see the download page"

    def _open(self) -> None:
        self.processed = (self.root / "vertices_npy").is_dir()
        found = self._list_processed() if self.processed else self._list_raw()
        if not found:
            raise DataError(
                f"{self.root} has neither vertices_npy/*.npy nor <actor>/*.json of English takes: "
                "see training/datasets/README.md"
            )
        splits = stratified_split(found, lambda r: (r.emotion, r.speaker))
        self._refs = [replace(r, split=splits[r.name]) for r in found]

    def describe(self) -> Description:
        return Description(weight_space(WITHOUT_TONGUE), train_speakers(self._refs), EMOTIONS, self.licence)

    def _list_processed(self) -> list[TakeRef]:
        out = []
        for path in sorted((self.root / "vertices_npy").glob("*.npy")):
            match = re.fullmatch(r"(.+)_(\d)_(\d+)", path.stem)
            if not match or int(match[2]) >= len(EMOTIONS):
                raise DataError(f"{path}: name is not <actor>_<emotion 0..7>_<index>: rename it or move it away")
            sound = find_sound(self.root / "wav", path.stem)
            if sound is None:
                self.leave_out(
                    f"{self.root / 'wav' / path.stem}.wav is missing: prepare the take again, or pass --skip-incomplete"
                )
                continue
            out.append(TakeRef(path.stem, match[1], EMOTIONS[int(match[2])], "", (path, sound, 0.0, None)))
        return out

    def _list_raw(self) -> list[TakeRef]:
        out = []
        for folder in sorted(p for p in self.root.iterdir() if p.is_dir()):
            takes = sorted((self._take_number(p), p) for p in folder.glob("*.json") if self._language(p) == ENGLISH)
            index = 0
            for number, path in takes:
                sound = find_sound(folder, path.stem)
                if sound is None:
                    self.leave_out(f"{path.with_suffix('.wav')} is missing: download it, or pass --skip-incomplete")
                    continue
                emotion = emotion_of_take(number)
                for start_s, length_s in self._cuts(path, sound):
                    index += 1
                    name = f"{folder.name}_{EMOTIONS.index(emotion)}_{index:02d}"
                    out.append(TakeRef(name, folder.name, emotion, "", (path, sound, start_s, length_s)))
        return out

    def _tokens(self, path: Path) -> list[str]:
        tokens = path.stem.split("_")
        if len(tokens) < 4 or not (tokens[2].isdigit() and tokens[3].isdigit()):
            raise DataError(f"{path}: name is not <id>_<name>_<language>_<take>_<take>: rename it or move it away")
        return tokens

    def _language(self, path: Path) -> int:
        return int(self._tokens(path)[2])

    def _take_number(self, path: Path) -> int:
        number = int(self._tokens(path)[3])
        if number > LAST_TAKES[-1]:
            raise DataError(f"{path}: take {number} is outside 0..{LAST_TAKES[-1]}: rename it or move it away")
        return number

    def _cuts(self, path: Path, sound: Path) -> list[tuple[float, float | None]]:
        """Start and length in seconds of the pieces; the rest that fills no piece is dropped, as in the public code."""
        if not self.options.cut_s:
            return [(0.0, None)]
        # Counting the key is enough for the length and far faster than parsing every take before the first is used.
        n_frames = path.read_bytes().count(b'"weights"')
        try:
            n_samples, rate = sf.info(sound).frames, sf.info(sound).samplerate
        except (sf.LibsndfileError, RuntimeError) as error:
            raise DataError(f"{sound} cannot be read as audio ({error}): download it again") from error
        if not abs(n_samples / rate - n_frames / RAW_FPS) * FPS <= self.options.length_tolerance:
            raise DataError(
                f"{path}: motion lasts {n_frames / RAW_FPS:.2f} s and its audio {n_samples / rate:.2f} s, more than "
                f"{self.options.length_tolerance:g} frames apart: replace one, or pass --length-tolerance"
            )
        # A piece may end in the tolerated gap, where its audio or motion is short by so much.
        n_cuts = int(min(n_frames / RAW_FPS, n_samples / rate) // self.options.cut_s)
        return [(float(i * self.options.cut_s), float(self.options.cut_s)) for i in range(n_cuts)]

    def read_motion(self, ref: TakeRef) -> np.ndarray:
        path, _, start_s, length_s = ref.where
        if self.processed:
            array = load_array(path)
            if array.ndim != 2 or array.shape[1] != len(WITHOUT_TONGUE) or not len(array):
                raise DataError(f"{path} has shape {array.shape}, expected (300, {len(WITHOUT_TONGUE)}): make it again")
            return checked_weights(array[:, columns(ALPHABETICAL, WITHOUT_TONGUE, str(path))], str(path))
        frames = _weights_of_json(path)
        first = round(start_s * RAW_FPS)
        last = len(frames) if length_s is None else first + round(length_s * RAW_FPS)
        return frames[first : last : RAW_FPS // FPS]

    def read_audio(self, ref: TakeRef) -> np.ndarray:
        _, sound, start_s, length_s = ref.where
        return read_sound(sound, start_s, length_s)
