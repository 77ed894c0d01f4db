"""The head pose on a skeleton: which node turns, and by what rotation of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head.pose import quaternions
from diffusiontalker.io.gltf.container import Gltf
from diffusiontalker.ownhead.names import spelt, words
from diffusiontalker.ownhead.skin_bone import joint_of_face

# Words that rigs put before the name of a bone.
PREFIXES = {
    "mixamorig", "cc", "base", "j", "bip", "bip01", "c", "def", "armature", "rig", "valve", "biped", "bone", "bones",
    "jnt", "joint", "skeleton", "character", "m", "spine", "ctrl", "org", "b", "sk", "grp", "root", "abdomen",
}  # fmt: skip
_BONES = ("head", "neck")
STILL = "-"  # in a mapping, the name of a bone that is not turned
MIDDLE = {"x", "m"}  # behind a name: neither left nor right


@dataclass(frozen=True)
class Bone:
    """node: index.   name: for people.   rest, parent: unit quaternions x, y, z, w, the node's own rotation and that of
    everything above it.   axes: float64 [3, 3], the face's right-handed x (to the subject's left), y (up), z (out of
    the face) in the scene, as columns."""

    node: int
    name: str
    rest: np.ndarray
    parent: np.ndarray
    axes: np.ndarray


def find_bone(gltf: Gltf, wanted: str | None = None, morph_nodes: tuple[int, ...] = ()) -> Bone | None:
    """The node that the head pose turns: VRM's, or one named like a head, else like a neck, else the joint that carries
    the face; None without one.
    wanted: name of the node, instead, or STILL for none.   morph_nodes: that show the moving meshes; a node that is no
    joint must have them all below it.   Raises InputError: no such node, a node that cannot be animated, damaged.
    """
    nodes = gltf.items("nodes")
    if wanted == STILL:
        return None
    try:
        parents = _parents(nodes)
        index = named(nodes, wanted) if wanted is not None else _likely(gltf, nodes, parents, morph_nodes)
        return None if index is None else _bone(gltf, nodes, parents, index)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        raise _damaged(e) from e


def bone_at(gltf: Gltf, index: int) -> Bone:
    """The node of an index as a bone. Raises InputError: a node that cannot be animated, damaged."""
    nodes = gltf.items("nodes")
    try:
        return _bone(gltf, nodes, _parents(nodes), index)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        raise _damaged(e) from e


def _bone(gltf: Gltf, nodes: list[dict], parents: dict[int, int], index: int) -> Bone:
    if "matrix" in nodes[index]:
        raise InputError(
            f"the node {nodes[index].get('name')} has a matrix, which glTF cannot animate: export the head with "
            "translation, rotation and scale"
        )
    parent = np.array([0.0, 0.0, 0.0, 1.0])
    for above in reversed(_above(index, parents)):
        parent = multiply(parent, _rotation(nodes[above]))
    name = str(nodes[index].get("name") or f"node {index}")
    return Bone(index, name, _rotation(nodes[index]), parent, _axes(gltf, nodes, parents))


def turning(bone: Bone, pose: np.ndarray) -> np.ndarray:
    """The node's own rotation in each frame, unit quaternions float32 [n, 4], neighbours never on opposite sides.
    pose: yaw, pitch, roll in radians [n, 3] (Animation.head_pose).   The rest pose is kept: a pose of 0 gives it.
    """
    return turned(bone, quaternions(pose))


def turned(bone: Bone, turn: np.ndarray) -> np.ndarray:
    """The same for rotations about the face's axes, unit quaternions x, y, z, w [n, 4]."""
    turn = turn.astype(np.float64)
    turn[:, :3] = turn[:, :3] @ bone.axes.T  # the same angles about the axes of this face
    own = multiply(multiply(multiply(_inverse(bone.parent), turn), bone.parent), bone.rest)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    flips = np.sum(own[1:] * own[:-1], axis=1) < 0
    own[1:] *= np.where(np.cumsum(flips) % 2, -1.0, 1.0)[:, None]
    return own.astype(np.float32)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions x, y, z, w in the last axis: first b turns, then a."""
    (ax, ay, az, aw), (bx, by, bz, bw) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ],
        axis=-1,
    )


def _inverse(q: np.ndarray) -> np.ndarray:
    return q * np.array([-1.0, -1.0, -1.0, 1.0])


def _parents(nodes: list[dict]) -> dict[int, int]:
    return {child: i for i, node in enumerate(nodes) for child in node.get("children", [])}


def _above(index: int, parents: dict[int, int]) -> list[int]:
    """Nodes from the parent up to the root. Raises InputError for a ring."""
    chain: list[int] = []
    while index in parents:
        index = parents[index]
        if index in chain:
            raise InputError("the head is damaged: its nodes form a ring")
        chain.append(index)
    return chain


def named(nodes: list[dict], wanted: str) -> int:
    """The index of a node. Raises InputError for a name that no node has."""
    for i, node in enumerate(nodes):
        if node.get("name") == wanted:
            return i
    raise InputError(f"the head has no node named {wanted}: `diffusiontalker head inspect` lists the names")


def _likely(gltf: Gltf, nodes: list[dict], parents: dict[int, int], morph_nodes: tuple[int, ...]) -> int | None:
    vrm = humanoid(gltf.document)
    joints = {joint for skin in gltf.items("skins") for joint in skin.get("joints", [])}
    for bone in _BONES:
        if vrm.get(bone) is not None:
            return int(vrm[bone]) if 0 <= int(vrm[bone]) < len(nodes) else None
    for bone in _BONES:
        named = [i for i, node in enumerate(nodes) if _is_called(str(node.get("name") or ""), bone)]
        for i in [i for i in named if i in joints] + [i for i in named if i not in joints]:
            # A skin moves with its joints only, whatever node carries it.
            carries = all((i == m or i in _above(m, parents)) and "skin" not in nodes[m] for m in morph_nodes)
            if "matrix" not in nodes[i] and (i in joints or carries):
                return i
    try:
        by_skin = joint_of_face(gltf, parents, morph_nodes)
    except InputError:  # what cannot be read is told where it is needed
        return None
    return None if by_skin is None or "matrix" in nodes[by_skin] else by_skin


def humanoid(document: dict) -> dict[str, int]:
    """Bone -> node of VRM 1 or VRM 0."""
    extensions = document.get("extensions", {})
    bones = extensions.get("VRMC_vrm", {}).get("humanoid", {}).get("humanBones", {})
    if isinstance(bones, dict) and bones:
        return {name: bone["node"] for name, bone in bones.items() if bone}
    old = extensions.get("VRM", {}).get("humanoid", {}).get("humanBones", [])
    return {bone["bone"]: bone["node"] for bone in old}


def _is_called(name: str, bone: str) -> bool:
    """Whether a node's name is the bone's, with nothing but a rig's usual words and numbers beside it."""
    found = [w for w in spelt(name) if not w.isdigit()]
    if found and found[-1] in MIDDLE:
        found.pop()
    return bool(found) and found[-1] == bone and all(w in PREFIXES for w in found[:-1])


