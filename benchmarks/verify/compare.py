"""Errors against float32, and the limits they must keep.

Limits: another float32 may differ by PARITY, the project's stated limit. Float16 may err at most FACTOR times as much
as PyTorch in float16 does, in the mean square and at the worst element, after Dao's FlashAttention tests: an error that
the framework itself makes in that type is no fault of ours, and a wrong type or a wrong kernel is far beyond it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.verify.parts import NETWORKS, OUTPUTS, Parts
from benchmarks.verify.reference import Reference, errors_of
from diffusiontalker.head import CLOSED_LIP_OPENING, lip_opening, load_head
from diffusiontalker.spec import bundles

PARITY, FACTOR = 1e-4, 2.0


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


class Judge:
    """Compares candidates with a Reference. bundle: the one that it was measured on."""

    def __init__(self, bundle: Path, reference: Reference):
        self.bundle, self.reference, self.expected = bundle, reference, reference.expected
        names = [*(OUTPUTS[network] for network in NETWORKS), "frames"]
        self.half = dict(zip(names, reference.half, strict=True))

    def compare(self, candidate: Parts, half: bool) -> Comparison:
        """Tensors on the reference's own inputs, so that errors do not add up; frames by the candidate alone, from the
        sound on, so that they do. half: whether the limits of float16 hold."""
        measured, frames = errors_of(candidate, self.bundle, self.reference)
        errors = []
        for (name, reference), (rms, worst) in zip(self.half.items(), measured, strict=True):
            exact = not half or name == "condition"  # the conditioner is float32 everywhere
            limits = (PARITY, PARITY) if exact else (FACTOR * reference[0], FACTOR * reference[1])
            errors.append(Error(name, rms, worst, *limits))
        return Comparison(candidate.name, errors, self._lips(frames))

    def _lips(self, frames: np.ndarray) -> dict[str, float]:
        """What a viewer sees of the difference, for blendshapes of ARKit; {} for other motion."""
        channels = bundles.read_description(self.bundle)["motion"].get("channels", [])
        head = load_head()
        n = len(head.channels)  # a head pose comes behind
        if tuple(channels[:n]) != head.channels:
            return {}
        jaw = channels.index("jawOpen")
        gap, expected = lip_opening(head, frames[:, :n]), lip_opening(head, self.expected[:, :n])
        return {
            "lip_opening_worst": float(np.abs(gap - expected).max()),
            "closed_frames": int((gap < CLOSED_LIP_OPENING).sum()),
            "closed_frames_float32": int((expected < CLOSED_LIP_OPENING).sum()),
            "closure_differs_frames": int(((gap < CLOSED_LIP_OPENING) != (expected < CLOSED_LIP_OPENING)).sum()),
            "jaw_correlation": float(np.corrcoef(frames[:, jaw], self.expected[:, jaw])[0, 1]),
            "jaw_worst": float(np.abs(frames[:, jaw] - self.expected[:, jaw]).max()),
        }
