"""3D-ETF (EmoTalk): 52 ARKit weights at 30 fps, by alphabet, of RAVDESS (24 actors) and HDTF (found speakers).

Parts lie in the root itself or in RAVDESS, HDTF, D4_RAVDESS, D3_HDTF under it (also in D3D4_3DETF/ or 3DETF/). A part
is either <vertices_npy or blendshape>/*.npy with <wav or audio>/ of the same stems, or UniTalker's train.json, val.json
and test.json with the paths of each take."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.datasets.audio import find_sound, read_sound, to_mono_16k
from training.datasets.splits import stratified_split
from training.datasets.take import DataError, DataSet, Description, TakeRef, train_speakers
from training.datasets.vertices import load_array
from training.datasets.weights import ALPHABETICAL, checked_weights, columns, weight_space

PARTS = ("", "RAVDESS", "HDTF", "D4_RAVDESS", "D3_HDTF")
WRAPPERS = ("", "D3D4_3DETF", "3DETF", "3D-ETF")
# Third field of a RAVDESS name, 01 to 08; takes of HDTF carry no label.
RAVDESS_EMOTIONS = ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
UNLABELLED = "unlabelled"
SPLITS = ("train", "val", "test")


def speaker_and_emotion(stem: str) -> tuple[str, str]:
    """From a RAVDESS name (modality-channel-emotion-intensity-statement-repetition-actor), or the part of an HDTF name
    before its running number."""
    match = re.fullmatch(r"\d\d-\d\d-(\d\d)-\d\d-\d\d-\d\d-(\d\d)(?:_\d+)?", stem)
    if match and 1 <= int(match[1]) <= len(RAVDESS_EMOTIONS):
        return f"actor_{match[2]}", RAVDESS_EMOTIONS[int(match[1]) - 1]
    return re.sub(r"_\d+$", "", stem) or stem, UNLABELLED


class Etf(DataSet):
    kind = "3d-etf"
    licence = "3D-ETF (EmoTalk), under agreement with its authors: research only, not to be passed on"

    def _open(self) -> None:
        found: list[TakeRef] = []
        for wrapper in WRAPPERS:
            for part in PARTS:
                found += self._list_part(self.root / wrapper / part, part)
        if not found:
            raise DataError(
                f"{self.root} has no vertices_npy/, blendshape/ or train.json, in itself or in RAVDESS/ and HDTF/: "
                "see training/datasets/README.md"
            )
        # Takes of lists keep their split; the others have none that was published.
        open_ones = [r for r in found if not r.split]
        splits = stratified_split(open_ones, lambda r: (r.emotion, r.speaker)) if open_ones else {}
        self._refs = sorted((replace(r, split=r.split or splits[r.name]) for r in found), key=lambda r: r.name)
        names = [r.name for r in self._refs]
        twice = next((a for a, b in itertools.pairwise(names) if a == b), None)
        if twice:
            raise DataError(f"{self.root}: take {twice} is there twice: move one copy away")

    def describe(self) -> Description:
        emotions = (*RAVDESS_EMOTIONS, UNLABELLED)
        return Description(weight_space(ARKIT_CHANNELS), train_speakers(self._refs), emotions, self.licence)

    def _list_part(self, folder: Path, part: str) -> list[TakeRef]:
        if not folder.is_dir():
            return []
        lists = [(s, folder / f"{s}.json") for s in SPLITS if (folder / f"{s}.json").is_file()]
        if lists:
            return [ref for split, path in lists for ref in self._list_json(path, split)]
        out = []
        for name in ("vertices_npy", "blendshape"):
            for path in sorted((folder / name).glob("*.npy")):
                sound = find_sound(folder / "wav", path.stem) or find_sound(folder / "audio", path.stem)
                if sound is None:
                    where = folder / ("wav" if name == "vertices_npy" else "audio") / f"{path.stem}.wav"
                    self.leave_out(f"{where} is missing: every take needs its audio, or pass --skip-incomplete")
                    continue
                speaker, emotion = speaker_and_emotion(path.stem)
                prefix = f"{part}_" if part else ""
                out.append(TakeRef(prefix + path.stem, speaker, emotion, "", (path, sound)))
        return out

    def _list_json(self, path: Path, split: str) -> list[TakeRef]:
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            names, rows = table["info"]["id_list"], table["data"]
            rows = [(r["annot_path"], r["audio_path"], names[r["id"]]) for r in rows]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise DataError(f"{path} is no list with info.id_list and data ({error!r}): download it again") from error
        out = []
        for motion, sound, speaker in rows:
            files = path.parent / motion, path.parent / sound
            missing = next((f for f in files if not f.is_file()), None)
            if missing:
                self.leave_out(f"{missing}, named by {path}, is missing: download it, or pass --skip-incomplete")
                continue
            emotion = speaker_and_emotion(Path(motion).stem)[1]
            name = f"{path.parent.name}_{Path(motion).stem}"
            out.append(TakeRef(name, str(speaker), emotion, split, files))
        return out

    def read_motion(self, ref: TakeRef) -> np.ndarray:
        path = ref.where[0]
        array = load_array(path)
        if array.ndim != 2 or array.shape[1] != len(ALPHABETICAL) or not len(array):
            raise DataError(f"{path} has shape {array.shape}, expected (frames, 52): is it of another data set?")
        return checked_weights(array[:, columns(ALPHABETICAL, ARKIT_CHANNELS, str(path))], str(path))

    def read_audio(self, ref: TakeRef) -> np.ndarray:
        path = ref.where[1]
        if path.suffix == ".npy":  # UniTalker's lists may name sound that was resampled already
            return to_mono_16k(load_array(path), SAMPLE_RATE_HZ, str(path))
        return read_sound(path)
