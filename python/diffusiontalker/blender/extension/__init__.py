"""Extension for Blender: a character's face from the sound of a voice, or from a file."""

# Blender is imported when it registers the extension, so that the other parts can be used without it.


def register() -> None:
    import bpy

    from . import operators, panel

    for cls in (*panel.CLASSES, *operators.CLASSES):
        bpy.utils.register_class(cls)
    bpy.types.Scene.diffusiontalker = bpy.props.PointerProperty(type=panel.DiffusionTalkerSettings)


def unregister() -> None:
    import bpy

    from . import operators, panel

    del bpy.types.Scene.diffusiontalker
    for cls in reversed((*panel.CLASSES, *operators.CLASSES)):
        bpy.utils.unregister_class(cls)
