"""Vertex regions that scores are computed over (lips, upper face), from the files that public code publishes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffusiontalker.io.atomic import atomic_writer
from training.datasets.pickles import load_pickle
from training.datasets.take import DataError

MASKS_FILE = "FLAME_masks.pkl"


def read_region_file(path: Path) -> np.ndarray:
    """Vertex ids of a text file, int64, in the file's order and with its duplicates, because published scores have
    them too. BIWI's files separate by ", ", VOCASET's by "," alone; both may end with a separator or a newline."""
    words = [w.strip() for w in path.read_text(encoding="utf-8-sig").replace("\n", ",").split(",")]
    try:
        return np.array([int(w) for w in words if w], np.int64)
    except ValueError as error:
        raise DataError(f"{path} holds something that is no vertex id ({error}): download the file again") from error


def _masks(path: Path) -> dict[str, np.ndarray]:
    table = load_pickle(path)
    if not isinstance(table, dict) or not table:
        raise DataError(f"{path} holds a {type(table).__name__}, expected names with vertex ids: download it again")
    out = {}
    for name, ids in table.items():
        array = np.asarray(ids)
        if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
            raise DataError(f"{path}: region {name} has shape {array.shape} of {array.dtype}, expected integers [n]")
        out[str(name)] = array.astype(np.int64)
    return out


def read_regions(root: Path, n_vertices: int) -> dict[str, np.ndarray]:
    """Regions of regions/*.txt and FLAME_masks.pkl (in root, regions/ or FLAME_masks/); empty when there are none.

    A mask whose name a text file has too (neck) is called flame_<name>. Raises DataError for ids of no vertex."""
    found: dict[str, tuple[Path, np.ndarray]] = {}
    for path in sorted((root / "regions").glob("*.txt")):
        found[path.stem] = path, read_region_file(path)
    for folder in (root, root / "regions", root / "FLAME_masks"):
        path = folder / MASKS_FILE
        if path.is_file():
            for name, ids in _masks(path).items():
                found[f"flame_{name}" if name in found else name] = path, ids
            break
    for name, (path, ids) in found.items():
        if not ids.size:
            raise DataError(f"{path}: region {name} is empty: download the file again")
        wrong = ids[(ids < 0) | (ids >= n_vertices)]
        if wrong.size:
            raise DataError(
                f"{path}: region {name} has vertex id {wrong[0]}, outside 0..{n_vertices - 1}: "
                "is the file of another mesh?"
            )
    return {name: ids for name, (_, ids) in found.items()}


def write_rig(
    path: Path, templates: dict[str, np.ndarray], regions: dict[str, np.ndarray], unit_m: float | None = None, **basis
) -> None:
    """Writes rig.npz, whole or not at all.

    templates [n, V, 3] float32, template_names [n], region_<name> int64 [.], unit_m (metres per unit of length, NaN
    where nobody knows), and of a linear basis mean [3V] and basis [K, 3V], float32."""
    names = sorted(templates)
    arrays = {
        "templates": np.stack([templates[n] for n in names]).astype(np.float32),
        "template_names": np.array(names),
        "unit_m": np.array(np.nan if unit_m is None else unit_m),
        **{f"region_{name}": ids.astype(np.int64) for name, ids in regions.items()},
        **{name: value.astype(np.float32) for name, value in basis.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(path, force=True) as file:
        np.savez(file, **arrays)