def _rotation(node: dict) -> np.ndarray:
    """A node's own rotation as a unit quaternion."""
    if "matrix" in node:
        return _of_matrix(np.array(node["matrix"], float).reshape(4, 4).T[:3, :3])
    q = np.array(node.get("rotation", [0, 0, 0, 1]), float)
    length = math.hypot(*q)
    if q.shape != (4,) or not math.isfinite(length) or length == 0:
        raise ValueError("rotation")
    return q / length


def _of_matrix(m: np.ndarray) -> np.ndarray:
    """The rotation of a matrix with scale, as a unit quaternion (the eigenvector method of Bar-Itzhack)."""
    u, _, vt = np.linalg.svd(m)
    r = u @ np.diag([1.0, 1.0, float(np.sign(np.linalg.det(u @ vt)))]) @ vt
    k = np.array(
        [
            [r[0, 0] - r[1, 1] - r[2, 2], 0, 0, 0],
            [r[1, 0] + r[0, 1], r[1, 1] - r[0, 0] - r[2, 2], 0, 0],
            [r[2, 0] + r[0, 2], r[2, 1] + r[1, 2], r[2, 2] - r[0, 0] - r[1, 1], 0],
            [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], np.trace(r)],
        ]
    )
    return np.linalg.eigh(k + np.tril(k, -1).T)[1][:, -1]


def face_axes(gltf: Gltf) -> np.ndarray:
    """The face's axes in the scene as Bone.axes. Raises InputError for a damaged file."""
    nodes = gltf.items("nodes")
    try:
        return _axes(gltf, nodes, _parents(nodes))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        raise _damaged(e) from e


def scene_matrix(gltf: Gltf, index: int) -> np.ndarray:
    """A node's transform to the scene, float64 [4, 4]. Raises InputError for a damaged file."""
    nodes = gltf.items("nodes")
    try:
        matrix = np.eye(4)
        for i in [index, *_above(index, _parents(nodes))]:
            matrix = local_matrix(nodes[i]) @ matrix
        return matrix
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        raise _damaged(e) from e


