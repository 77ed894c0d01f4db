"""What lies in rig.npz beside the clips of a mesh data set: templates, linear basis, and the regions of the scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.prepared.clips import ClipSetInfo


@dataclass(frozen=True)
class MeshRig:
    """templates: speaker -> [V, 3].   basis [K, 3 V] and mean [3 V]: None for motion that is vertices already.
    regions: name -> int vertex ids.   unit_m: metres per unit of the mesh, nominal where the data are normalised."""

    templates: dict[str, np.ndarray]
    regions: dict[str, np.ndarray]
    basis: np.ndarray | None
    mean: np.ndarray | None
    unit_m: float

    @staticmethod
    def load(folder: Path, info: ClipSetInfo) -> MeshRig:
        """Raises ValueError for clips that are no mesh, FileNotFoundError when they lack their rig."""
        if info.motion.kind == "blendshapes":
            raise ValueError(f"{folder} has blendshape weights: score them with the command evaluate")
        path = Path(folder) / "rig.npz"
        if not path.is_file():
            raise FileNotFoundError(f"no {path}: prepare the clips again")
        with np.load(path, allow_pickle=False) as arrays:
            names = arrays["template_names"].tolist()
            regions = {k.removeprefix("region_"): arrays[k] for k in arrays.files if k.startswith("region_")}
            templates = dict(zip(names, arrays["templates"], strict=True))
            linear = info.motion.kind == "coefficients"
            basis, mean = (arrays["basis"], arrays["mean"]) if linear else (None, None)
        return MeshRig(templates, regions, basis, mean, info.extra.get("unit_m") or 1.0)

    @property
    def n_vertices(self) -> int:
        return len(next(iter(self.templates.values())))

    def template(self, speaker: str) -> np.ndarray:
        """[V, 3]. Raises ValueError for a speaker without one."""
        if speaker not in self.templates:
            raise ValueError(f"rig.npz has no template of {speaker}: prepare the clips again")
        return self.templates[speaker]

    def vertices(self, motion: np.ndarray, template: np.ndarray) -> np.ndarray:
        """Motion [n, C] of the clips' space -> absolute positions, float32 [n, V, 3]."""
        motion = np.asarray(motion, np.float32)
        if self.basis is not None:
            motion = motion @ self.basis + self.mean
        return motion.reshape(len(motion), -1, 3) + template

    def notes(self, info: ClipSetInfo) -> list[str]:
        """What a reader of the scores must know of the data."""
        notes = [f"One unit of the mesh counts as {1000 * self.unit_m:g} mm."]
        error = info.extra.get("basis_error_mm_val")
        if self.basis is not None:
            cost = f" ({error['mean']:.4f} mm on val, worst vertex {error['worst_vertex']:.4f} mm)" if error else ""
            notes.append(
                f"The truth is what {len(self.basis)} basis coefficients keep of it; the rest{cost} is not scored."
            )
        return notes


@dataclass(frozen=True)
class Regions:
    """Vertex ids, int; eyes and lip_pairs [p, 2] (upper, lower): None where the data set names none."""

    lips: np.ndarray
    upper: np.ndarray
    eyes: np.ndarray | None
    lip_pairs: np.ndarray | None


# Names of regions/*.txt as public code has them, then of FLAME_masks.pkl; several names of one entry are joined.
LIPS = (("lve",), ("lips",))
UPPER = (("fdd",), ("eye_region", "forehead"), ("upper_face",))
EYES = (("eve",), ("eye_region", "forehead"))


def _first(found: dict[str, np.ndarray], choices: tuple[tuple[str, ...], ...]) -> tuple[str, np.ndarray | None]:
    """(names, ids) of the first choice that is there as a whole."""
    for names in choices:
        if all(n in found for n in names):
            ids = found[names[0]] if len(names) == 1 else np.unique(np.concatenate([found[n] for n in names]))
            return " + ".join(names), ids
    return "", None


def choose_regions(rig: MeshRig) -> tuple[Regions, list[str]]:
    """(regions, a sentence for each score on what it is computed over)."""
    said = []

    def pick(score: str, choices: tuple[tuple[str, ...], ...]) -> np.ndarray | None:
        name, ids = _first(rig.regions, choices)
        if ids is not None:
            said.append(f"{score}: region {name}, {len(ids)} ids of {rig.n_vertices} vertices.")
        return ids

    def or_all(score: str, choices: tuple[tuple[str, ...], ...]) -> np.ndarray:
        ids = pick(score, choices)
        if ids is None:
            said.append(
                f"{score}: all {rig.n_vertices} vertices, because the data set has no region "
                f"{' or '.join(' + '.join(c) for c in choices)}; not comparable with published scores."
            )
        return np.arange(rig.n_vertices) if ids is None else ids

    lips, upper = or_all("LVE", LIPS), or_all("FDD", UPPER)
    eyes = pick("EVE", EYES)
    above, below = (rig.regions.get(f"lip_{side}") for side in ("upper", "lower"))
    if eyes is None:
        said.append("No EVE: the data set has neither a region eve nor eye_region + forehead.")
    if above is None or below is None or len(above) != len(below):
        said.append("No MOD: it needs regions/lip_upper.txt and lip_lower.txt with equally many facing vertices.")
        return Regions(lips, upper, eyes, None), said
    said.append(f"MOD: {len(above)} pairs of lip_upper and lip_lower.")
    return Regions(lips, upper, eyes, np.stack([above, below], axis=1)), said
