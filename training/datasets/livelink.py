"""Live Link Face takes: <stem>.csv (52 weights with capitalised names, head and eye rotations) and audio of that stem.

Folders under the root are the speakers (takes in the root itself are of one speaker), or takes.json names speaker,
emotion and split per stem. Timecodes are on the app's clock of 60 or 30 fps and may skip frames; motion comes out on a
regular 30 fps grid that starts with the first row."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.rates import FPS
from training.datasets.audio import find_sound, read_sound
from training.datasets.splits import stratified_split
from training.datasets.take import DataError, DataSet, Description, TakeRef, train_speakers
from training.datasets.weights import checked_weights, columns, weight_space

MAX_GAP_S = 0.5  # longer than a blink and a syllable: what was lost cannot be guessed
DAY_S = 86400.0
SPLITS = ("train", "val", "test")
SIDE_FILES = ("_cal", "_neutral", "_raw")  # companions that the app writes beside a take


def parse_timecodes(codes: list[str], origin: str) -> np.ndarray:
    """Seconds since the first row of hh:mm:ss:ff.fff, float64 [n], not yet checked for order.

    ff counts the app's frames: 60 per second when any is above 29 or the take is too short to tell, else 30."""
    parts = []
    for code in codes:
        match = re.fullmatch(r"(\d+):(\d+):(\d+):(\d+(?:\.\d*)?)", code.strip())
        if not match or float(match[4]) >= 60:
            raise DataError(f"{origin}: timecode {code!r} is not hh:mm:ss:ff.fff: export the take again")
        parts.append([float(x) for x in match.groups()])
    hours, minutes, seconds, frames = np.array(parts, np.float64).reshape(-1, 4).T
    whole = hours * 3600 + minutes * 60 + seconds
    long_enough = np.ptp(whole) >= 2
    rate = 30.0 if long_enough and frames.max() < 30 else 60.0
    times = whole + frames / rate
    times = times + DAY_S * np.cumsum(np.r_[False, np.diff(times) < -DAY_S / 2])  # over midnight
    return times - times[0]


def resample_to_grid(times: np.ndarray, weights: np.ndarray, origin: str) -> np.ndarray:
    """weights [n, C] at increasing times (s) -> float32 [m, C] at 30 fps by linear interpolation; dropped frames are
    bridged. Raises DataError when time runs backwards or a gap is longer than MAX_GAP_S."""
    step = np.diff(times)
    if (step < 0).any():
        at = times[int(np.argmax(step < 0))]
        raise DataError(f"{origin}: time runs backwards {at:.2f} s after the start: export the take again")
    if (step > MAX_GAP_S).any():
        row = int(np.argmax(step > MAX_GAP_S))
        raise DataError(
            f"{origin}: {step[row]:.2f} s are missing {times[row]:.2f} s after the start, more than {MAX_GAP_S} s: "
            "cut the take there"
        )
    keep = np.r_[True, step > 0]  # a repeated timecode is the same frame sent twice
    times, weights = times[keep], weights[keep]
    # The last row is shown for one more interval, so that a whole take of 60 fps gives half as many frames.
    interval = float(np.median(np.diff(times))) if len(times) > 1 else 1 / 60
    grid = np.arange(max(1, round((times[-1] + interval) * FPS))) / FPS
    return np.stack([np.interp(grid, times, c) for c in weights.T], axis=1).astype(np.float32)


