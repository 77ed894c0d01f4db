"""Meshes compressed by KHR_draco_mesh_compression, decoded by the optional package DracoPy (the extra draco)."""

from __future__ import annotations

import importlib.util

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.extras import install_command
from diffusiontalker.io.glb_container import COMPONENT_KINDS, WIDTHS
from diffusiontalker.io.gltf.container import Gltf

_EXTENSION = "KHR_draco_mesh_compression"
_DAMAGED = "the head is damaged: a mesh that is compressed (Draco) cannot be decoded"


def unpack(gltf: Gltf, primitive: dict) -> None:
    """Decodes a primitive that is compressed, so that read_accessor() has its indices and attributes. Does nothing for
    another one, and for one that is decoded already. Targets are never compressed by Draco.
    Raises InputError: damaged, or DracoPy is not installed.
    """
    try:
        extension = primitive.get("extensions", {}).get(_EXTENSION)
        if extension is None:
            return
        accessors = {name: primitive["attributes"][name] for name in extension["attributes"]}
        indices = primitive.get("indices")
        if any(a not in gltf.unpacked for a in (*accessors.values(), *(() if indices is None else (indices,)))):
            mesh = _decoded(gltf.bytes_of(gltf.items("bufferViews")[extension["bufferView"]]))
            for name, accessor in accessors.items():
                rows = mesh.get_attribute_by_unique_id(extension["attributes"][name])["data"]
                gltf.unpacked[accessor] = _as_accessor(gltf, accessor, rows)
            if indices is not None:
                gltf.unpacked[indices] = _as_accessor(gltf, indices, mesh.faces.reshape(-1, 1))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        if isinstance(e, InputError):
            raise
        raise InputError(_DAMAGED) from e


def _decoded(stream: bytes):
    """The mesh of DracoPy: faces uint32 [n, 3], and attributes by their unique ids."""
    if importlib.util.find_spec("DracoPy") is None:
        raise InputError(
            f"the shapes of the head are compressed (Draco): `{install_command('draco')}` lets them be read, or export "
            "it without compression"
        )
    import DracoPy

    try:
        mesh = DracoPy.decode(stream)
    except Exception as e:  # it has classes of its own for a damaged stream, and no common one
        raise InputError(_DAMAGED) from e
    if not hasattr(mesh, "faces"):
        raise InputError(_DAMAGED)
    return mesh


def _as_accessor(gltf: Gltf, index: int, rows: np.ndarray) -> np.ndarray:
    """Rows [count, width] of the type that the accessor states."""
    accessor = gltf.items("accessors")[index]
    kind, width = np.dtype(COMPONENT_KINDS[accessor["componentType"]]), WIDTHS[accessor["type"]]
    if rows.shape != (accessor["count"], width):
        raise InputError(_DAMAGED)
    return rows.astype(kind)
