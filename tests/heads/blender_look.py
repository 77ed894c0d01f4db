"""Runs in a Python with bpy: imports files as glTF, and writes what Blender makes of them as JSON.

Arguments: a job {"pictures", "files": [{"name", "path", "back", "fps", "frames"}]} and the output. Pictures are drawn
by Cycles, which needs no GPU."""

import json
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

JOB, OUT = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])


def meshes():
    return [o for o in bpy.context.scene.objects if o.type == "MESH" and o.data.shape_keys]


def face_box():
    """Corners of what shape keys move, or of what is above the head bone, in the scene."""
    graph, places = bpy.context.evaluated_depsgraph_get(), []
    for o in bpy.context.scene.objects:
        if o.type != "MESH" or o.hide_render:
            continue
        shown = o.evaluated_get(graph)
        points = np.array([shown.matrix_world @ v.co for v in shown.data.vertices])
        if o.data.shape_keys:
            rest = np.array([v.co for v in o.data.shape_keys.reference_key.data])
            moved = [
                np.linalg.norm(np.array([v.co for v in key.data]) - rest, axis=1) > 1e-4
                for key in o.data.shape_keys.key_blocks[1:]
            ]
            if len(points) == len(rest):
                places.append(points[np.any(moved, axis=0)])
        elif not meshes() and o.find_armature():
            rig = o.find_armature()
            bone = next((b for b in rig.pose.bones if b.name.lower().endswith("head")), None)
            if bone:
                top = points[points[:, 2] > (rig.matrix_world @ bone.head).z]
                below = top.min(axis=0) - [0, 0, 0.5 * np.ptp(top[:, 2])]  # the bone may begin as high as the mouth
                places += [top, below[None]]
    points = np.concatenate(places)
    return points.min(axis=0), points.max(axis=0)


def light_and_camera(back):
    low, high = face_box()
    middle, size = (low + high) / 2, max(high[0] - low[0], high[2] - low[2]) * 1.3
    side = 1 if back else -1
    data = bpy.data.cameras.new("Camera")
    data.type, data.ortho_scale, data.clip_end = "ORTHO", size, 1000 * size
    camera = bpy.data.objects.new("Camera", data)
    camera.location = (middle[0], middle[1] + side * 10 * size, middle[2])
    camera.rotation_euler = (Vector(middle) - camera.location).to_track_quat("-Z", "Y").to_euler()
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.data.energy = 3
    sun.rotation_euler = (0.9, 0.3, 0.4 if not back else 3.5)
    for o in (camera, sun):
        bpy.context.collection.objects.link(o)
    scene = bpy.context.scene
    scene.camera, scene.world = camera, bpy.data.worlds.new("World")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.6, 0.65, 0.75, 1)
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 6, False
    scene.render.resolution_x = scene.render.resolution_y = 240


def look(file):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = file["fps"]
    bpy.ops.import_scene.gltf(filepath=file["path"])
    use_speech()
    scene.frame_set(0)
    light_and_camera(file["back"])
    states, bones = [], []
    for k, frame in enumerate(file["frames"]):
        scene.frame_set(frame)
        states.append({o.name: {b.name: b.value for b in o.data.shape_keys.key_blocks[1:]} for o in meshes()})
        bones.append({b.name: list(own_rotation(b)) for o in armatures() for b in o.pose.bones})
        scene.render.filepath = str(Path(JOB["pictures"]) / f"{file['name']}_blender_{k}.png")
        bpy.ops.render.render(write_still=True)
    return {"states": states, "bones": bones}


def armatures():
    return [o for o in bpy.context.scene.objects if o.type == "ARMATURE"]


def own_rotation(bone):
    """A posed bone's rotation in its parent's axes."""
    above = bone.parent.matrix.inverted() if bone.parent else Matrix()
    return (above @ bone.matrix).to_quaternion()


def use_speech():
    """The importer shows a file's first animation; the speech is in tracks of its name."""
    for data in [o.animation_data for o in bpy.context.scene.objects] + [
        o.data.shape_keys.animation_data for o in meshes()
    ]:
        if data is None:
            continue
        tracks = [track for track in data.nla_tracks if track.name.startswith("Speech")]
        for track in data.nla_tracks:
            track.mute = True
        if tracks:
            strip = tracks[-1].strips[0]
            data.action = strip.action
            if getattr(strip, "action_slot", None):
                data.action_slot = strip.action_slot


results = {}
for file in JOB["files"]:
    try:
        results[file["name"]] = look(file)
    except Exception as e:  # what Blender cannot do with one file is told beside the others
        results[file["name"]] = {"failed": f"{type(e).__name__}: {e}"}
OUT.write_text(json.dumps(results))
