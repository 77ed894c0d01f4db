"""Errors against float32, and the limits they must keep.

Limits: another float32 may differ by PARITY, the project's stated limit. Float16 may err at most FACTOR times as much
as PyTorch in float16 does, in the mean square and at the worst element, after Dao's FlashAttention tests: an error that
the framework itself makes in that type is no fault of ours, and a wrong type or a wrong kernel is far beyond it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from diffusiontalker.head import lip_gap, load_head
from trt_build.verify.parts import NETWORKS, OUTPUTS, Parts, Recorder

PARITY, FACTOR = 1e-4, 2.0
CLOSED = 0.03  # interocular distances, of the project's scores


@dataclass(frozen=True)
class Error:
    """Of one tensor or of the frames: root mean square and greatest difference, and those that are allowed."""

    what: str
    rms: float
    worst: float
    rms_limit: float
    worst_limit: float

    @property
    def kept(self) -> bool:
        """False for NaN."""
        return self.rms <= self.rms_limit and self.worst <= self.worst_limit

    def as_dict(self) -> dict:
        return asdict(self) | {"kept": self.kept}


@dataclass(frozen=True)
class Comparison:
    """One candidate against the reference."""

    name: str
    errors: list[Error]
    lips: dict[str, float]

    @property
    def kept(self) -> bool:
        return all(e.kept for e in self.errors)

    def as_dict(self) -> dict:
        return {"name": self.name, "kept": self.kept, "errors": [e.as_dict() for e in self.errors], "lips": self.lips}


def difference(a: list[np.ndarray], b: list[np.ndarray]) -> tuple[float, float]:
    """(root mean square, greatest) of a - b; NaN when either holds one."""
    d = np.concatenate([(x.astype(np.float64) - y).ravel() for x, y in zip(a, b, strict=True)])
    return float(np.sqrt(np.mean(d**2))), float(np.abs(d).max())


class Judge:
    """Runs the reference once. reference: float32; half: PyTorch in float16, or what stands for it.
    audio: float32 [n] at 16 kHz, some windows long. profile: of the bundle."""

    def __init__(self, bundle: Path, audio: np.ndarray, profile: str, reference: Parts, half: Parts):
        self.bundle, self.audio, self.profile = bundle, audio, profile
        self.recorder = Recorder(reference, bundle, profile)
        self.expected = self.recorder.frames(audio)
        names = [*(OUTPUTS[network] for network in NETWORKS), "frames"]
        self.half = dict(zip(names, self._measure(half)[0], strict=True))

    def compare(self, candidate: Parts, half: bool) -> Comparison:
        """Tensors on the reference's own inputs, so that errors do not add up; frames by the candidate alone, from the
        sound on, so that they do. half: whether the limits of float16 hold."""
        measured, frames = self._measure(candidate)
        errors = []
        for (name, reference), (rms, worst) in zip(self.half.items(), measured, strict=True):
            exact = not half or name == "condition"  # the conditioner is float32 everywhere
            limits = (PARITY, PARITY) if exact else (FACTOR * reference[0], FACTOR * reference[1])
            errors.append(Error(name, rms, worst, *limits))
        return Comparison(candidate.name, errors, self._lips(frames))

    def _measure(self, parts: Parts) -> tuple[list[tuple[float, float]], np.ndarray]:
        """Errors in the order of NETWORKS, then of the frames; and the frames."""
        errors = []
        for network in NETWORKS:
            calls = self.recorder.seen[network]
            errors.append(difference([parts.run(network, feeds) for feeds, _ in calls], [out for _, out in calls]))
        frames = Recorder(parts, self.bundle, self.profile).frames(self.audio)
        return [*errors, difference([frames], [self.expected])], frames

    def _lips(self, frames: np.ndarray) -> dict[str, float]:
        """What a viewer sees of the difference, for blendshapes of ARKit; {} for other motion."""
        if frames.shape[1] != 52:
            return {}
        head, jaw = load_head(), list(self.recorder.loop.bundle["motion"]["channels"]).index("jawOpen")
        gap, expected = lip_gap(head, frames), lip_gap(head, self.expected)
        return {
            "lip_gap_worst": float(np.abs(gap - expected).max()),
            "closed_frames": int((gap < CLOSED).sum()),
            "closed_frames_float32": int((expected < CLOSED).sum()),
            "closure_differs_frames": int(((gap < CLOSED) != (expected < CLOSED)).sum()),
            "jaw_correlation": float(np.corrcoef(frames[:, jaw], self.expected[:, jaw])[0, 1]),
            "jaw_worst": float(np.abs(frames[:, jaw] - self.expected[:, jaw]).max()),
        }