def _damaged(error: Exception) -> InputError:
    return error if isinstance(error, InputError) else InputError("the head is damaged: its nodes cannot be read")


def _axes(gltf: Gltf, nodes: list[dict], parents: dict[int, int]) -> np.ndarray:
    """The face's axes in the scene. Eyes show where left is; without them the face looks along +z, as glTF asks for,
    and in VRM 0 along -z. Some rigs name the eyes by the sides of the viewer: by these names the eyes would lie behind
    the place of the head, or where no node tells that, the face would look along -z."""
    eyes = _eyes(gltf.document, nodes)
    if eyes is not None:
        left, right = (_place(nodes, parents, i) for i in eyes)
        x = (left - right) * np.array([1.0, 0.0, 1.0])
        length = math.hypot(*x)
        if 1e-4 < length < math.inf and abs((left - right)[1]) < 0.5 * length:
            x /= length
            y = np.array([0.0, 1.0, 0.0])
            if _swapped(gltf, nodes, parents, np.cross(x, y), (left + right) / 2, length):
                x = -x
            return np.column_stack([x, y, np.cross(x, y)])
    turned = "VRM" in gltf.document.get("extensions", {}) and "VRMC_vrm" not in gltf.document.get("extensions", {})
    return np.diag([-1.0, 1.0, -1.0]) if turned else np.eye(3)


def _swapped(gltf: Gltf, nodes: list[dict], parents: dict[int, int], ahead, between, apart: float) -> bool:
    """Whether the eyes are named by the other sides.   ahead: where the face looks by their names, [3].   between: the
    middle of the eyes.   apart: their distance."""
    if humanoid(gltf.document):  # VRM says what left is
        return False
    heads = [i for i, node in enumerate(nodes) if _is_called(str(node.get("name") or ""), "head")]
    depths = [float((between - _place(nodes, parents, i)) @ ahead) for i in heads]
    clear = [depth for depth in depths if abs(depth) > 0.2 * apart]
    return clear[0] < 0 if clear else bool(ahead[2] < -0.5)


def _eyes(document: dict, nodes: list[dict]) -> tuple[int, int] | None:
    vrm = humanoid(document)
    if vrm.get("leftEye") is not None and vrm.get("rightEye") is not None:
        return vrm["leftEye"], vrm["rightEye"]
    found: dict[str, int] = {}
    for i, node in enumerate(nodes):
        end = words(str(node.get("name") or ""))[-2:]
        if "mesh" not in node and len(end) == 2 and end[0] == "eye" and end[1] in ("left", "right"):
            found.setdefault(end[1], i)
    return (found["left"], found["right"]) if len(found) == 2 else None


def _place(nodes: list[dict], parents: dict[int, int], index: int) -> np.ndarray:
    """Where a node's origin is in the scene, [3]."""
    point = np.array([0.0, 0.0, 0.0, 1.0])
    for i in [index, *_above(index, parents)]:
        point = local_matrix(nodes[i]) @ point
    return np.asarray(point[:3])


def local_matrix(node: dict) -> np.ndarray:
    """A node's transform to its parent, float64 [4, 4]."""
    if "matrix" in node:
        return np.array(node["matrix"], float).reshape(4, 4).T
    x, y, z, w = _rotation(node)
    out = np.eye(4)
    out[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    out[:3, :3] *= np.array(node.get("scale", [1, 1, 1]), float)
    out[:3, 3] = node.get("translation", [0, 0, 0])
    return out


def scene_matrices(gltf: Gltf) -> list[np.ndarray]:
    """The transforms of all nodes to the scene, each as scene_matrix()."""
    nodes = gltf.items("nodes")
    try:
        parents = _parents(nodes)
        found: dict[int, np.ndarray] = {}
        for i in range(len(nodes)):
            for k in reversed([i, *_above(i, parents)]):
                if k not in found:
                    own = local_matrix(nodes[k])
                    found[k] = found[parents[k]] @ own if k in parents else own
        return [found[i] for i in range(len(nodes))]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        raise _damaged(e) from e


def eye_places(gltf: Gltf) -> np.ndarray | None:
    """Places of both eyes in the scene, float64 [2, 3]; None where no node is an eye.
    Raises InputError for a damaged file."""
    nodes = gltf.items("nodes")
    try:
        eyes, parents = _eyes(gltf.document, nodes), _parents(nodes)
        return None if eyes is None else np.stack([_place(nodes, parents, i) for i in eyes])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        raise _damaged(e) from e
