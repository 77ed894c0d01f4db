"""Animates one input and judges what came of it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.inputs.forms import Form
from benchmarks.inputs.kinds import Clip, Kind
from benchmarks.inputs.places import Place, animated
from diffusiontalker.api.model import Model
from diffusiontalker.errors import InputError
from diffusiontalker.head import head_of, in_head_order, lip_opening

SEED = 0  # the default is made of the sound, and would be another one for every codec


@dataclass(frozen=True)
class Result:
    """faults: what is not as it should be; [] is right.   frames: made and expected; None where it was refused."""

    name: str
    faults: list[str]
    frames: tuple[int, int] | None
    r: float | None
    said: str
    seconds: float = 0.0


class Judge:
    """A model, a recording, and the lip gap of its clean take."""

    def __init__(self, model: Model, clip: Clip):
        self.model, self.clip = model, clip
        self._clean = self.lip_gap(model.animate(clip.samples, clip.rate, seed=SEED))

    def lip_gap(self, anim) -> np.ndarray:
        head = head_of(anim)
        return lip_opening(head, in_head_order(head, anim.channels, np.asarray(anim.weights)))

    def of_kind(self, kind: Kind, folder: Path) -> Result:
        """Writes the file, animates it, and compares frames, lips and words with what the kind expects."""
        path = folder / f"kind{kind.ending}"
        path.write_bytes(kind.make(self.clip))
        return self._judged(kind, lambda: self.model.animate(path, seed=SEED, **kind.options))

    def of_form(self, form: Form, folder: Path) -> Result:
        audio, rate = form.make(self.clip, folder)
        kind = Kind(form.name, lambda _: b"", share=0 if form.says else 1, says=form.says)
        return self._judged(kind, lambda: self.model.animate(audio, rate, seed=SEED))

    def of_place(self, place: Place, folder: Path, data: bytes, options: list[str]) -> Result:
        """Runs the command line."""
        started = time.perf_counter()
        done = animated(place, folder, data, [*options, "--seed", str(SEED)])
        seconds = time.perf_counter() - started
        lines = [line for line in done.stderr.splitlines() if line.startswith(("error: ", "warning: "))]
        said = " ".join(lines)
        if place.says:
            right = done.returncode in (3, 6) and place.says in said and len(lines) == 1
            faults = [] if right else [f"ended with {done.returncode}: {done.stderr}"]
            return Result(place.name, faults, None, None, said, seconds)
        if done.returncode or said:
            return Result(place.name, [f"ended with {done.returncode}: {done.stderr}"], None, None, said, seconds)
        with np.load(folder / "out.npz") as saved:
            weights = saved["weights"]
        anim = replace(self.model.animation(weights))
        expected = math.ceil(self.clip.duration_s * self.model.fps)
        return self._compared(Kind(place.name, lambda _: b""), anim, expected, said, seconds)

    def _judged(self, kind: Kind, animate) -> Result:
        started = time.perf_counter()
        with _warnings() as said:
            try:
                anim = animate()
            except InputError as e:
                said.append(str(e))
                anim = None
        seconds = time.perf_counter() - started
        text = " ".join(said)
        if anim is None or not kind.share:
            right = anim is None and not kind.share and kind.says in text and "\n" not in text
            faults = [] if right else ["was refused" if anim is None else "was not refused"]
            return Result(kind.name, faults, None, None, text, seconds)
        expected = math.ceil(kind.share * self.clip.duration_s * self.model.fps)
        return self._compared(kind, anim, expected, text, seconds)

    def _compared(self, kind: Kind, anim, expected: int, said: str, seconds: float) -> Result:
        gap = self.lip_gap(anim)
        r = self._best_r(gap, kind.late_frames)
        faults = []
        # What is cut off ends somewhere near; what is whole has every frame, and those that a codec adds.
        loose = max(4, expected // 3) if "cut off" in kind.says else kind.early_frames
        if not expected - loose <= anim.n_frames <= expected + kind.late_frames + loose * bool(kind.says):
            faults.append(f"{anim.n_frames} frames instead of {expected}")
        if not r >= kind.least_r:
            faults.append(f"lips follow with r = {r:.2f} only")
        if (kind.says not in said) or bool(said) != bool(kind.says):
            faults.append(f'said "{said}"')
        return Result(kind.name, faults, (anim.n_frames, expected), r, said, seconds)

    def _best_r(self, gap: np.ndarray, most_late: int) -> float:
        """Correlation of the lip gap with that of the clean take; codecs may delay the sound by some frames."""
        best = -1.0
        for late in range(most_late + 1):
            n = min(len(gap) - late, len(self._clean))
            if n > 10 and np.std(gap[late : late + n]) > 0:
                best = max(best, float(np.corrcoef(gap[late : late + n], self._clean[:n])[0, 1]))
        return best


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """The warnings of the logger "diffusiontalker" meanwhile."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("diffusiontalker")
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
