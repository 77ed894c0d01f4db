"""What of a glTF file an animation needs: meshes with targets, their names, the nodes, and VRM's expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf.container import Gltf

_MOST = 1e6  # a weight beyond it is damage


@dataclass(frozen=True)
class MorphMesh:
    """index: of the mesh.   names: of its targets, None where the file tells none.   nodes: that show the mesh.
    rest: the targets' weights when nothing moves, one tuple per node."""

    index: int
    name: str
    names: tuple[str | None, ...]
    nodes: tuple[int, ...]
    rest: tuple[tuple[float, ...], ...]


# Expression name -> ((mesh, target, weight), ...)
Expressions = dict[str, list[tuple[int, int, float]]]


def morph_meshes(gltf: Gltf) -> list[MorphMesh]:
    """The meshes with targets that some node shows. Raises InputError for a damaged file."""
    nodes = gltf.items("nodes")
    found = []
    for index, mesh in enumerate(gltf.items("meshes")):
        n_targets = max(
            (len(_checked_targets(p)) for p in _objects(mesh.get("primitives", []), "primitives")), default=0
        )
        shown = tuple(i for i, node in enumerate(nodes) if node.get("mesh") == index)
        if n_targets and shown:
            rest = tuple(_rest(nodes[i], mesh, n_targets) for i in shown)
            name = mesh.get("name")
            if not isinstance(name, str) or not name:
                name = nodes[shown[0]].get("name")
            found.append(MorphMesh(index, str(name or f"mesh {index}"), _names(gltf, mesh, n_targets), shown, rest))
    return found


def label(mesh: MorphMesh, target: int) -> str:
    """A target's name, or where it is."""
    return mesh.names[target] or f"{mesh.name}[{target}]"


def _checked_targets(primitive: dict) -> list[dict]:
    """A primitive's targets. Raises InputError for parts of it that are of another kind than glTF has."""
    if not all(isinstance(primitive.get(key, {}), dict) for key in ("attributes", "extensions")):
        raise InputError("the head is damaged: the attributes of a mesh are no object")
    return _objects(primitive.get("targets", []), "targets")


def _objects(value, key: str) -> list[dict]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InputError(f"the head is damaged: its {key} are no list of objects")
    return value


def _rest(node: dict, mesh: dict, n_targets: int) -> tuple[float, ...]:
    weights = node.get("weights", mesh.get("weights", []))
    if not isinstance(weights, list) or not all(isinstance(w, (int, float)) and abs(w) < _MOST for w in weights):
        raise InputError("the head is damaged: the weights of a mesh are no numbers")
    return tuple(float(w) for w in weights[:n_targets]) + (0.0,) * (n_targets - len(weights))


def _names(gltf: Gltf, mesh: dict, n_targets: int) -> tuple[str | None, ...]:
    """The targets' names: mesh.extras.targetNames, the same of a primitive, or the names of the accessors."""
    owners = [mesh, *mesh["primitives"]]
    for owner in owners:
        extras = owner.get("extras")
        names = extras.get("targetNames") if isinstance(extras, dict) else None
        if isinstance(names, list) and names:
            told = [name if isinstance(name, str) and name else None for name in names[:n_targets]]
            return tuple(told + [None] * (n_targets - len(told)))
    accessors = gltf.items("accessors")
    for primitive in mesh["primitives"]:
        targets = primitive.get("targets", [])
        told = [_accessor_name(accessors, target.get("POSITION")) for target in targets]
        if len(told) == n_targets and any(told):
            return tuple(told)
    return (None,) * n_targets


def _accessor_name(accessors: list[dict], index) -> str | None:
    name = accessors[index].get("name") if isinstance(index, int) and 0 <= index < len(accessors) else None
    return name if isinstance(name, str) and name else None


def expressions(gltf: Gltf, meshes: list[MorphMesh]) -> Expressions:
    """VRM's expressions and the targets that each moves; empty for other files. VRM 1: extensions.VRMC_vrm.expressions,
    weights of 0..1 on nodes; VRM 0: extensions.VRM.blendShapeMaster, weights of 0..100 on meshes.
    Raises InputError for a damaged file.
    """
    known = {mesh.index: len(mesh.names) for mesh in meshes}
    nodes = gltf.items("nodes")
    found: Expressions = {}
    try:
        for name, binds in _vrm1(gltf.document, nodes) or _vrm0(gltf.document):
            usable = [b for b in binds if 0 <= b[1] < known.get(b[0], 0) and abs(b[2]) < _MOST]
            if usable:
                found.setdefault(name, usable)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        raise InputError("the head is damaged: its VRM expressions cannot be read") from e
    return found


_Binds = list[tuple[str, list[tuple[int, int, float]]]]


def _vrm1(document: dict, nodes: list[dict]) -> _Binds:
    own = document.get("extensions", {}).get("VRMC_vrm", {}).get("expressions", {})
    groups: Iterator = (item for kind in ("preset", "custom") for item in (own.get(kind) or {}).items())
    return [
        (
            str(name),
            [
                (int(nodes[b["node"]].get("mesh", -1)), int(b["index"]), float(b["weight"]))
                for b in expression.get("morphTargetBinds") or []
            ],
        )
        for name, expression in groups
    ]


def _vrm0(document: dict) -> _Binds:
    groups = document.get("extensions", {}).get("VRM", {}).get("blendShapeMaster", {}).get("blendShapeGroups", [])
    found: _Binds = []
    for group in groups:
        preset = str(group.get("presetName") or "unknown")
        name = str(group.get("name") or "") if preset == "unknown" else preset
        binds = [(int(b["mesh"]), int(b["index"]), float(b["weight"]) / 100) for b in group.get("binds") or []]
        found.append((name, binds))
    return found
