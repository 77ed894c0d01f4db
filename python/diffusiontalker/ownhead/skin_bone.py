"""The head of a skeleton without known names: the joint that carries what moves in the face."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf.accessors import read_accessor
from diffusiontalker.io.gltf.container import Gltf
from diffusiontalker.io.gltf.draco import unpack

_MOVING = 0.05  # share of a target's largest movement from which a vertex counts as moving
_CARRIED = 0.9  # share of the moving vertices' weight that the head and the bones below it have


def joint_of_face(gltf: Gltf, parents: dict[int, int], morph_nodes: tuple[int, ...]) -> int | None:
    """The lowest joint that has, with all below it, nearly all of the weights of the moving vertices: bones of a jaw or
    of lips lie below it. None where no skin tells, or only the root would be left. parents: node -> the one above it.
    Raises InputError: compressed in a way that is not read, damaged."""
    nodes, weight = gltf.items("nodes"), defaultdict[int, float](float)
    joints: set[int] = set()
    for node in morph_nodes:
        if "skin" in nodes[node]:
            skin = gltf.items("skins")[nodes[node]["skin"]]["joints"]
            joints |= set(skin)
            for primitive in gltf.items("meshes")[nodes[node]["mesh"]]["primitives"]:
                for joint, share in _weights(gltf, primitive, skin):
                    weight[joint] += share
    total, below = sum(weight.values()), defaultdict[int, float](float)
    for joint, share in weight.items():
        while True:
            below[joint] += share
            if joint not in parents:
                break
            joint = parents[joint]
    carrying = [j for j in joints if total > 0 and below[j] >= _CARRIED * total and parents.get(j) in joints]
    return max(carrying, key=lambda j: _depth(j, parents), default=None)


def _depth(node: int, parents: dict[int, int]) -> int:
    n = 0
    while node in parents:
        node, n = parents[node], n + 1
    return n


def _weights(gltf: Gltf, primitive: dict, skin: list[int]) -> list[tuple[int, float]]:
    """(joint, sum of its weights over the moving vertices of a primitive)."""
    unpack(gltf, primitive)
    moving = None
    for target in primitive.get("targets", []):
        if "POSITION" in target:
            size = np.linalg.norm(read_accessor(gltf, target["POSITION"]).astype(np.float64), axis=1)
            moved = size > _MOVING * size.max(initial=0.0)
            moving = moved if moving is None else moving | moved
    attributes, k = primitive.get("attributes", {}), 0
    sums = np.zeros(len(skin))
    while moving is not None and f"JOINTS_{k}" in attributes:
        numbers = read_accessor(gltf, attributes[f"JOINTS_{k}"]).astype(np.int64)[moving]
        shares = read_accessor(gltf, attributes[f"WEIGHTS_{k}"]).astype(np.float64)[moving]
        if numbers.shape != shares.shape or (numbers.size and not 0 <= numbers.min() <= numbers.max() < len(skin)):
            raise InputError("the head is damaged: its skin names a joint that is not there")
        np.add.at(sums, numbers.ravel(), shares.ravel())
        k += 1
    return [(joint, float(share)) for joint, share in zip(skin, sums, strict=True) if share > 0]
