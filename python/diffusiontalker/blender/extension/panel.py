"""Settings of a scene, preferences, and the panel in the sidebar of the 3D view."""

import bpy

from . import sounds
from .program import Failure


class DiffusionTalkerSettings(bpy.types.PropertyGroup):
    identity: bpy.props.StringProperty(name="Identity", description="Manner of moving; empty: the bundle's own")
    emotion: bpy.props.StringProperty(name="Emotion", description="A mood, or several: happy:0.5,sad:0.5")
    options: bpy.props.StringProperty(
        name="Options", description="More options of diffusiontalker animate, such as --seed 7"
    )
    bones: bpy.props.BoolProperty(name="Bones", description="Turn bones, such as the head, too", default=True)
    fit: bpy.props.BoolProperty(name="Fit by Shape", description="Find what moves each shape key by its shape")
    mapping: bpy.props.StringProperty(
        name="Mapping", description="A list of what moves which shape key", subtype="FILE_PATH"
    )


class DiffusionTalkerPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__
    program: bpy.props.StringProperty(
        name="Program", description="The file diffusiontalker; empty: the one on PATH", subtype="FILE_PATH"
    )

    def draw(self, context):
        self.layout.prop(self, "program")


class DIFFUSIONTALKER_PT_panel(bpy.types.Panel):
    bl_label, bl_category = "DiffusionTalker", "DiffusionTalker"
    bl_space_type, bl_region_type = "VIEW_3D", "UI"

    def draw(self, context):
        layout, settings = self.layout, context.scene.diffusiontalker
        try:
            layout.label(text=sounds.chosen(context.scene).name, icon="SOUND")
        except Failure as e:
            layout.label(text=str(e), icon="INFO")
        layout.operator("diffusiontalker.speak", icon="PLAY")
        layout.operator("diffusiontalker.speak_file", icon="FILE_SOUND")
        layout.operator("diffusiontalker.import_animation", icon="IMPORT")
        column = layout.column()
        column.use_property_split = True
        for name in ("identity", "emotion", "options", "bones", "fit", "mapping"):
            column.prop(settings, name)
        layout.operator("diffusiontalker.draft_mapping", icon="TEXT")


CLASSES = (DiffusionTalkerSettings, DiffusionTalkerPreferences, DIFFUSIONTALKER_PT_panel)
