"""What PyTorch made of a clip, against which engines are judged; it can be kept in a file, for a GPU machine without
PyTorch."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.verify.parts import NETWORKS, Parts, Recorder
from diffusiontalker.errors import EngineError
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.trt_build.sets.identity import bundle_hash

FORMAT = "diffusiontalker.verify-reference/1"
Calls = list[tuple[dict[str, np.ndarray], np.ndarray]]  # inputs by name, and output


@dataclass(frozen=True)
class Reference:
    """audio: float32 [n] at 16 kHz. expected: float32 [n_frames, C]. seen: of each network, what it got and gave.
    half: (root mean square, greatest) error of PyTorch in float16, in the order of NETWORKS, then of the frames."""

    bundle_sha256: str
    profile: str
    audio: np.ndarray
    expected: np.ndarray
    seen: dict[str, Calls]
    half: list[tuple[float, float]]

    def save(self, path: Path) -> None:
        """An .npz without pickles; written whole or not at all."""
        about = {
            "format": FORMAT, "bundle_sha256": self.bundle_sha256, "profile": self.profile, "half": self.half,
        }  # fmt: skip
        arrays = {"audio": self.audio, "expected": self.expected, "about": np.array(json.dumps(about))}
        for network, calls in self.seen.items():
            for name in calls[0][0]:
                arrays[f"{network}/in/{name}"] = np.stack([feeds[name] for feeds, _ in calls])
            arrays[f"{network}/out"] = np.stack([out for _, out in calls])
        with atomic_writer(path) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # NumPy's stub: any name may be allow_pickle

    @staticmethod
    def load(path: Path, bundle: Path) -> Reference:
        """Raises EngineError when it is no such file, or of another bundle."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file)
            about = json.loads(str(arrays["about"]))
            if about["format"] != FORMAT:
                raise KeyError("format")
            half = [(float(rms), float(worst)) for rms, worst in about["half"]]
            calls = {network: _calls(arrays, network) for network in NETWORKS}
            found = Reference(
                about["bundle_sha256"], about["profile"], arrays["audio"], arrays["expected"], calls, half
            )
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as e:
            raise EngineError(f"{path} is no reference of benchmarks.verify ({e}): write it with --save") from e
        if found.bundle_sha256 != bundle_hash(bundle):
            raise EngineError(f"{path} is the reference of another bundle than {bundle}: write it again with --save")
        return found


def _calls(arrays: dict[str, np.ndarray], network: str) -> Calls:
    begin = f"{network}/in/"
    feeds = {name.removeprefix(begin): values for name, values in arrays.items() if name.startswith(begin)}
    return [({n: v[i] for n, v in feeds.items()}, out) for i, out in enumerate(arrays[f"{network}/out"])]


def measure_reference(bundle: Path, audio: np.ndarray, profile: str, exact: Parts, half: Parts) -> Reference:
    """exact: float32. half: PyTorch in float16, or what stands for it. audio: some windows long."""
    recorder = Recorder(exact, bundle, profile)
    expected = recorder.frames(audio)
    found = Reference(bundle_hash(bundle), profile, audio, expected, recorder.seen, [])
    return replace(found, half=errors_of(half, bundle, found)[0])


def errors_of(parts: Parts, bundle: Path, reference: Reference) -> tuple[list[tuple[float, float]], np.ndarray]:
    """Errors in the order of NETWORKS, then of the frames; and the frames."""
    errors = []
    for network in NETWORKS:
        calls = reference.seen[network]
        errors.append(difference([parts.run(network, feeds) for feeds, _ in calls], [out for _, out in calls]))
    frames = Recorder(parts, bundle, reference.profile).frames(reference.audio)
    return [*errors, difference([frames], [reference.expected])], frames


def difference(a: list[np.ndarray], b: list[np.ndarray]) -> tuple[float, float]:
    """(root mean square, greatest) of a - b; NaN when either holds one."""
    d = np.concatenate([(x.astype(np.float64) - y).ravel() for x, y in zip(a, b, strict=True)])
    return float(np.sqrt(np.mean(d**2))), float(np.abs(d).max())