def read_csv(path: Path) -> np.ndarray:
    """Weights of a take, float32 [n, 52] in the order of ARKIT_CHANNELS at 30 fps."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [r for r in csv.reader(file) if any(x.strip() for x in r)]
    if len(rows) < 2 or rows[0][0].strip().lower() != "timecode":
        raise DataError(f"{path} is no Live Link Face take, which begins with Timecode and rows: export it again")
    index = columns([name.strip() for name in rows[0]], ARKIT_CHANNELS, str(path))
    # Rows without a face have a count of 0 and no values: they are dropped frames too.
    seen = [r for r in rows[1:] if len(r) > max(index) and all(r[i].strip() for i in index)]
    short = [r for r in rows[1:] if len(r) <= max(index) and r[1:2] != ["0"]]
    if short:
        raise DataError(f"{path}: row {rows.index(short[0])} has {len(short[0])} columns, expected {len(rows[0])}")
    if not seen:
        raise DataError(f"{path} has no row with a tracked face: record the take again")
    try:
        weights = np.array([[float(r[i]) for i in index] for r in seen], np.float64)
    except ValueError as error:
        raise DataError(f"{path} holds a weight that is no number ({error}): export the take again") from error
    checked_weights(weights, str(path))
    # Time counts from the first row even if the face came later, because the audio does.
    times = parse_timecodes([rows[1][0], *(r[0] for r in seen)], str(path))[1:]
    if times[0] > MAX_GAP_S:
        raise DataError(f"{path}: the face is tracked only from {times[0]:.2f} s on: cut the start of the take")
    return resample_to_grid(np.r_[0.0, times], np.concatenate([weights[:1], weights]), str(path))


def _is_side_file(path: Path) -> bool:
    main = (path.with_name(path.stem.removesuffix(s) + ".csv") for s in SIDE_FILES if path.stem.endswith(s))
    return any(p.exists() for p in main)


def _sound_of(path: Path) -> Path | None:
    """Audio of the take's stem; a calibrated take that lies alone has the sound of the plain one."""
    plain = next((path.stem.removesuffix(s) for s in SIDE_FILES if path.stem.endswith(s)), path.stem)
    return find_sound(path.parent, path.stem) or find_sound(path.parent, plain)


class LiveLink(DataSet):
    kind = "livelink"
    licence = "Live Link Face takes: your own recordings, on the terms you agreed with the speakers"

    def _open(self) -> None:
        labels = self._labels()
        found = []
        for path in sorted(self.root.rglob("*.csv")):
            if _is_side_file(path):
                continue
            sound = _sound_of(path)
            if sound is None:
                self.leave_out(
                    f"{path.with_suffix('.wav')} is missing: extract the sound of the take's video (ffmpeg -i "
                    f"{path.stem}.mov {path.stem}.wav), or pass --skip-incomplete"
                )
                continue
            about = labels.get(path.stem, {})
            folders = path.relative_to(self.root).parts[:-1]
            speaker = str(about.get("speaker", folders[0] if folders else "speaker"))
            name = "_".join((*folders, path.stem))
            found.append(TakeRef(name, speaker, about.get("emotion", "neutral"), about.get("split", ""), (path, sound)))
        if not found:
            raise DataError(f"{self.root} has no take, which is a .csv with audio of the same stem")
        open_ones = [r for r in found if not r.split]
        splits = stratified_split(open_ones, lambda r: (r.emotion, r.speaker)) if open_ones else {}
        self._refs = [replace(r, split=r.split or splits[r.name]) for r in found]

    def _labels(self) -> dict[str, dict]:
        path = self.root / "takes.json"
        if not path.exists():
            return {}
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            wrong = next((s for s, v in table.items() if v.get("split", "train") not in SPLITS), None)
        except (ValueError, AttributeError) as error:
            raise DataError(f"{path} is not stem -> speaker, emotion, split ({error}): correct it") from error
        if wrong:
            raise DataError(f"{path}: split of {wrong} is none of {', '.join(SPLITS)}: correct it")
        return table

    def describe(self) -> Description:
        emotions = tuple(sorted({r.emotion for r in self._refs}))
        return Description(weight_space(ARKIT_CHANNELS), train_speakers(self._refs), emotions, self.licence)

    def read_motion(self, ref: TakeRef) -> np.ndarray:
        return read_csv(ref.where[0])

    def read_audio(self, ref: TakeRef) -> np.ndarray:
        return read_sound(ref.where[1])
